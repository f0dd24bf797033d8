"""The process that workers are forked from."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from nasframe.jobs.forkserver import ForkServer, take_server

from nasframe import jobs
from nasframe.cli import main
from nasframe.errors import RunError
from nasframe.jobs import LOG_FILE, Outcome, Trial, forkserver, started_server
from nasframe.studies import PRELOAD
from tests.toys import SUMS as EXPERIMENT

FOLDER = Path("study")

execute = partial(jobs.execute, preload=PRELOAD)


def trials(*names: str, **more: dict[str, object]) -> list[Trial]:
    given = {**{name: {} for name in names}, **more}
    return [Trial(name, FOLDER / "cells" / name, "toy_sums:do", of) for name, of in given.items()]


def statuses(outcomes: dict[str, Outcome]) -> set[str]:
    return {outcome.status for outcome in outcomes.values()}


def children() -> list[int]:
    files = Path("/proc/self/task").glob("*/children")
    return [int(word) for file in files for word in file.read_text(encoding="ascii").split()]


def parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def waiting(name: str) -> Path:
    """Let a trial wait; the file that it writes its process's number into."""
    folder = FOLDER / "cells" / name
    folder.mkdir(parents=True)
    (folder / "wait").touch()
    return folder / "begun.txt"


@contextmanager
def when_begun(file: Path, act: Callable[[int], None]) -> Iterator[None]:
    """Do something to the process of a trial that waits, once it has begun; then it waits no longer."""
    wrong: list[BaseException] = []

    def wait() -> None:
        try:
            until(lambda: file.exists() and file.read_text(encoding="utf-8").strip())
            act(int(file.read_text(encoding="utf-8")))
        except BaseException as error:
            wrong.append(error)
        finally:
            file.with_name("wait").unlink()

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        if wrong:
            raise wrong[0]


@pytest.fixture
def server() -> Iterator[ForkServer]:
    made = ForkServer(PRELOAD)
    yield made
    made.close()


def number(connection: socket.socket) -> int:
    """The number of a worker, which its connection says."""
    with connection.makefile("rb") as file:
        line = file.readline()
    assert line.startswith(b'{"process": ')
    return int(line.partition(b": ")[2].rstrip(b"}\n"))


# -- what it is for ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("home")
def test_workers_are_forked_from_the_server_that_was_started_ahead() -> None:
    found: list[int] = []
    before = children()
    with started_server(2):
        (number,) = set(children()) - set(before)
        with when_begun(waiting("a"), lambda process: found.append(parent(process))):
            outcomes = execute(trials("a", "b"), FOLDER, workers=2)
        assert children() == before
    assert statuses(outcomes) == {"done"}
    assert found == [number]


def test_a_server_that_nobody_took_ends_with_the_block() -> None:
    before = children()
    with started_server(2):
        with started_server(2):  # one is enough
            assert len(children()) == len(before) + 1
        assert len(children()) == len(before) + 1
    assert children() == before


def test_one_worker_needs_no_server() -> None:
    before = children()
    with started_server(1):
        assert children() == before


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("names", [("a",), ()])
def test_a_server_is_ended_as_soon_as_it_is_not_needed(names: tuple[str, ...]) -> None:
    before = children()
    with started_server(2):
        execute(trials(*names), FOLDER, workers=2)
        assert children() == before


@pytest.mark.usefixtures("home")
def test_a_server_that_has_died_before_it_was_needed_is_replaced() -> None:
    before = children()
    with started_server(2):
        (number,) = set(children()) - set(before)
        os.kill(number, signal.SIGKILL)
        assert statuses(execute(trials("a", "b"), FOLDER, workers=2)) == {"done"}


@pytest.mark.usefixtures("home")
def test_a_study_that_goes_well_leaves_no_log() -> None:
    for turn in range(6):
        folder = Path(f"turn-{turn}")
        quiet = [Trial(name, folder / name, "toy_sums:nothing", {}) for name in "abcd"]
        assert statuses(execute(quiet, folder, workers=4)) == {"done"}
        assert not (folder / LOG_FILE).exists(), (folder / LOG_FILE).read_text(encoding="utf-8")


# -- what ends --------------------------------------------------------------------------------------------


def test_it_tells_how_each_worker_ended_in_whatever_order_it_is_asked(server: ForkServer) -> None:
    with tempfile.TemporaryFile() as log:
        connections = [server.fork(log.fileno(), None) for _ in range(3)]
        numbers = [number(connection) for connection in connections]
        os.kill(numbers[0], signal.SIGKILL)
        os.kill(numbers[1], signal.SIGTERM)
        server.kill(numbers[2])
        signals = [signal.SIGKILL, signal.SIGTERM, signal.SIGKILL]
        until(lambda: server.read() and all(map(server.has_ended, numbers)))
        found = {process: server.status(process) for process in reversed(numbers)}
        assert not any(map(server.has_ended, numbers))
    # one that is told to end may do so in good order
    assert [found[numbers[0]], found[numbers[2]]] == [-signals[0], -signals[2]]
    assert found[numbers[1]] in (0, -signal.SIGTERM)
    assert server.death() == ""
    for connection in connections:
        connection.close()


