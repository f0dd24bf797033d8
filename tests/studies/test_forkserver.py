"""The process that workers are forked from."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nasframe.cli import main
from nasframe.errors import RunError
from nasframe.studies import forkserver
from nasframe.studies.cells import Cell
from nasframe.studies.execution import execute
from nasframe.studies.forkserver import server_ahead

from .conftest import EXPERIMENT

FOLDER = Path("study")


def cells(*names: str) -> list[Cell]:
    return [Cell(name, FOLDER / "cells" / name, "toy_sums:do", {}) for name in names]


def children(of: int | str = "self") -> list[int]:
    files = Path(f"/proc/{of}/task").glob("*/children")
    return [int(word) for file in files for word in file.read_text(encoding="ascii").split()]


def waiting(name: str) -> Path:
    """Let a cell wait; the file that it writes its process's number into."""
    folder = FOLDER / "cells" / name
    folder.mkdir(parents=True)
    (folder / "wait").touch()
    return folder / "begun.txt"


def when_begun(file: Path, act: Callable[[int], None]) -> threading.Thread:
    """Do something to the process of a cell, once it has begun."""

    def wait() -> None:
        deadline = time.monotonic() + 60
        while not (file.exists() and file.read_text(encoding="utf-8").strip()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        act(int(file.read_text(encoding="utf-8")))

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])


@pytest.mark.usefixtures("home")
def test_workers_are_forked_from_the_server_that_was_started_ahead() -> None:
    found: list[int] = []

    def note(process: int) -> None:
        found.append(parent(process))
        (FOLDER / "cells" / "a" / "wait").unlink()

    before = children()
    with server_ahead(2):
        (server,) = set(children()) - set(before)
        thread = when_begun(waiting("a"), note)
        outcomes = execute(cells("a", "b"), FOLDER, workers=2)
        thread.join()
        assert children() == before
    assert {outcome.status for outcome in outcomes.values()} == {"done"}
    assert found == [server]


def test_a_server_that_nobody_took_ends_with_the_block() -> None:
    before = children()
    with server_ahead(2):
        with server_ahead(2):  # one is enough
            assert len(children()) == len(before) + 1
        assert len(children()) == len(before) + 1
    assert children() == before


def test_one_worker_needs_no_server() -> None:
    before = children()
    with server_ahead(1):
        assert children() == before


@pytest.mark.usefixtures("home")
def test_a_server_that_is_killed_ends_the_study_with_a_message_and_no_process_is_left() -> None:
    numbers: list[int] = []

    def kill(process: int) -> None:
        numbers.append(process)
        os.kill(parent(process), signal.SIGKILL)
        os.kill(process, signal.SIGKILL)

    other = waiting("b")
    thread = when_begun(waiting("a"), kill)
    with pytest.raises(RunError, match="no worker can be started: what starts them has ended"):
        execute(cells("a", "b"), FOLDER, workers=2)
    thread.join()
    numbers += map(int, other.read_text(encoding="utf-8").split() if other.exists() else [])
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{number}").exists() for number in numbers):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert numbers


@pytest.mark.usefixtures("home")
def test_where_the_server_cannot_import_the_message_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "first" / "torch"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('no such library')\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    with pytest.raises(RunError, match=r"no worker can be started: ImportError: no such library"):
        execute(cells("a", "b"), FOLDER, workers=2)


@pytest.mark.parametrize(
    ("words", "started"),
    [
        (["sweep", str(EXPERIMENT), "temprature=1,2", "--workers", "2"], 1),
        (["sweep", str(EXPERIMENT), "temprature=1,2", "--workers=2"], 1),
        (["compare", "no.toml", "--workers", "3"], 1),
        (["sweep", str(EXPERIMENT), "temprature=1,2", "--workers", "1"], 0),
        (["sweep", str(EXPERIMENT), "--workers", "many"], 0),
        (["sweep", "--help"], 0),
        (["spaces"], 0),
    ],
)
@pytest.mark.usefixtures("home")
def test_a_command_starts_it_at_once_where_it_will_want_workers(
    words: list[str], started: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[forkserver.ForkServer] = []
    start = forkserver.ForkServer.__init__

    def noted(server: forkserver.ForkServer) -> None:
        start(server)
        made.append(server)

    monkeypatch.setattr(forkserver.ForkServer, "__init__", noted)
    before = children()
    main(words)
    assert len(made) == started
    assert children() == before
