"""Doing the trials of a study, in this process and in several."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import torch
from attrs import frozen

from nasframe import jobs
from nasframe.errors import ConfigurationError, RunError
from nasframe.jobs import LOG_FILE, Outcome, Trial, start_server, worker_count
from nasframe.jobs.executor import ATTEMPTS
from nasframe.runtime import Lock, cores
from nasframe.studies import PRELOAD
from tests.recorded_progress import Log

FOLDER = Path("study")

execute = partial(jobs.execute, preload=PRELOAD)

pytestmark = pytest.mark.usefixtures("home", "no_worker_is_left")


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


def toys(work: str, **of: dict[str, object]) -> list[Trial]:
    return [Trial(name, FOLDER / "cells" / name, f"toy_jobs:{work}", item) for name, item in of.items()]


def test_fewer_than_one_worker_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="workers: expected 1 or more, found 0"):
        execute(trials(a={}), FOLDER, workers=0)
    assert not FOLDER.exists()


def begun(name: str, folder: Path = FOLDER) -> int:
    """Return the number of times that a trial was begun."""
    return len((folder / "cells" / name / "begun.txt").read_text(encoding="utf-8").split())


def described(name: str) -> dict[str, object]:
    """Return the surroundings that a trial found."""
    found: dict[str, object] = json.loads((FOLDER / "cells" / name / "found.json").read_text("utf-8"))
    return found


def statuses(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {name: outcome.status for name, outcome in outcomes.items()}


def begun_file(name: str) -> str:
    return str((FOLDER / "cells" / name / "begun.txt").absolute())


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


# -- one trial after the other ----------------------------------------------------------------------------


def test_trials_that_fail_do_not_stop_the_others(ended: Ended) -> None:
    failed = dict.fromkeys(("mistake", "bug", "exit", "killer"), "failed")
    assert list(ended.outcomes) == list(WANTED)
    assert statuses(ended.outcomes) == {"fine": "done", "killed": "done", "last": "done", **failed}


def test_a_trial_that_fails_says_why(ended: Ended) -> None:
    place = r"\(plugin 'toy_sums', .*toy_sums.py, line \d+\)"
    assert re.fullmatch(rf"no sums here {place}", ended.outcomes["mistake"].error)
    for name, message in (("bug", "IndexError: no such sum ("), ("exit", "SystemExit: 3 (")):
        error = ended.outcomes[name].error
        assert error.startswith(message)
        assert "toy_sums.py, line " in error


def test_a_worker_that_died_is_replaced_and_its_trial_is_tried_again(ended: Ended) -> None:
    assert begun("killed", ended.folder) == 2
    assert begun("fine", ended.folder) == begun("last", ended.folder) == 1


def test_a_trial_is_tried_three_times_at_most_and_its_failure_names_the_log(ended: Ended) -> None:
    assert begun("killer", ended.folder) == ATTEMPTS == 3
    assert ended.outcomes["killer"].error == (
        "its process was ended by SIGKILL (is there enough memory?); study/workers.log holds its output; "
        "it was tried 3 times"
    )
    assert (ended.folder / LOG_FILE).exists()


def test_a_line_is_said_for_every_trial_that_ended(ended: Ended) -> None:
    for name in WANTED:
        assert sum(line.startswith(f"{name}: ") for line in ended.lines) == 1
    assert any(line.startswith("bug: failed: IndexError") for line in ended.lines)
    assert ended.lines[-1].endswith("[7 of 7]")


def test_what_trials_print_goes_to_a_file(ended: Ended) -> None:
    log = (ended.folder / "workers.log").read_text(encoding="utf-8")
    assert log.count("said by a trial") == len(WANTED) - 1  # one never came to it


def test_in_one_process_too_trials_that_fail_do_not_stop_the_others() -> None:
    wanted = {name: arguments for name, arguments in WANTED.items() if not name.startswith("kill")}
    outcomes = execute(trials(**wanted), FOLDER)
    failed = dict.fromkeys(("mistake", "bug", "exit"), "failed")
    assert statuses(outcomes) == {"fine": "done", "last": "done", **failed}
    assert (FOLDER / "cells/fine/begun.txt").read_text(encoding="utf-8") == f"{os.getpid()}\n"


def test_trials_that_are_done_are_skipped_and_those_that_failed_are_tried_again() -> None:
    execute(trials(a={}, b={"raises": "bug"}), FOLDER)
    log = Log()
    outcomes = execute(trials(a={}, b={}), FOLDER, progress=log)
    assert statuses(outcomes) == {"a": "done", "b": "done"}
    assert (begun("a"), begun("b")) == (1, 2)
    assert outcomes["a"].seconds is None
    assert log.lines[0] == "1 of 2 trials: done already, skipped"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_stops_the_study_and_keeps_what_is_done(workers: int) -> None:
    execute(trials(a={}), FOLDER)
    with pytest.raises(RunError, match=r"cells/b: the disk is full"):
        execute(trials(a={}, b={"raises": "full"}, c={}, d={}), FOLDER, workers=workers)
    assert (FOLDER / "cells" / "a" / "done").exists()
    assert statuses(execute(trials(a={}, b={}, c={}), FOLDER)) == {"a": "done", "b": "done", "c": "done"}


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


# -- workers ----------------------------------------------------------------------------------------------


def test_workers_are_forked_from_one_server_that_was_started_before_them() -> None:
    start_server(PRELOAD)
    for turn in range(2):
        execute(toys("describe", **{f"a{turn}": {}, f"b{turn}": {}}), FOLDER, workers=2)
    found = [described(name) for name in ("a0", "b0", "a1", "b1")]
    assert len({item["parent"] for item in found}) == 1
    assert {item["method"] for item in found} == {"forkserver"}
    assert {item["threads"] for item in found} == {1}


def test_a_study_that_goes_well_leaves_no_log() -> None:
    for turn in range(3):
        folder = Path(f"turn-{turn}")
        quiet = [Trial(name, folder / name, "toy_sums:nothing", {}) for name in "abcd"]
        assert set(statuses(execute(quiet, folder, workers=4)).values()) == {"done"}
        assert not (folder / LOG_FILE).exists(), (folder / LOG_FILE).read_text(encoding="utf-8")


def test_what_a_worker_prints_is_on_disk_at_once() -> None:
    execute(toys("write", a={}, b={"file": "."}), FOLDER, workers=2)
    log = (FOLDER / LOG_FILE).read_text(encoding="utf-8")
    for text in ("from Python", "to stderr", "from C", "from a program"):
        assert text in log, log


@pytest.mark.parametrize("how", ["exec", "fork"])
def test_a_worker_that_dies_is_noticed_although_what_it_started_lives_on(how: str) -> None:
    outcomes = execute(trials(b={}, a={"starts": how, "kills": 1}), FOLDER, workers=2)
    assert set(statuses(outcomes).values()) == {"done"}
    started = (FOLDER / "cells/a/started.txt").read_text(encoding="utf-8").split()
    assert len(started) == 2
    for process in map(int, started):
        os.kill(process, signal.SIGKILL)  # else the study has waited for it


def test_where_there_is_no_fork_server_workers_are_spawned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    start_server(PRELOAD)
    outcomes = execute([*toys("describe", a={}), *trials(b={"kills": 1}, c={})], FOLDER, workers=2)
    assert set(statuses(outcomes).values()) == {"done"}
    assert begun("b") == 2
    assert described("a")["method"] == "spawn"
    assert described("a")["parent"] == os.getpid()


def test_a_worker_has_the_environment_of_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    start_server(PRELOAD)
    monkeypatch.setenv("OF_THE_TEST", "set after the server was started")
    execute(toys("describe", a={}, b={}), FOLDER, workers=2)
    found = described("a")
    assert found["variable"] == "set after the server was started"
    assert found["safe"] == "None"  # a program of a plugin imports as it would from the command
    assert "PYTHONSAFEPATH" not in os.environ


def test_workers_hold_the_lock_of_the_folder_as_long_as_they_live() -> None:
    lock = Lock.acquire(FOLDER / "study.lock")
    execute(toys("describe", a={}, b={}), FOLDER, workers=2, lock=lock.descriptor)
    descriptors = described("a")["descriptors"]
    assert isinstance(descriptors, list)
    assert str((FOLDER / "study.lock").resolve()) in descriptors
    lock.release()


def test_a_fork_server_that_is_killed_is_started_again_and_the_trials_are_done() -> None:
    killed: list[int] = []

    def kill() -> None:
        while not Path(begun_file("a")).exists():
            time.sleep(0.01)
        time.sleep(0.1)
        (number,) = map(int, Path(begun_file("a")).read_text(encoding="utf-8").split())
        stat = Path(f"/proc/{number}/stat").read_text(encoding="ascii")
        killed.append(int(stat.rpartition(")")[2].split()[1]))
        os.kill(killed[0], signal.SIGKILL)
        while Path(f"/proc/{number}").exists():
            time.sleep(0.01)
        Path("go").touch()

    thread = threading.Thread(target=kill)
    thread.start()
    go = str(Path("go").absolute())
    outcomes = execute(toys("wait", a={"file": go}, b={"file": go}), FOLDER, workers=2)
    thread.join()
    assert killed
    assert statuses(outcomes) == {"a": "done", "b": "done"}
    assert begun("a") == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("raise ImportError('no such library')", "ImportError: no such library"),
        ("raise SystemExit('not on this machine')", "SystemExit: not on this machine"),
        ("import os; os.abort()", "it was ended by SIGABRT"),
    ],
)
def test_where_no_worker_can_be_started_the_message_says_why(
    line: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])  # none that has torch
    broken = tmp_path / "first" / "torch"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text(line, encoding="utf-8")
    monkeypatch.syspath_prepend(broken.parent)
    with pytest.raises(RunError, match=f"no worker can be started: {message}"):
        execute(trials(a={}, b={}), FOLDER, workers=2)


# -- patience ---------------------------------------------------------------------------------------------


def test_a_stopped_worker_is_ended_for_its_silence_and_its_trial_is_tried_again() -> None:
    outcomes = execute(toys("stop_once", a={}, b={}), FOLDER, workers=2, patience=5.0)
    assert statuses(outcomes) == {"a": "done", "b": "done"}
    assert begun("a") == begun("b") == 2


def test_a_trial_that_is_silent_three_times_has_failed() -> None:
    outcomes = execute(toys("stop_once", a={"times": 9}, b={"times": 0}), FOLDER, workers=2, patience=2.0)
    assert outcomes["a"].error == "it said nothing for 2 seconds; it was tried 3 times"
    assert outcomes["b"].status == "done"


def test_the_failure_of_a_silent_trial_names_the_log() -> None:
    outcomes = execute(toys("print_and_stop", a={}), FOLDER, workers=2, patience=2.0)
    log = FOLDER / LOG_FILE
    assert (
        outcomes["a"].error == f"it said nothing for 2 seconds; {log} holds its output; it was tried 3 times"
    )


@pytest.mark.parametrize("how", ["say", "task", "track"])
def test_a_slow_trial_that_speaks_is_left_alone(how: str) -> None:
    patience = 4.0
    steps = {"how": how, "steps": int(2 * patience / 0.1)}  # twice as long as it may be silent
    wanted = toys("speak", a=steps, b={"how": how, "steps": 0})
    outcomes = execute(wanted, FOLDER, workers=2, patience=patience)
    assert statuses(outcomes) == {"a": "done", "b": "done"}
    assert begun("a") == 1


# -- devices ----------------------------------------------------------------------------------------------


def devices_of(names: str, device: str | None, workers: int = 2) -> list[object]:
    """The GPUs that trials see which are all under way at the same time."""
    waiting = {name: {"file": begun_file(names[place - 1])} for place, name in enumerate(names)}
    outcomes = execute(toys("describe", **waiting), FOLDER, workers=workers, device=device)
    assert set(statuses(outcomes).values()) == {"done"}
    return [described(name)["visible"] for name in names]


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_where_there_are_several_gpus_each_worker_sees_its_own(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert sorted(map(str, devices_of("abcd", device, workers=4))) == ["0", "0", "1", "1"]


def test_of_the_gpus_that_the_command_sees_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,GPU-7")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert sorted(map(str, devices_of("ab", "auto"))) == ["4", "GPU-7"]


@pytest.mark.parametrize("device", ["cuda:1", "cpu", None])
def test_a_device_that_the_user_named_is_not_shared_out(
    device: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert devices_of("ab", device) == [None, None]


def test_a_worker_that_is_replaced_has_the_device_of_the_dead_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    waits = toys("describe", a={"file": begun_file("last")})
    execute([*waits, *trials(b={"kills": 1}), *toys("describe", last={})], FOLDER, workers=2, device="auto")
    assert {described("a")["visible"], described("last")["visible"]} == {"0", "1"}


@pytest.mark.parametrize(
    ("device", "count"), [("cpu", cores()), ("auto", 3), ("cuda", 3), ("cuda:0", 1), ("cuda:2", 1)]
)
def test_by_default_there_is_a_worker_for_each_core_or_for_each_gpu(
    device: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert worker_count(None, device) == count
    assert worker_count(5, device) == 5


def test_without_a_gpu_auto_means_a_worker_for_each_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert worker_count(None, "auto") == cores()


def test_the_last_trial_of_several_workers_is_done_by_a_worker_too() -> None:
    assert statuses(execute(toys("write", a={}), FOLDER, workers=2)) == {"a": "done"}
    assert begun("a") == 2  # the first time it killed its process
