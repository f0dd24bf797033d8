"""Stages: run once for the same inputs, whole or absent."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from nasframe import Stage, StageContext
from nasframe.progress import Progress
from nasframe.stages import run_stages

CPU = torch.device("cpu")


class Log(Progress):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, message: str) -> None:
        self.lines.append(message)


def stages(calls: list[str], first: int = 1, second: int = 1) -> list[Stage]:
    def write(context: StageContext) -> None:
        calls.append("write")
        (context.out / "number").write_text(str(first))

    def double(context: StageContext) -> None:
        calls.append("double")
        number = int((context.earlier["write"] / "number").read_text())
        (context.out / "number").write_text(str(2 * number))

    return [
        Stage("write", {"first": first}, write),
        Stage("double", {"second": second}, double, after=("write",)),
    ]


def test_stages_run_in_order_and_see_earlier_folders(tmp_path: Path) -> None:
    calls: list[str] = []
    results = run_stages(stages(calls, first=21), tmp_path, CPU, Progress())
    assert calls == ["write", "double"]
    assert (results["double"].folder / "number").read_text() == "42"


def test_unchanged_stages_are_skipped_and_it_is_said(tmp_path: Path) -> None:
    calls: list[str] = []
    run_stages(stages(calls), tmp_path, CPU, Progress())
    log = Log()
    results = run_stages(stages(calls), tmp_path, CPU, log)
    assert calls == ["write", "double"]
    assert all(result.skipped for result in results.values())
    assert [line.split(":")[1].split(",")[0] for line in log.lines] == [" unchanged", " unchanged"]


def test_a_change_runs_the_stage_and_all_that_comes_after_it(tmp_path: Path) -> None:
    calls: list[str] = []
    run_stages(stages(calls), tmp_path, CPU, Progress())
    run_stages(stages(calls, second=2), tmp_path, CPU, Progress())
    assert calls == ["write", "double", "double"]
    run_stages(stages(calls, first=2), tmp_path, CPU, Progress())
    assert calls == ["write", "double", "double", "write", "double"]


def test_a_stage_that_fails_leaves_nothing_and_runs_again(tmp_path: Path) -> None:
    def fail(context: StageContext) -> None:
        (context.out / "half").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_stages([Stage("fail", {}, fail)], tmp_path, CPU, Progress())
    assert list(tmp_path.iterdir()) == []
    calls: list[str] = []
    run_stages(stages(calls), tmp_path, CPU, Progress())
    assert calls == ["write", "double"]
