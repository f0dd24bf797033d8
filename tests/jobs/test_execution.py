"""Doing the trials of a study, in this process and in several."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import optuna
import pytest
from attrs import frozen
from nasframe.jobs.queue import ATTEMPTS

from nasframe import jobs
from nasframe.errors import RunError
from nasframe.jobs import QUEUE_FILE, Outcome, Trial
from nasframe.studies import PRELOAD
from tests.recorded_progress import Log

FOLDER = Path("study")

execute = partial(jobs.execute, preload=PRELOAD)


@frozen
class Ended:
    """The outcomes and messages of `execute`, and its folder."""

    outcomes: dict[str, Outcome]
    lines: list[str]
    folder: Path


def trials(**of: dict[str, object]) -> list[Trial]:
    return [
        Trial(name, FOLDER / "cells" / name, "toy_sums:do", arguments, done="toy_sums:done")
        for name, arguments in of.items()
    ]


def begun(name: str, folder: Path = FOLDER) -> int:
    """Return the number of times that a trial was begun."""
    return len((folder / "cells" / name / "begun.txt").read_text(encoding="utf-8").split())


def statuses(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {name: outcome.status for name, outcome in outcomes.items()}


def children() -> set[int]:
    """The processes that this one has started and not yet waited for."""
    found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {int(word) for file in found for word in file.read_text(encoding="ascii").split()}


@pytest.fixture(autouse=True)
def _nothing_outlives_the_call(home: Path) -> Iterator[None]:
    before = children()
    yield
    assert children() <= before


WANTED: dict[str, dict[str, object]] = {
    "fine": {},
    "mistake": {"raises": "mistake"},
    "bug": {"raises": "bug"},
    "exit": {"raises": "exit"},
    "killed": {"kills": 1},
    "killer": {"kills": 99},
    "last": {},
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory, toy_sums: None) -> Iterator[Ended]:
    """The outcomes of trials in which things go wrong, done by two workers; tests only read them."""
    log = Log()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("ended"))
        outcomes = execute(trials(**WANTED), FOLDER, workers=2, progress=log)
        yield Ended(outcomes, log.lines, FOLDER.absolute())


def test_trials_that_fail_do_not_stop_the_others(ended: Ended) -> None:
    failed = dict.fromkeys(("mistake", "bug", "exit", "killer"), "failed")
    assert list(ended.outcomes) == list(WANTED)
    assert statuses(ended.outcomes) == {"fine": "done", "killed": "done", "last": "done", **failed}


def test_a_trial_that_fails_says_why(ended: Ended) -> None:
    assert ended.outcomes["mistake"].error == "no sums here"
    for name, message in (("bug", "IndexError: no such sum ("), ("exit", "SystemExit: 3 (")):
        error = ended.outcomes[name].error
        assert error.startswith(message)
        assert "toy_sums.py, line " in error


def test_a_worker_that_is_killed_is_replaced_and_its_trial_done_again(ended: Ended) -> None:
    assert begun("killed", ended.folder) == 2
    assert begun("fine", ended.folder) == begun("last", ended.folder) == 1


def test_a_trial_that_kills_its_worker_each_time_has_failed(ended: Ended) -> None:
    assert begun("killer", ended.folder) == ATTEMPTS
    assert ended.outcomes["killer"].error.startswith("its process was ended by SIGKILL")
    assert "3 times" in ended.outcomes["killer"].error


def test_a_line_is_said_for_every_trial_that_ended(ended: Ended) -> None:
    for name in WANTED:
        assert sum(line.startswith(f"{name}: ") for line in ended.lines) == 1
    assert any(line.startswith("bug: failed: IndexError") for line in ended.lines)
    assert ended.lines[-1].endswith("[7 of 7]")


def test_what_trials_print_goes_to_a_file(ended: Ended) -> None:
    log = (ended.folder / "workers.log").read_text(encoding="utf-8")
    assert log.count("said by a trial") == len(WANTED) - 1  # one never came to it


def test_the_queue_is_an_optuna_study_that_tells_how_each_attempt_ended(ended: Ended) -> None:
    storage = f"sqlite:///{ended.folder / QUEUE_FILE}"
    (name,) = optuna.get_all_study_names(storage)
    trials = optuna.load_study(study_name=name, storage=storage).trials
    found = sorted((trial.user_attrs["name"], trial.state.name) for trial in trials)
    assert found == sorted(
        [
            *((name, "COMPLETE") for name in ("fine", "killed", "last")),
            *((name, "FAIL") for name in ("mistake", "bug", "exit", "killed")),
            *[("killer", "FAIL")] * ATTEMPTS,
        ]
    )
    (failed,) = [trial for trial in trials if trial.user_attrs["name"] == "mistake"]
    assert failed.user_attrs["error"] == "no sums here"


def test_in_one_process_too_trials_that_fail_do_not_stop_the_others() -> None:
    wanted = {name: arguments for name, arguments in WANTED.items() if not name.startswith("kill")}
    outcomes = execute(trials(**wanted), FOLDER)
    failed = dict.fromkeys(("mistake", "bug", "exit"), "failed")
    assert statuses(outcomes) == {"fine": "done", "last": "done", **failed}


def test_trials_that_are_done_are_skipped_and_those_that_failed_are_tried_again() -> None:
    execute(trials(a={}, b={"raises": "bug"}), FOLDER)
    log = Log()
    outcomes = execute(trials(a={}, b={}), FOLDER, progress=log)
    assert statuses(outcomes) == {"a": "done", "b": "done"}
    assert (begun("a"), begun("b")) == (1, 2)
    assert outcomes["a"].seconds is None
    assert log.lines[0] == "1 of 2 trials: done already, skipped"


def test_where_all_is_done_no_queue_is_made() -> None:
    execute(trials(a={}), FOLDER)
    (FOLDER / QUEUE_FILE).unlink()
    assert statuses(execute(trials(a={}), FOLDER, workers=2)) == {"a": "done"}
    assert not (FOLDER / QUEUE_FILE).exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_stops_the_study_and_keeps_what_is_done(workers: int) -> None:
    execute(trials(a={}), FOLDER)
    with pytest.raises(RunError, match=r"cells/b: the disk is full"):
        execute(trials(a={}, b={"raises": "full"}, c={}, d={}), FOLDER, workers=workers)
    assert (FOLDER / "cells" / "a" / "done").exists()
    assert statuses(execute(trials(a={}, b={}, c={}), FOLDER)) == {"a": "done", "b": "done", "c": "done"}


def test_a_full_disk_under_the_queue_has_a_message_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("PRAGMA max_page_count = 1")
            database.execute("CREATE TABLE cannot_fit (number)")

    monkeypatch.setattr(optuna.Study, "ask", full)
    with pytest.raises(RunError, match=rf"{QUEUE_FILE}: the disk is full"):
        execute(trials(a={}), FOLDER)


@pytest.mark.parametrize("damage", ["text", "cut short", "overwritten"])
def test_a_damaged_queue_is_moved_aside_and_made_anew(damage: str) -> None:
    execute(trials(a={}, b={"raises": "bug"}), FOLDER)
    file = FOLDER / QUEUE_FILE
    content = file.read_bytes()
    broken = {
        "text": b"not a database\n",
        "cut short": content[: len(content) // 2],
        "overwritten": content[:8192] + b"\xff" * 8192 + content[16384:],
    }[damage]
    file.write_bytes(broken)
    log = Log()
    outcomes = execute(trials(a={}, b={}), FOLDER, progress=log)
    assert statuses(outcomes) == {"a": "done", "b": "done"}
    assert begun("a") == 1
    assert any(line.startswith(f"{file}: is damaged; moved to {QUEUE_FILE}.damaged") for line in log.lines)
    assert file.with_name(f"{QUEUE_FILE}.damaged").read_bytes() == broken
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA quick_check").fetchone() == ("ok",)


def test_a_queue_that_is_damaged_while_it_is_used_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def damaged(*_: object, **__: object) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr(optuna.Study, "tell", damaged)
    with pytest.raises(RunError, match="malformed; nothing but the order of work is in this file"):
        execute(trials(a={}), FOLDER)


@contextmanager
def interrupted_when(file: Path) -> Iterator[None]:
    """Ctrl-C in this process, once a file is there."""

    def wait() -> None:
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    # a shell's background job would ignore it
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Thread(target=wait)
    thread.start()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
            pytest.fail("was not interrupted")
    finally:
        thread.join()
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_ends_all_and_the_same_call_goes_on(workers: int) -> None:
    wanted = trials(a={}, b={})
    waits = FOLDER / "cells" / "b" / "wait"
    waits.parent.mkdir(parents=True)
    waits.touch()
    with interrupted_when(waits.with_name("begun.txt")):
        execute(wanted, FOLDER, workers=workers)
    waits.unlink()
    assert statuses(execute(wanted, FOLDER)) == {"a": "done", "b": "done"}


def test_a_worker_that_gives_no_sign_of_life_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nasframe.jobs.pool.HEARTBEAT", 0.2)
    monkeypatch.setattr("nasframe.jobs.queue._GRACE", 1)
    stopped = FOLDER / "cells" / "a" / "begun.txt"
    stopped.parent.mkdir(parents=True)
    waits = stopped.with_name("wait")
    waits.touch()

    def stop() -> None:
        while not (stopped.exists() and stopped.read_text(encoding="utf-8").strip()):
            time.sleep(0.01)
        os.kill(int(stopped.read_text(encoding="utf-8")), signal.SIGSTOP)
        waits.unlink()

    thread = threading.Thread(target=stop)
    thread.start()
    outcomes = execute(trials(a={}, b={}), FOLDER, workers=2)
    thread.join()
    assert statuses(outcomes) == {"a": "done", "b": "done"}
    assert begun("a") == 2
