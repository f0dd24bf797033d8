"""The result of a run of a study, as plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.errors import NasframeError
from nasframe.jobs import Outcome, Trial
from nasframe.report import TOLD_APART, metric_caveats, run_caveats
from nasframe.runs import Run
from nasframe.runtime import without_nan

__all__ = ["read_result"]

_NOT_READ: dict[str, Any] = {
    "test": None,
    "seconds": {},
    "cost": {},
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
        `cost` (`training`, the seconds of all epochs of the final training, and `seconds`, with the search),
        `search` (`epochs`, `converged`, `seconds` of its epochs, `entropy`: group → its last value; None
        before its end), `entropy`
        (group → its value after each epoch), `validation` (the objective of the `supernet` when the search
        ended, or of its best architecture where the loop learns no logits; of the derived network with the
        `inherited` parameters; and `trained`, in its best epoch),
        `architecture` (16 digits of its fingerprint), and `caveats`, where there are any: sentences on what
        makes the metrics say less than they seem to.
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
    caveats = [*dict.fromkeys([*run_caveats(run), *metric_caveats(test or {})])]
    return {
        "test": None if test is None else {key: test[key] for key in test if key not in TOLD_APART},
        "seconds": run.seconds,
        "cost": _cost(ended.get("seconds"), trained + run.history("finetune")),
        "search": None if summary is None else {key: summary[key] for key in _SEARCH if key in summary},
        "entropy": {
            group: [line["entropy"][group] for line in searched]
            for group in (searched[0]["entropy"] if searched else ())
        },
        "validation": {
            "supernet": _supernet(ended, objective),
            "inherited": _of(ended.get("inherited"), objective),
            "trained": max(known) if known else None,
        },
        "architecture": run.architecture.fingerprint[:16] if found else None,
        **({"caveats": caveats} if caveats else {}),
    }


def _cost(search: float | None, lines: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the cost of a run in seconds; empty where it was not measured.

    Args:
        search: seconds of the epochs of the search.
        lines: of the epochs of its trainings.
    """
    known = [line["seconds"] for line in lines if line.get("seconds") is not None]
    if search is None or not known or len(known) < len(lines):
        return {}
    return {"training": round(sum(known), 3), "seconds": round(search + sum(known), 3)}


_SEARCH = ("epochs", "converged", "seconds", "entropy", "trials", "cost")


def _supernet(ended: Mapping[str, Any], objective: str) -> float | None:
    """Return the objective of the supernet when the search ended, given its summary."""
    selection = ended.get("selection")
    if selection and "entropy" not in ended:  # the last epoch was scored on architectures drawn at random
        return _of(selection, "chosen")
    return _of(ended.get("validation"), objective)


def _of(metrics: Mapping[str, Any] | None, objective: str) -> float | None:
    value = (metrics or {}).get(objective)
    return value if isinstance(value, int | float) and math.isfinite(value) else None
