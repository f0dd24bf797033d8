"""A sweep whose processes are killed in the middle of a trial ends with the same bits as one that is not."""

from __future__ import annotations

import json
import os
import shlex
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import nasframe
from nasframe.cli import main
from tests.conftest import Forked
from tests.toys import SUMS as EXPERIMENT

OUT = Path("out")
AXES = ["samples=1,4"]
OPTIONS = ["task.pause=0.05", "search.epochs=4", "search.min_epochs=4", "cache=cache"]
COMMAND = ["sweep", str(EXPERIMENT), *AXES, *OPTIONS, "--workers", "2", "--out", str(OUT)]


def found(out: Path) -> dict[str, Any]:
    """All that a sweep found, down to the bits of its networks, without times."""
    trials = {}
    for trial in json.loads((out / "sweep.json").read_text(encoding="utf-8"))["trials"]:
        run = nasframe.load_run(out / trial["folder"])
        tensors = sorted(run.checkpoints.glob("*-*.safetensors"))
        trials[trial["name"]] = {
            "status": trial["status"],
            "test": run.test,
            "architecture": run.architecture.fingerprint,
            "losses": [(line["stage"], line["epoch"], line.get("loss")) for line in run.metrics],
            "network": [file.read_bytes() for file in tensors if file.name.startswith("network")],
        }
    return trials


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, toy_sums: None) -> dict[str, Any]:
    """The results of the same sweep in one process that nobody kills."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("undisturbed"))
        nasframe.sweep(EXPERIMENT, AXES, OPTIONS, out=OUT)
        return found(OUT)


def second_epoch() -> Path:
    """Wait until a trial has ended its second epoch, so that its first is kept; its folder."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for file in OUT.glob("trials/*/metrics.jsonl"):
            if file.read_text(encoding="utf-8").count("\n") >= 2:
                return file.parent
        time.sleep(0.01)
    raise AssertionError("no trial was begun")


def workers() -> list[int]:
    """The processes at work in the trials."""
    return [int(file.read_text(encoding="ascii")) for file in OUT.glob("trials/*/run.lock")]


def lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def all_end(processes: list[int]) -> bool:
    deadline = time.monotonic() + 30
    while any(map(lives, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(lives, processes))


def test_a_worker_that_is_killed_in_the_middle_of_a_trial_loses_nothing(
    home: Path, undisturbed: dict[str, Any]
) -> None:
    kept: list[tuple[Path, str]] = []

    def kill() -> None:
        folder = second_epoch()
        kept.append((folder, (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[0]))
        os.kill(int((folder / "run.lock").read_text(encoding="ascii")), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    nasframe.sweep(EXPERIMENT, AXES, OPTIONS, out=OUT, workers=2)
    thread.join()
    assert found(OUT) == undisturbed
    ((folder, line),) = kept
    assert (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[0] == line  # not begun anew


def test_a_command_that_is_killed_goes_on_when_it_is_given_again(
    fork: Forked, undisturbed: dict[str, Any]
) -> None:
    command = fork(*COMMAND)
    second_epoch()
    at_work = workers()
    command.kill()
    command.wait()
    again = fork(*COMMAND)  # at once: what is left of the first one is waited for
    _, said = again.communicate()
    assert again.returncode == 0, said
    assert at_work
    assert not any(map(lives, at_work))
    assert found(OUT) == undisturbed


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_interrupted_leaves_its_work_and_no_process(
    how: signal.Signals, fork: Forked, undisturbed: dict[str, Any]
) -> None:
    command = fork(*COMMAND)
    second_epoch()
    at_work = workers()
    if how == signal.SIGTERM:
        command.send_signal(how)
    else:
        os.killpg(command.pid, how)  # as a terminal does, to every process
    _, said = command.communicate()
    assert at_work
    assert all_end(at_work)
    assert command.returncode == 128 + how
    *_, message, again = said.splitlines()
    ended = "interrupted" if how == signal.SIGINT else f"ended by {how.name}"
    assert message.startswith(f"nasframe: {ended}; finished stages and trials are kept.")
    assert "Traceback" not in said
    words = shlex.split(again)
    assert words[-2:] == ["resume", "out"]
    assert main(words[-2:]) == 0
    assert found(OUT) == undisturbed
