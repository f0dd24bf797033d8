"""The results of the runs of a study, as plain values."""

from __future__ import annotations

import contextlib
import math
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from nasframe import __version__
from nasframe.errors import NasframeError
from nasframe.jobs import Outcome, Trial
from nasframe.report import COSTS
from nasframe.runs import Run
from nasframe.runtime import without_nan

__all__ = ["measured", "metrics_of", "number_of", "read_result", "versions"]

_NOT_READ: dict[str, Any] = {
    "test": None,
    "seconds": {},
    "search": None,
    "entropy": {},
    "validation": {"supernet": None, "inherited": None, "trained": None},
    "architecture": None,
}


def read_result(
    trial: Trial,
    outcome: Outcome,
    *,
    study: Path,
    objective: str,
    seed: int,
    variant: str,
    point: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the result of a trial that is a run; of one that failed or never began, as much as there is.

    Args:
        trial: the run.
        outcome: that of the trial.
        study: folder of the study.
        objective: the task's metric that counts.
        seed: of the run.
        variant: name of the variant or point that the run belongs to.
        point: dotted key → value, in which the variant differs from the base experiment.

    Returns:
        JSON-able: `name`, `variant`, `point`, `seed`, `folder` (relative to the study), `status`, `error`,
        `test` (what `evaluate` found, without its baselines; None before it), `seconds` (stage → seconds),
        `search` (`epochs`, `converged`, `seconds` of its epochs, `entropy`: group → its last value; None
        before its end), `entropy`
        (group → its value after each epoch), `validation` (the objective of the `supernet` when the search
        ended, of the derived network with the `inherited` parameters, and `trained`, in its best epoch),
        `architecture` (16 digits of its fingerprint).
    """
    folder = trial.folder
    result: dict[str, Any] = {
        "name": trial.name,
        "variant": variant,
        "point": dict(point),
        "seed": seed,
        "folder": (folder.relative_to(study) if folder.is_relative_to(study) else folder).as_posix(),
        "status": outcome.status,
        "error": outcome.error or None,
        **_NOT_READ,
    }
    if not (folder / "run.json").exists():
        return result
    try:
        result |= _read(Run.open(folder), objective)
    except (NasframeError, OSError, ValueError) as error:
        if outcome.status == "done":
            result |= {"status": "failed", "error": str(error)}
    return without_nan(result)  # type: ignore[no-any-return]


def _read(run: Run, objective: str) -> dict[str, Any]:
    test, summary = run.test, run.record.get("search")
    searched, trained = run.history("search"), run.history("train")
    found = (run.path / "architecture.json").exists()
    scores = [line["validation"].get(objective) for line in trained]
    known = [score for score in scores if score is not None]
    ended = summary or {}
    return {
        "test": None if test is None else {key: test[key] for key in test if key != "baselines"},
        "seconds": run.seconds,
        "search": None if summary is None else {key: summary[key] for key in _SEARCH},
        "entropy": {
            group: [line["entropy"][group] for line in searched]
            for group in (searched[0]["entropy"] if searched else ())
        },
        "validation": {
            "supernet": _of(ended.get("validation"), objective),
            "inherited": _of(ended.get("inherited"), objective),
            "trained": max(known) if known else None,
        },
        "architecture": run.architecture.fingerprint[:16] if found else None,
    }


_SEARCH = ("epochs", "converged", "seconds", "entropy")


def _of(metrics: Mapping[str, Any] | None, objective: str) -> float | None:
    value = (metrics or {}).get(objective)
    return value if isinstance(value, int | float) and math.isfinite(value) else None


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


def versions() -> dict[str, str]:
    """Return the versions of nasframe, torch and Python."""
    return {
        "nasframe": __version__,
        "torch": str(torch.__version__),
        "python": platform.python_version(),
    }
