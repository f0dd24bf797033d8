"""The functions of trials hand on the progress that they are given, so that a long trial is heard."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import nasframe
from nasframe.pipeline.written_experiment import experiment_arguments
from nasframe.runtime import Progress
from nasframe.studies.comparison.ranking_trial import do_ranking
from nasframe.studies.network_training.training_trial import train_networks
from nasframe.studies.variants.run_trial import do_run
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


def arguments() -> dict[str, Any]:
    return {**experiment_arguments(experiment(), Path("none")), "source": None}


def test_a_run_speaks_in_the_preparation_of_its_data_and_in_every_epoch() -> None:
    heard = Heard()
    do_run(Path("a"), arguments(), heard)
    assert heard.heard_of("sums")
    assert heard.steps["search"] == 3
    assert sum(heard.steps.values()) >= 3 + 1  # and the epoch of the training


def test_a_training_speaks_in_the_preparation_of_its_data_and_in_every_epoch() -> None:
    run = nasframe.run_experiment(experiment(), Path("run"))
    network = {"name": "one", "file": "one.json", "assignment": run.architecture.assignment}
    heard = Heard()
    train_networks(Path("a"), {**arguments(), "networks": [network]}, heard)
    assert heard.heard_of("sums")
    assert sum(heard.steps.values()) >= 1 + 1  # the network, and its epoch


def test_a_ranking_speaks_in_the_preparation_of_its_data_and_for_every_architecture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run, heard = nasframe.run_experiment(experiment(), Path("run")), Heard()
    assignments = dict.fromkeys(("first", "second"), run.architecture.assignment)
    wanted = {"run": str(run.path), "objective": "accuracy", "assignments": assignments, **arguments()}
    Path("ranking").mkdir()
    shutil.rmtree("cache")  # so that the data is prepared again
    monkeypatch.setenv("NASFRAME_CACHE", "cache")
    do_ranking(Path("ranking"), wanted, heard)
    assert heard.heard_of("sums")
    assert heard.steps == {"supernet": 2}
