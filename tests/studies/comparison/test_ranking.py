"""The ranking of architectures of a table in the supernet of a run."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import nasframe
from nasframe.errors import ContractError
from nasframe.pipeline import experiment_arguments
from nasframe.runtime import SILENT
from nasframe.studies.comparison.ranking_trial import do_ranking
from tests.toys import SUMS


@pytest.mark.usefixtures("home", "toy_sums")
def test_an_infinite_metric_of_an_architecture_ends_its_ranking_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    short = ["cache=cache", "search.epochs=1", "search.min_epochs=0"]
    experiment = nasframe.Experiment.load(SUMS, short)
    run = nasframe.search(experiment, Path("run")).run
    usual = type(experiment.task).metrics
    calls: list[int] = []

    def metrics(task: Any, outputs: Any, targets: Any) -> dict[str, float]:
        calls.append(len(outputs))
        return usual(task, outputs, targets) | ({} if len(calls) < 3 else {"ratio": math.inf})

    monkeypatch.setattr(type(experiment.task), "metrics", metrics)
    wanted = {
        **experiment_arguments(experiment, Path("none")),
        "source": None,
        "run": str(run.path),
        "objective": "accuracy",
        "assignments": dict.fromkeys(("first", "second", "third", "fourth"), run.architecture.assignment),
    }
    Path("ranking").mkdir()
    with pytest.raises(ContractError, match="must be finite, or NaN where undefined, found 'ratio': inf"):
        do_ranking(Path("ranking"), wanted, SILENT)
    assert not list(Path("ranking").iterdir())
