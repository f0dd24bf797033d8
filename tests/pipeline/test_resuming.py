"""Runs that were stopped or killed go on to the same result."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import attrs
import pytest
from torch import Tensor

import nasframe
import nasframe.training.training
from nasframe import Experiment, SearchOptions, TrainOptions
from tests.comparing import without_time
from tests.pipeline.killed_runs import assert_same, killed_at_every_write
from tests.toys.toy_digits import Digits


class Stop(BaseException):
    """Stands for Ctrl-C or a kill."""


@pytest.mark.parametrize("calls", [2, 12, 18, 24, 29])
def test_stopped_anywhere_the_same_command_goes_on_to_the_same_result(
    experiment: Experiment, calls: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = nasframe.run_experiment(experiment, tmp_path / "whole")
    usual, made = Digits.loss, 0

    def stopping(self: Digits, outputs: Tensor, targets: Tensor) -> Tensor:
        nonlocal made
        made += 1
        if made == calls:
            raise Stop
        return usual(self, outputs, targets)

    monkeypatch.setattr(Digits, "loss", stopping)
    with pytest.raises(Stop):
        nasframe.run_experiment(experiment, tmp_path / "stopped")
    resumed = nasframe.run_experiment(experiment, tmp_path / "stopped")
    assert resumed.architecture == whole.architecture
    assert resumed.test == whole.test
    assert without_time(resumed.metrics) == without_time(whole.metrics)


def test_killed_at_any_write_the_same_command_goes_on_to_the_same_result(
    experiment: Experiment, tmp_path: Path
) -> None:
    options = {
        "search": SearchOptions(epochs=2, batch_size=64),
        "train": TrainOptions(epochs=2, batch_size=64),
    }
    experiment = attrs.evolve(experiment, **options)
    with killed_at_every_write(tmp_path / "run", tmp_path / "killed") as states:
        whole = nasframe.run_experiment(experiment, tmp_path / "run")
    assert len(states) > 40
    for state in states:
        assert_same(nasframe.run_experiment(experiment, state), whole)


def test_a_training_that_replaces_another_can_be_killed_at_any_write(
    experiment: Experiment, tmp_path: Path
) -> None:
    train = TrainOptions(epochs=1, batch_size=64)
    experiment = attrs.evolve(experiment, search=SearchOptions(epochs=1, batch_size=64), train=train)
    first = nasframe.run_experiment(experiment, tmp_path / "first")
    shutil.copytree(first.path, tmp_path / "run")
    longer = attrs.evolve(experiment, train=attrs.evolve(train, epochs=2))
    with killed_at_every_write(tmp_path / "run", tmp_path / "killed") as states:
        whole = nasframe.train(longer, tmp_path / "run", overwrite=True)
    assert len(states) > 12
    for state in states:
        record = json.loads((state / "run.json").read_text())
        again = record["experiment"] == experiment.fingerprint()  # the old training is still on record
        copy = shutil.copytree(state, f"{state}-for-the-old")
        run = nasframe.train(longer, state, overwrite=again)
        assert_same(run, whole)
        assert nasframe.load_experiment(run) == longer
        if again:
            assert_same(nasframe.run_experiment(experiment, copy), first)


def test_a_run_goes_on_after_its_process_was_killed(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = nasframe.run_experiment(experiment, tmp_path / "whole")
    process = os.fork()
    if process == 0:
        monkeypatch.setattr(Digits, "calibrate", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        nasframe.run_experiment(experiment, tmp_path / "run")
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(process, 0)[1]) == signal.SIGKILL
    assert_same(nasframe.run_experiment(experiment, tmp_path / "run"), whole)


def test_a_search_taken_up_again_after_an_unfinished_training_ends_as_a_whole_run(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = nasframe.run_experiment(experiment, tmp_path / "whole")
    trained = nasframe.training.training.Training._checkpoint

    def interrupted(self: Any, epoch: int, optimiser: Any) -> None:
        trained(self, epoch, optimiser)
        if epoch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("nasframe.training.training.Training._checkpoint", interrupted)
        with pytest.raises(KeyboardInterrupt):
            nasframe.run_experiment(experiment, tmp_path / "run")
    (tmp_path / "run/architecture.json").unlink()
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    assert run.test == whole.test
