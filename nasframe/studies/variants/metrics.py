"""The metrics that a study compares: those that its runs measured, and the costs."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.errors import NasframeError
from nasframe.report import COSTS
from nasframe.runs import Run

__all__ = ["measured", "metrics_of", "number_of"]


def measured(
    results: Sequence[Mapping[str, Any]], study: Path
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the metrics of the first evaluated run: on validation after its last epoch, and on test.

    Both are empty where no run has been evaluated.

    Args:
        results: of `read_result`.
        study: folder of the study.
    """
    for result in results:
        if result["test"]:
            with contextlib.suppress(NasframeError, IndexError):  # another run serves as well
                return Run.open(study / result["folder"]).history("train")[-1]["validation"], result["test"]
    return {}, {}


def metrics_of(objective: str, validation: Mapping[str, Any], test: Mapping[str, Any]) -> list[str]:
    """Return the names of the metrics to compare: the objective, the others of the task, the costs.

    A metric is a number that the task measures on the validation split after every epoch and `evaluate` on
    the test split; so a threshold and the number of examples are no metrics.
    """
    others = [name for name in validation if name != "loss" and number_of(test.get(name)) is not None]
    return [*dict.fromkeys([objective, *others]), *COSTS]


def number_of(value: Any) -> float | int | None:
    """Return the value where it is a number, else None."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
