"""The documents that the pages of studies are made from: the shape of each, and their reading."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.report.study_record import present_names
from nasframe.runtime import (
    ANYTHING,
    MACHINE,
    MAX_EXACT_INTEGER,
    MAX_LISTING_BYTES,
    Each,
    Either,
    Fields,
    Items,
    Nullable,
    Number,
    Text,
    check_shape,
    read_json,
    read_json_lines,
    shell_line,
)

__all__ = ["check_study_record", "read_rows", "read_study_record", "refuse_unfinished"]

_MOST_POINTS = 100_000
"""The most points of a grid that a page shows."""

_MADE_OF_TRIALS = ("comparison.json", "sweep.json")

_NUMBER = Nullable(Number())
_COUNT = Nullable(Number(0, MAX_EXACT_INTEGER, whole=True))
_SEED = Nullable(Number(0, float("inf"), whole=True))
_NUMBERS = Each(_NUMBER)
_OBJECT = Each(ANYTHING)

_MEAN = Fields({}, {"mean": _NUMBER, "low": _NUMBER, "high": _NUMBER, "by_seed": Nullable(_NUMBERS)})
_ESTIMATE = Either("a number or the object of a mean", (_NUMBER, _MEAN))

_TRIAL = Fields(
    {"name": Text(), "status": Text(("done", "failed", "open"))},
    {
        "variant": Text(),
        "point": Nullable(_OBJECT),
        "seed": _SEED,
        "folder": Text(),
        "error": Nullable(Text()),
        "test": Nullable(_OBJECT),
        "seconds": Nullable(_NUMBERS),
        "cost": Nullable(_NUMBERS),
        "search": Nullable(_OBJECT),
        "entropy": Nullable(Each(Items(_NUMBER))),
        "validation": Nullable(_NUMBERS),
        "architecture": Nullable(Text()),
    },
)
_ROW = Fields(
    {"name": Text()},
    {
        "kind": Nullable(Text()),
        "point": Nullable(_OBJECT),
        "values": Nullable(Each(_ESTIMATE)),
        "validation": _ESTIMATE,
    },
)
_DIFFERENCE = Fields(
    {"a": Text(), "b": Text(), "metric": Text()},
    {
        "family": Nullable(Text()),
        **dict.fromkeys(("difference", "low", "high", "p", "p_holm", "pairs"), _NUMBER),
    },
)
_GAP = Fields({"variant": Text()}, dict.fromkeys(("supernet", "inherited", "trained", "drop"), _ESTIMATE))
_CURVE = Fields(
    {"name": Text(), "points": Items(Fields({"test": _MEAN}, {"trainings": _NUMBER, "seconds": _NUMBER}))},
    {"kind": Text()},
)
_BASELINE = Fields(
    {},
    {
        "kind": Text(),
        "group": Nullable(Text()),
        "name": Nullable(Text()),
        "seed": _SEED,
        "seconds": _NUMBER,
        "validation": Nullable(_NUMBERS),
    },
)
_CORRELATION = Fields(
    {},
    {
        **dict.fromkeys(("rho", "low", "high"), _NUMBER),
        "by_seed": Nullable(_NUMBERS),
        "over": Nullable(Text()),
        "architectures": _COUNT,
    },
)
_TABLE = Fields(
    {"path": Text()},
    {
        "variants": Items(Text()),
        "architectures": _COUNT,
        "correlation": Nullable(Each(_CORRELATION)),
        "percentiles": Nullable(Each(_NUMBERS)),
        "mean_percentiles": Nullable(Each(Each(_ESTIMATE))),
        "scores": Nullable(Each(Items(_NUMBER))),
    },
)
_LOOP = Fields(
    {
        "name": Text(),
        "seeds": Number(0, MAX_EXACT_INTEGER, whole=True),
        "test": _MEAN,
        "curve": Fields(dict.fromkeys(("cost", "mean", "low", "high"), Items(_NUMBER))),
        **dict.fromkeys(("trials", "cost", "seconds", "deviation", "top", "best_found"), _NUMBER),
    },
    {"equal": Items(_MEAN), "kind": Text()},
)
_ON = Fields(
    {
        "name": Text(),
        "best": Number(),
        "median": Number(),
        "networks": Number(0, MAX_EXACT_INTEGER, whole=True),
    },
    {"path": Text(), **dict.fromkeys(("trainings", "epochs", "epoch_seconds", "top"), _NUMBER)},
)
_STUDY = Fields(
    {},
    {
        "title": Text(),
        "objective": Text(),
        "metrics": Items(Text()),
        "seeds": Items(_SEED),
        "variants": Items(Fields({"name": Text()}, {"point": _OBJECT})),
        "axes": Items(Fields({"key": Text(), "values": Items(ANYTHING)}, {"title": Nullable(Text())})),
        "trials": Items(_TRIAL),
        "rows": Items(_ROW),
        "tests": Items(_DIFFERENCE),
        "gap": Items(_GAP),
        "tables": Items(_TABLE),
        "cost_curves": Items(_CURVE),
        "baselines": Items(_BASELINE),
        "caveats": Items(Text()),
        "chosen": Fields({"name": Text()}, {"validation": _ESTIMATE, "test": _ESTIMATE}),
        "failed": Each(Nullable(Text())),
        "experiment": Text(),
        "versions": _OBJECT,
        "machines": Items(MACHINE),
        "data": Nullable(Text()),
        # of loops on a table
        "on": _ON,
        "loops": Items(_LOOP, least=1),
        "equal": Items(Number(0)),
        # of a table of a space
        "space_size": Nullable(Number(0, whole=True)),
        "correlation": Nullable(_CORRELATION),
    },
)
_TABLE_ROW = Fields(
    {"fingerprint": Text()},
    {
        "assignment": Each(Text()),
        "validation": Nullable(_NUMBERS),
        "test": Nullable(Each(ANYTHING)),
        "parameters": _COUNT,
        "multiply_adds": _COUNT,
        "seconds": _NUMBER,
    },
)


def read_study_record(path: Path) -> dict[str, Any]:
    """Return the record of a study, such as the content of a `sweep.json`.

    Raises:
        RunError: it cannot be read, or has another shape; names the key, and of a study with trials the way
            out.
    """
    error = _made_by_study if path.name in _MADE_OF_TRIALS else RunError
    found: dict[str, Any] = read_json(path, _OBJECT, error, MAX_LISTING_BYTES)
    check_shape(present_names(found), _STUDY, str(path), error)
    points = math.prod(len(axis["values"]) for axis in found.get("axes") or ())
    if points > _MOST_POINTS:
        raise RunError(f"{path}: axes: has {points:,} points; a page shows {_MOST_POINTS:,} or fewer")
    return found


def refuse_unfinished(folder: Path) -> None:
    """Refuse a folder with the record of a study, for which no results are there yet.

    Raises:
        RunError: with the command that goes on.
    """
    if (folder / "study.json").is_file():
        command = shell_line(["nasframe", "resume", str(folder)])
        why = "its study has not ended, or its results were removed"
        raise RunError(f"{folder}: {why}; to go on: {command}, or the command of the study again")


def check_study_record(folder: Path) -> None:
    """Refuse a folder whose `comparison.json` or `sweep.json` is damaged; one may have neither.

    Raises:
        RunError: see `read_study_record`.
    """
    for name in _MADE_OF_TRIALS:
        if (folder / name).exists():
            read_study_record(folder / name)


def _made_by_study(message: str) -> RunError:
    return RunError(f"{message}; give the command of the study again: it makes the file anew from its trials")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a table of a space.

    Raises:
        RunError: they cannot be read, or one has another shape; names the line and the key.
    """
    found: list[dict[str, Any]] = read_json_lines(path, _TABLE_ROW)
    return found
