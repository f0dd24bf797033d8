"""Two processes on one run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from torch import Tensor

import nasframe
from nasframe import Experiment
from tests.pipeline.killed_runs import assert_same
from tests.toys.toy_digits import Digits


def test_a_second_process_is_refused_and_the_first_is_not_disturbed(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = nasframe.run_experiment(experiment, tmp_path / "whole")
    usual, refused = Digits.calibrate, []

    def meanwhile(self: Digits, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        if refused or not (tmp_path / "run/architecture.json").exists():
            return usual(self, outputs, targets)  # once, and after the search
        reader, writer = os.pipe()
        process = os.fork()
        if process == 0:
            for attempt in (
                lambda: nasframe.run_experiment(experiment, tmp_path / "run"),
                lambda: nasframe.search(experiment, tmp_path / "run", overwrite=True),
                lambda: nasframe.train(experiment, tmp_path / "run"),
                lambda: nasframe.evaluate(tmp_path / "run"),
            ):
                try:
                    attempt()
                    os.write(writer, b"nothing was raised\n")
                except BaseException as error:
                    os.write(writer, f"{type(error).__name__} {error}\n".encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as answers:
            refused.extend(answers)
        os.waitpid(process, 0)
        return usual(self, outputs, targets)

    monkeypatch.setattr(Digits, "calibrate", meanwhile)
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    assert len(refused) == 4
    for answer in refused:
        assert answer.startswith("RunError")
        assert f"process {os.getpid()} is at work in this run" in answer
    assert_same(run, whole)