def test_it_kills_nothing_but_its_workers(server: ForkServer) -> None:
    with tempfile.TemporaryFile() as log, server.fork(log.fileno(), None) as connection:
        process = number(connection)
        server.kill(os.getpid())
        server.kill(process)
        assert server.status(process) == -signal.SIGKILL
        server.kill(process)  # no longer one of them
    assert server.death() == ""


@pytest.mark.usefixtures("home")
def test_a_worker_that_dies_before_it_has_done_anything_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    fork, killed = ForkServer.fork, []

    def fork_and_kill(server: ForkServer, log: int, lock: int | None) -> socket.socket:
        connection = fork(server, log, lock)
        if not killed:
            killed.append(number(connection))
            os.kill(killed[0], signal.SIGKILL)
        return connection

    monkeypatch.setattr(ForkServer, "fork", fork_and_kill)
    assert statuses(execute(trials("a", "b"), FOLDER, workers=2)) == {"done"}
    assert killed


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("how", ["exec", "fork"])
def test_a_worker_that_dies_is_noticed_although_what_it_started_lives_on(how: str) -> None:
    outcomes = execute(trials("b", a={"starts": how, "kills": 1}), FOLDER, workers=2)
    assert statuses(outcomes) == {"done"}
    started = (FOLDER / "cells/a/started.txt").read_text(encoding="utf-8").split()
    assert len(started) == 2
    for process in map(int, started):
        os.kill(process, signal.SIGKILL)  # else the study has waited for it


@pytest.mark.usefixtures("home")
def test_a_server_that_is_killed_ends_the_study_with_a_message_and_no_process_is_left() -> None:
    numbers: list[int] = []
    other = waiting("b")

    def kill(process: int) -> None:
        numbers.append(process)
        os.kill(parent(process), signal.SIGKILL)
        os.kill(process, signal.SIGKILL)

    wanted = (
        r"no worker can be started: the process that forks them was ended by SIGKILL "
        r"\(is there enough memory\?\)"
    )
    with when_begun(waiting("a"), kill), pytest.raises(RunError, match=wanted):
        execute(trials("a", "b"), FOLDER, workers=2)
    numbers += map(int, other.read_text(encoding="utf-8").split() if other.exists() else [])
    until(lambda: not any(Path(f"/proc/{number}").exists() for number in numbers))
    assert numbers


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("raise ImportError('no such library')", "ImportError: no such library"),
        ("raise SystemExit('not on this machine')", "ended with status 1: not on this machine"),
        ("import os; os.abort()", "the process that forks them was ended by SIGABRT"),
    ],
)
def test_where_the_server_cannot_import_the_message_says_why(
    line: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "first" / "torch"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text(line, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    with pytest.raises(RunError, match=f"no worker can be started: .*{message}"):
        execute(trials("a", "b"), FOLDER, workers=2)


# -- the command ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "started"),
    [
        (["sweep", str(EXPERIMENT), "temprature=1,2", "--workers", "2"], 1),
        (["sweep", str(EXPERIMENT), "temprature=1,2", "--workers=2"], 1),
        (["sweep", str(EXPERIMENT), "temprature=1,2"], 1),
        (["compare", "no.toml", "--workers", "3"], 1),
        (["sweep", str(EXPERIMENT), "temprature=1,2", "--workers", "1"], 0),
        (["sweep", str(EXPERIMENT), "--workers", "many"], 0),
        (["sweep", "--help"], 0),
        (["spaces"], 0),
        ([], 0),
    ],
)
@pytest.mark.usefixtures("home")
def test_a_command_starts_it_at_once_where_it_will_want_workers(
    words: list[str], started: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Sequence[str]] = []
    start = ForkServer.__init__

    def noted(server: ForkServer, preload: Sequence[str] = ()) -> None:
        start(server, preload)
        made.append(preload)

    monkeypatch.setattr(forkserver.ForkServer, "__init__", noted)
    monkeypatch.setattr("nasframe.cli.cores", lambda: 2)
    before = children()
    main(words)
    assert made == [PRELOAD] * started
    assert children() == before


def test_ctrl_c_while_a_plugin_is_loaded_still_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    words = ["sweep", "some.toml", "samples=1,2", "--workers", "1"]
    assert main(["--plugin", str(slow), *words]) == 130
    assert shlex.split(capsys.readouterr().err.splitlines()[-1])[1:] == ["--plugin", str(slow), *words]


def test_taking_one_that_is_there_leaves_none() -> None:
    with started_server(2):
        first, second = take_server(), take_server()
        assert first is not second
        first.close()
        second.close()
