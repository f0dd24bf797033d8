"""A folder is whole or absent, and nothing that must stay is replaced."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest

from nasframe.runtime import whole_folder


class KeptError(Exception):
    pass


def refuse(there: Path) -> None:
    if (there / "theirs").exists():
        raise KeptError(there.name)


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_folder_is_there_when_the_block_has_ended_and_replaces_what_was(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    for number in range(2):
        with whole_folder(out, refuse) as folder:
            (folder / f"{number}.txt").touch()
            assert not (out / f"{number}.txt").exists()
        assert everything(tmp_path) == ["deep", "deep/out", f"deep/out/{number}.txt"]
    assert out.stat().st_mode == out.parent.stat().st_mode


def test_a_block_that_fails_leaves_what_was(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()

    def fail(folder: Path) -> None:
        (folder / "new").touch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "out", refuse) as folder:
        fail(folder)
    assert everything(tmp_path) == ["out", "out/old"]


def test_a_file_that_comes_meanwhile_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def other() -> None:
        out.mkdir()
        (out / "theirs").touch()

    with pytest.raises(KeptError, match="out"), whole_folder(out, refuse):
        other()
    assert everything(tmp_path) == ["out", "out/theirs"]


def test_a_file_that_comes_in_the_last_moment_is_put_back(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    asked = []

    def late(there: Path) -> None:
        asked.append(there)
        refuse(there)
        if len(asked) == 2:  # after the second answer, and before the renaming
            (out / "theirs").touch()

    with pytest.raises(KeptError), whole_folder(out, late):
        pass
    assert everything(tmp_path) == ["out", "out/theirs"]


def test_an_error_names_the_file_as_it_was_to_be_called_and_no_folder_of_ours(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(FileNotFoundError) as caught, whole_folder(out, refuse) as folder:
        (folder / "deep" / "weights").write_bytes(b"")
    assert caught.value.filename == str(out / "deep" / "weights")
    assert caught.value.errno == errno.ENOENT
    assert everything(tmp_path) == []


def test_an_error_about_another_file_stays_as_it_is(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    with pytest.raises(FileNotFoundError) as caught, whole_folder(tmp_path / "out", refuse):
        elsewhere.read_bytes()
    assert caught.value.filename == str(elsewhere)


@pytest.mark.skipif(sys.platform != "linux", reason="has no /proc")
def test_a_place_where_no_folder_can_be_made_is_named_as_it_was_given() -> None:
    with pytest.raises(OSError, match="ex") as caught, whole_folder(Path("/proc/ex"), refuse):
        pass
    assert caught.value.filename == "/proc/ex"
