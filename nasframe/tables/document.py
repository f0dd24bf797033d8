"""The document of a table, format 2: one file of compressed JSON; docs/tables.md lists its keys."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasframe.errors import RunError, nearest
from nasframe.runtime import (
    ANYTHING,
    MAX_EXACT_INTEGER,
    MAX_LISTING_BYTES,
    Each,
    Either,
    Fields,
    Flag,
    Items,
    Nullable,
    Number,
    Text,
    check_shape,
    made_later,
    read_compressed_json,
    shorten,
    write_compressed_json,
)
from nasframe.tables.damaged_table import with_a_way_on
from nasframe.tables.entry import SPLITS, Curves, TableEntry, TableTraining
from nasframe.tables.table import TabularBenchmark

__all__ = [
    *("ENTRY", "TABLE_FILE", "TABLE_FORMAT"),
    *(
        "entry_of_trainings",
        "entry_of_values",
        "entry_values",
        "read_document",
        "require_objective",
        "save_table",
        "table_of",
        "write_document",
    ),
]

TABLE_FILE = "table.json.xz"
"""Name of a table in its folder."""

TABLE_FORMAT = 2
"""Of the document; format 1 is a folder with two files."""

_DIGITS = 5
_ROUNDING = 1e-4
_MOST_NUMBERS = 50_000_000
"""The most numbers in the curves of a table, each of which takes eight bytes."""


_PLAIN = Number(), Text(), Flag()
_OPTION = Either("a number, text, true or false, a list or an object", _PLAIN)
for _ in range(8):  # lists and objects so deep; TOML has no null
    _OPTION = Either(_OPTION.what, (*_PLAIN, Items(_OPTION), Each(_OPTION)))

_COUNT = Nullable(Number(0, MAX_EXACT_INTEGER, whole=True))
_EPOCHS = Number(1, 100_000, whole=True)
_TRAINING = Fields(
    {"seed": Number(0, MAX_EXACT_INTEGER, whole=True)}, {"point": Each(_OPTION), "data": Text()}
)
_SPACE = Fields(
    {
        "name": Text(),
        "inputs": Each(Items(Number(1, MAX_EXACT_INTEGER, whole=True))),
        "outputs": Number(1, MAX_EXACT_INTEGER, whole=True),
    },
    {"options": Each(ANYTHING)},
)
_ERROR = Fields({"value": Number(0)}, {"units": Each(ANYTHING), "over": Text(), "training": ANYTHING})

_ARCHITECTURE = Fields({"space": Fields({"name": Text()}), "assignment": Each(Text())})

ENTRY = Fields(
    {
        "key": Text(),
        "assignment": Each(Text()),
        "best_epoch": Items(Nullable(Number(1, 100_000, whole=True))),
        "seconds": Items(Nullable(Number(0))),
        "validation": Each(ANYTHING),  # by `_curves`, which takes a tenth of the time
        "test": Each(ANYTHING),
    },
    {
        "parameters": _COUNT,
        "multiply_adds": _COUNT,
        "on_demand": Flag(),
        "architecture": Nullable(_ARCHITECTURE),
        "versions": Each(Text()),
    },
)

_HEAD = Fields(
    {
        "kind": Text(("table",)),
        "format": Number(whole=True),
        "objective": Text(),
        "epochs": _EPOCHS,
        "trainings": Items(_TRAINING, least=1, most=1000),
        "space": _SPACE,
        "experiment": Text(),
        "entries": Items(ANYTHING, least=1),
    },
    {
        "title": Text(),
        "task": Nullable(Fields({"name": Text()})),
        "train": Nullable(Each(ANYTHING)),
        "names": Each(Each(Text())),
        "packages": Each(Nullable(Text())),
        "data": Nullable(Text()),
        "asked": Nullable(Number(1, MAX_EXACT_INTEGER, whole=True)),
        "space_size": Nullable(Number(0, whole=True)),
        "networks": Nullable(Number(0, whole=True)),
        "standard_error": Nullable(_ERROR),
        "caveats": Items(Text()),
        "failed": Each(Nullable(Text())),
        "seed": Nullable(Number(0, MAX_EXACT_INTEGER, whole=True)),
        "count": Nullable(Number(0, MAX_EXACT_INTEGER, whole=True)),
        "correlation": Nullable(Each(Nullable(Number()))),
        "of_architectures": Nullable(Items(Number(0, MAX_EXACT_INTEGER, whole=True))),
        "versions": Each(ANYTHING),
    },
)


def read_document(path: Path) -> TabularBenchmark:
    """Return the table in a file of format 2.

    Raises:
        RunError: it cannot be read, is cut short or damaged, or has another format; names the key.
    """
    with with_a_way_on():
        found = read_compressed_json(path, limit=MAX_LISTING_BYTES)
    _check_kind(found, path)
    with with_a_way_on():
        return table_of(found, path)


def table_of(document: Any, path: Path) -> TabularBenchmark:
    """Return the table in the value of a document, which was or will be in a file; see `read_document`."""
    _check_kind(document, path)
    check_shape(document, _HEAD, str(path))
    record = {key: value for key, value in document.items() if key != "entries"}
    trainings = [
        TableTraining(item["seed"], item.get("point") or {}, item.get("data") or "")
        for item in document["trainings"]
    ]
    entries: list[TableEntry] = []
    keys: set[str] = set()
    metrics = 0
    for number, values in enumerate(document["entries"]):
        source = f"{path}: entries.{number}"
        check_shape(values, ENTRY, source)
        metrics += len(values["validation"]) + len(values["test"])
        if metrics * len(trainings) * record["epochs"] > _MOST_NUMBERS:
            raise RunError(f"{path}: its curves hold more than {_MOST_NUMBERS:,} numbers")
        entry = entry_of_values(values, record, source)
        if entry.key in keys:
            raise RunError(f"{source}: key: is that of an earlier entry; a network is one entry")
        keys.add(entry.key)
        entries.append(entry)
    place = path.parent if path.name == TABLE_FILE else path
    table = TabularBenchmark(place, record, trainings, entries)
    require_objective(table, str(path))
    return table


def require_objective(table: TabularBenchmark, source: str) -> None:
    """Refuse a table whose objective is no metric that an entry holds on both splits.

    Raises:
        RunError: with the nearest metric.
    """
    for split in SPLITS:
        held = [name for name in table.metrics(split) if name != "loss"]
        if table.objective not in held:
            raise RunError(
                f"{source}: objective: {shorten(table.objective, 80)!r} is none of the metrics that its "
                f"entries hold on the split {split}{nearest(table.objective, held)}"
            )


def _check_kind(document: Any, path: Path) -> None:
    if not isinstance(document, dict) or document.get("kind") != "table":
        raise RunError(f"{path}: is no table: it is none of nasframe's")
    if document.get("format") != TABLE_FORMAT:
        raise RunError(
            f"{path}: table format {document.get('format')!r} cannot be read; this version reads 1 and 2"
            f"{made_later(document.get('format'), 2)}"
        )


def write_document(path: Path, record: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> None:
    """Write a table: its record, and its entries as `entry_values` returns them."""
    write_compressed_json(path, {**record, "entries": [*entries]})


def entry_of_values(values: Mapping[str, Any], record: Mapping[str, Any], source: str) -> TableEntry:
    """Return an entry, given its values of the shape `ENTRY` and the record of the table.

    Raises:
        RunError: a key that is none, or lists of another length than the trainings or the epochs.
    """
    trainings, epochs = len(record["trainings"]), record["epochs"]
    key = values["key"]
    if len(key) != 64 or not set(key) <= set("0123456789abcdef"):
        raise RunError(f"{source}: key: expected 64 hexadecimal digits, found {key[:80]!r}")
    for name in ("best_epoch", "seconds"):
        if len(values[name]) != trainings:
            raise RunError(
                f"{source}: {name}: expected {trainings} values, one a training, found {len(values[name])}"
            )
    best = [value or 0 for value in values["best_epoch"]]
    if max(best) > epochs:
        raise RunError(f"{source}: best_epoch: expected {epochs} or less, found {max(best)}")
    curves = {
        split: {
            metric: _curves(found, trainings, epochs, f"{source}: {split}.{metric}")
            for metric, found in values[split].items()
        }
        for split in ("validation", "test")
    }
    _check_best(best, curves["validation"].get(record["objective"]), source)
    return TableEntry(
        key=key,
        assignment=values["assignment"],
        parameters=values.get("parameters"),
        multiply_adds=values.get("multiply_adds"),
        seconds=np.array([math.nan if value is None else value for value in values["seconds"]], float),
        validation=curves["validation"],
        test=curves["test"],
        best=np.array(best, np.int64),
        on_demand=values.get("on_demand", False),
        architecture=values.get("architecture"),
        versions=values.get("versions") or {},
    )


def _check_best(best: Sequence[int], curve: Curves | None, source: str) -> None:
    """Refuse an epoch that counts and is not the best one on validation."""
    for number, epoch in enumerate(best):
        if curve is None or not epoch or np.isnan(curve[number, epoch - 1]):
            continue
        there, most = float(curve[number, epoch - 1]), float(np.nanmax(curve[number]))
        if there < most - _ROUNDING * abs(most):
            found = f"epoch {epoch} has {there} on validation, and another {most}"
            raise RunError(f"{source}: best_epoch.{number}: {found}")


def entry_of_trainings(
    key: str, assignment: Mapping[str, str], found: Sequence[Mapping[str, Any] | None], epochs: int
) -> TableEntry:
    """Return the entry of a network that was trained.

    Args:
        key: of the network.
        assignment: of the architecture that was trained.
        found: what `train_alone` returned with curves, for each training; None for one that failed.
        epochs: of the table; shorter curves are filled with NaN.
    """
    curves: dict[str, dict[str, Curves]] = {"validation": {}, "test": {}}
    done = [(number, item) for number, item in enumerate(found) if item is not None]
    for number, item in done:
        for split, by_metric in curves.items():
            for metric, values in item["curves"][split].items():
                held = by_metric.setdefault(metric, np.full((len(found), epochs), np.nan))
                held[number, : len(values)] = [math.nan if value is None else value for value in values]
    seconds, best = np.full(len(found), np.nan), np.zeros(len(found), np.int64)
    for number, item in done:
        seconds[number], best[number] = item["seconds"], item["best_epoch"]
    _, first = done[0]
    return TableEntry(
        key=key,
        assignment=dict(assignment),
        parameters=first["parameters"],
        multiply_adds=first["multiply_adds"],
        seconds=seconds,
        validation=curves["validation"],
        test=curves["test"],
        best=best,
    )


def entry_values(entry: TableEntry) -> dict[str, Any]:
    """Return an entry as its document holds it: metrics with five digits, JSON-able."""
    missing = set(entry.missing)
    return {
        "key": entry.key,
        "assignment": dict(entry.assignment),
        "parameters": entry.parameters,
        "multiply_adds": entry.multiply_adds,
        "best_epoch": [int(epoch) or None for epoch in entry.best],
        "seconds": [None if math.isnan(value) else round(value, 3) for value in entry.seconds.tolist()],
        **{
            split: {name: _lists(curve, missing) for name, curve in entry.curves(split).items()}
            for split in ("validation", "test")
        },
        **({"on_demand": True} if entry.on_demand else {}),
        **({} if entry.architecture is None else {"architecture": entry.architecture}),
        **({"versions": dict(entry.versions)} if entry.versions else {}),
    }


def _curves(value: Any, trainings: int, epochs: int, source: str) -> Curves:
    """Return a metric as an array, given a list of numbers or null for each training."""
    if not isinstance(value, list) or len(value) != trainings:
        found = f"{len(value)}" if isinstance(value, list) else "none"
        raise RunError(f"{source}: expected {trainings} lists, one a training, found {found}")
    result: NDArray[np.float64] = np.full((trainings, epochs), np.nan)
    for number, curve in enumerate(value):
        if curve is None:
            continue
        if not isinstance(curve, list) or len(curve) != epochs:
            found = f"{len(curve)}" if isinstance(curve, list) else "no list"
            raise RunError(f"{source}.{number}: expected {epochs} numbers, one an epoch, found {found}")
        if not set(map(type, curve)) <= {float, int, type(None)}:
            raise RunError(f"{source}.{number}: expected numbers or null")
        result[number] = [math.nan if item is None else item for item in curve]
    return result


def _lists(curve: Curves, missing: set[int]) -> list[Sequence[float | None] | None]:
    return [
        None if number in missing else [_rounded(value) for value in values]
        for number, values in enumerate(curve.tolist())
    ]


def _rounded(value: float) -> float | int | None:
    if math.isnan(value):
        return None
    short = float(f"{value:.{_DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < MAX_EXACT_INTEGER else short


def save_table(
    table: TabularBenchmark, path: str | Path, *, metrics: Collection[str] | None = None, **changes: Any
) -> TabularBenchmark:
    """Write a table into a file, to ship it, and return it as it is there.

    Args:
        table: to be written. Its `added` entries are left out.
        path: of the file, `….json.xz`.
        metrics: those that are kept, on both splits, beside the objective; None keeps all. The loss takes as
            much space as the rest.
        changes: values of the record that a recipe adds, such as `title`, or `standard_error`, an object with
            the `value` and, in words, what it is `over`.

    Raises:
        RunError: a value has another shape, or the table is of format 1, which has no curves.
    """
    if "trainings" not in table.record:
        raise RunError(
            f"{table.path}: is a table of format 1, which holds no curves; go on with `nasframe tabulate`, "
            "and it becomes one of format 2"
        )
    file = Path(path)
    entries = [entry_values(entry) for entry in table.listed]
    if metrics is not None:
        kept = {table.objective, *metrics}
        for entry, split in itertools.product(entries, ("validation", "test")):
            entry[split] = {name: curve for name, curve in entry[split].items() if name in kept}
    made = table_of({**table.record, **changes, "entries": entries}, file)
    write_document(file, made.record, entries)
    return made
