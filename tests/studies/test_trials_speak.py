"""The functions of trials hand on the progress that they are given, so that a long trial is heard."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import nasframe
from nasframe.runtime import Progress
from nasframe.studies.ranking_trial import do_ranking
from nasframe.studies.run_trial import do_run, make_run_trial
from nasframe.studies.training_trial import NetworkToTrain, make_training_trial, train_networks
from tests.toys import SUMS

pytestmark = pytest.mark.usefixtures("home", "toy_sums")


class Heard(Progress):
    """Notes all that it hears."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps: dict[str, int] = {}

    def say(self, message: str) -> None:
        self.lines.append(message)

    @contextmanager
    def task(self, description: str, total: int | None) -> Iterator[Callable[[int], None]]:
        def advance(steps: int) -> None:
            self.steps[description] = self.steps.get(description, 0) + steps

        yield advance

    def heard_of(self, stage: str) -> bool:
        return any(line.startswith(f"{stage}:") for line in self.lines)


def experiment() -> nasframe.Experiment:
    return nasframe.Experiment.load(SUMS, ["cache=cache", "search.epochs=3", "search.min_epochs=3"])


def test_a_run_speaks_in_the_preparation_of_its_data_and_in_every_epoch() -> None:
    trial, heard = make_run_trial("a", Path("a"), experiment(), None), Heard()
    do_run(trial.folder, trial.arguments, heard)
    assert heard.heard_of("sums")
    assert heard.steps["search"] == 3
    assert sum(heard.steps.values()) >= 3 + 1  # and the epoch of the training


def test_a_training_speaks_in_the_preparation_of_its_data_and_in_every_epoch() -> None:
    run = nasframe.run_experiment(experiment(), Path("run"))
    network = NetworkToTrain("one", "one.json", run.architecture.assignment)
    trial, heard = make_training_trial("a", Path("a"), experiment(), None, [network]), Heard()
    train_networks(trial.folder, trial.arguments, heard)
    assert heard.heard_of("sums")
    assert sum(heard.steps.values()) >= 1 + 1  # the network, and its epoch


def test_a_ranking_speaks_in_the_preparation_of_its_data_and_for_every_architecture() -> None:
    run, heard = nasframe.run_experiment(experiment(), Path("run")), Heard()
    assignments = dict.fromkeys(("first", "second"), run.architecture.assignment)
    wanted = {"run": str(run.path), "objective": "accuracy", "assignments": assignments}
    Path("ranking").mkdir()
    shutil.rmtree("cache")  # so that the data is prepared again
    do_ranking(Path("ranking"), wanted, heard)
    assert heard.heard_of("sums")
    assert heard.steps == {"supernet": 2}
