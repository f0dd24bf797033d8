"""Kills at random moments, by four signals in turn: what is resumed ends with the same bits as what was not.

A link of a chain is a process that is killed at a random operation on files, or in the middle of a step of a
search or a training; the next link resumes the folder that it left.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

import nasframe
from nasframe.cli import main
from nasframe.plugins import manager
from nasframe.runtime import Lock
from nasframe.signals import hear_signals
from tests.cli.file_operations import counted
from tests.comparing import without_time
from tests.toys import SUMS

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
SMALL = ["search.epochs=3", "search.min_epochs=3", "train.epochs=3", "task.examples=32", "cache=cache"]
FINALISTS = [
    *("loop.name=one_shot", "search.candidates=40", "search.finalists=4", "search.finalist_keep=2"),
    *("search.finalists_drawn=2", "space.nodes=2"),
]
COMMANDS = {
    "search": ["search", str(SUMS), *SMALL, "--out"],
    "run": ["run", str(SUMS), *SMALL, "--out"],
    "one_shot": ["run", str(SUMS), *SMALL, *FINALISTS, "--out"],
    "sweep": ["sweep", str(SUMS), "samples=1,4", *SMALL, "--workers", "1", "--out"],
}
KILLS = 7  # of each command
FARTHEST = {
    "search": 60,
    "run": 90,
    "one_shot": 400,
    "sweep": 120,
}  # operations of a link, before it is killed


def link(words: list[str], how: signal.Signals, moment: int) -> tuple[int, str]:
    """Run a command in a process that gets a signal at a moment; its status, and what it said."""
    process = os.fork()
    if process == 0:
        try:
            with Path("said.txt").open("w", encoding="utf-8") as said:
                sys.stderr = sys.stdout = said
                os.dup2(said.fileno(), 2)
                for number in SIGNALS[1:]:
                    signal.signal(number, signal.SIG_DFL)
                hear_signals("before anything was begun")
                status = _killed(words, how, moment)
                said.flush()
        except BaseException as error:
            os.write(2, f"Traceback: {error!r}".encode())
            status = 99
        os._exit(status)
    ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return ended, Path("said.txt").read_text(encoding="utf-8")


def _killed(words: list[str], how: signal.Signals, moment: int) -> int:
    task: Any = manager().module("toy_sums").Sums
    usual, made = task.loss, 0

    def at_each(*_: Any) -> None:
        nonlocal made
        made += 1
        if made == moment:
            os.kill(os.getpid(), how)

    def loss(self: Any, *arguments: Any) -> Any:
        at_each()
        return usual(self, *arguments)

    with pytest.MonkeyPatch.context() as patch, counted(at_each):
        patch.setattr(task, "loss", loss)
        return main(words)


def found(folder: Path) -> list[Any]:
    """All that was found, without times: of a study, of each of its runs."""
    results = []
    for record in sorted(folder.rglob("run.json")):
        run = nasframe.load_run(record.parent)
        results.append(
            {
                "architecture": run.architecture.fingerprint,
                "tensors": {file.name: file.read_bytes() for file in run.checkpoints.glob("*.safetensors")},
                "metrics": without_time(run.metrics),
                "test": run.test,
                "unfinished": run.record["unfinished"],
                "selection": selection_of(run),
            }
        )
    if (folder / "sweep.json").exists():
        sweep = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
        results.append([sweep["axes"], sweep["chosen"], [trial["status"] for trial in sweep["trials"]]])
    return results


def selection_of(run: nasframe.Run) -> Any:
    """The choice among candidates as it is recorded, without times; None where there was none."""
    selection = run.record.get("search", {}).get("selection")
    if selection is None:
        return None
    return {**selection, "seconds": 0, "finals": {**selection["finals"], "seconds": 0}}


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_killed_at_random_moments_and_resumed_ends_with_the_same_bits(
    command: str, toy_sums: None, home: Path
) -> None:
    assert main([*COMMANDS[command], "whole"]) == 0
    moments, signals = random.Random(f"kills {command}"), cycle(SIGNALS)
    kills = chains = 0
    while kills < KILLS:
        chains += 1
        out = Path(f"out{chains}")
        status = 1
        while status:
            how, moment = next(signals), moments.randrange(1, FARTHEST[command]) if kills < KILLS else 0
            has_begun = any((out / name).exists() for name in ("run.json", "study.json"))
            status, said = link(
                ["resume", str(out)] if has_begun else [*COMMANDS[command], str(out)], how, moment
            )
            assert "Traceback" not in said
            kills += status != 0
            if status == 0:
                break
            if how == signal.SIGKILL:
                assert status == -how
            else:
                assert status == 128 + how, said
                assert said.count("nasframe: ") == 1
            for lock in out.rglob("*.lock"):  # one that SIGKILL left
                Lock.acquire(lock).release()
        assert found(out) == found(Path("whole"))
        assert main(["resume", str(out)]) == 0
