"""The progress that steps and studies report: their numbers, and the forms of the argument."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import nasframe
from nasframe.errors import ConfigurationError
from nasframe.runtime import Progress
from tests.toys import SUMS

pytestmark = pytest.mark.usefixtures("toy_sums", "home")

OPTIONS = ["cache=cache", "task.examples=16"]


class Numbers(Progress):
    """Notes the numbers that it is told."""

    def __init__(self) -> None:
        self.heard: list[dict[str, float | None]] = []

    def report(self, numbers: Mapping[str, float | None]) -> None:
        self.heard.append(dict(numbers))


def experiment(*more: str) -> nasframe.Experiment:
    return nasframe.Experiment.load(SUMS, [*OPTIONS, *more])


def test_a_search_and_a_training_report_the_numbers_of_each_epoch() -> None:
    told = Numbers()
    run = nasframe.run_experiment(experiment(), "run", progress=told)
    *searched, trained = told.heard
    lines = run.history("search")
    assert [numbers["loss"] for numbers in searched] == [line["loss"]["weights"] for line in lines]
    assert [numbers["accuracy"] for numbers in searched] == [line["validation"]["accuracy"] for line in lines]
    for numbers, line in zip(searched, lines, strict=True):
        values = line["entropy"].values()
        assert numbers["entropy"] == pytest.approx(sum(values) / len(values))
    (line,) = run.history("train")
    assert trained == {"loss": line["loss"], "accuracy": line["validation"]["accuracy"]}


def test_a_search_by_proposals_reports_the_best_score() -> None:
    told = Numbers()
    words = ["loop.name=random", "loop.trials=2"]
    found = nasframe.search(experiment(*words), "run", progress=told)
    assert found.run is not None
    scores = [line["score"] for line in found.run.history("trial")]
    bests = [numbers["best"] for numbers in told.heard if "best" in numbers]
    assert bests[-1] == max(scores)


def test_a_study_reports_the_trials_that_are_done_run_and_have_failed() -> None:
    told = Numbers()
    axes = ["task.trouble=none,bug"]
    nasframe.sweep(str(SUMS), axes, OPTIONS, out="study", workers=1, progress=told)
    assert told.heard[0] == {"done": 0, "running": 1, "failed": 0}
    assert told.heard[-1] == {"done": 1, "running": 0, "failed": 1}


@pytest.mark.parametrize("silent", [False, None])
def test_true_shows_the_progress_and_false_and_none_are_silent(
    silent: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    nasframe.search(experiment(), "a", progress=silent)
    assert capsys.readouterr() == ("", "")
    nasframe.search(experiment(), "b", progress=True)
    assert "search: did not converge after 2 epochs" in capsys.readouterr().err


def test_another_argument_is_refused_before_the_work() -> None:
    for call in (
        lambda: nasframe.run_experiment(experiment(), "run", progress="yes"),  # type: ignore[arg-type]
        lambda: nasframe.sweep(str(SUMS), ["temperature=1.0"], OPTIONS, out="run", progress=1),  # type: ignore[arg-type]
    ):
        with pytest.raises(ConfigurationError, match="progress: expected True, False, None or"):
            call()
    assert not Path("run").exists()
