"""Folders in the making that outlive a kill, for those who go on with them."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from nasframe.runtime import unfinished_folder


def in_the_making(folder: Path, content: str) -> int:
    """A process that has written a file and is not done."""
    ready, say = os.pipe()
    process = os.fork()
    if process == 0:
        with unfinished_folder(folder, resumes=True) as out:
            (out / "half").write_text(content)
            os.write(say, b"!")
            signal.pause()
        os._exit(1)
    assert os.read(ready, 1) == b"!"
    os.close(ready)
    os.close(say)
    return process


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def left_by_a_kill(folder: Path, content: str) -> None:
    kill(in_the_making(folder, content))


def left_by_an_error(folder: Path, content: str) -> None:
    with contextlib.suppress(KeyboardInterrupt), unfinished_folder(folder, resumes=True) as out:
        (out / "half").write_text(content)
        raise KeyboardInterrupt


@pytest.mark.parametrize("leave", [left_by_a_kill, left_by_an_error])
def test_what_was_left_is_gone_on_with_until_it_is_done(
    tmp_path: Path, leave: Callable[[Path, str], None]
) -> None:
    leave(tmp_path / "made", "so far")
    with pytest.raises(ZeroDivisionError), unfinished_folder(tmp_path / "made", resumes=True) as out:
        raise ZeroDivisionError
    with unfinished_folder(tmp_path / "made", resumes=True) as out:
        assert (out / "half").read_text() == "so far"
        out.rename(tmp_path / "made")
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
    with unfinished_folder(tmp_path / "made", resumes=True) as out:
        assert not list(out.iterdir())


def test_who_does_not_go_on_starts_in_an_empty_folder_and_removes_what_was_left(tmp_path: Path) -> None:
    left_by_a_kill(tmp_path / "made", "so far")
    with unfinished_folder(tmp_path / "made") as out:
        assert not list(out.iterdir())
    assert not list(tmp_path.iterdir())


def test_an_error_leaves_nothing_where_nothing_was_made(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), unfinished_folder(tmp_path / "made", resumes=True):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


def test_the_fullest_of_those_that_were_left_is_taken_and_that_of_a_living_process_stays(
    tmp_path: Path,
) -> None:
    processes = [
        in_the_making(tmp_path / "made", content) for content in ("a", "a long one", "longest of all")
    ]
    try:
        kill(processes[0])
        kill(processes[1])
        with unfinished_folder(tmp_path / "made", resumes=True) as out:
            assert (out / "half").read_text() == "a long one"
        (living,) = tmp_path.glob(".*.partial/made/half")
        assert living.read_text() == "longest of all"
    finally:
        kill(processes[2])


def test_another_folder_is_not_gone_on_with(tmp_path: Path) -> None:
    left_by_a_kill(tmp_path / "made", "so far")
    with unfinished_folder(tmp_path / "other", resumes=True) as out:
        assert not list(out.iterdir())
