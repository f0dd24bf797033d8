"""The tables with which variants can be compared: named by the user, or found at the default place."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from nasframe.errors import RunError, in_lines
from nasframe.pipeline import Prepared
from nasframe.runtime import Progress
from nasframe.studies.variants import Variant
from nasframe.tables import TABLE_NAMES, TabularBenchmark, differences, is_table, load_table

__all__ = ["default_table", "fitting_tables"]


def default_table(folder: Path, titles: Iterable[str]) -> list[TabularBenchmark]:
    """Return the table at the default place of `nasframe tabulate`, beside a folder or in `runs`; or none.

    The study or its experiment may have the name of the table. Older versions called it `TITLE-census`.
    """
    for parent in (folder.parent, Path("runs")):
        for title, ending in itertools.product(titles, TABLE_NAMES):
            place = parent / f"{title}-{ending}"
            try:
                if is_table(place):
                    return [load_table(place)]
            except RunError:  # it has not ended
                continue
    return []


def fitting_tables(
    variants: Sequence[Variant],
    prepared: Mapping[str, Prepared],
    named: Sequence[TabularBenchmark] | None,
    default: Sequence[TabularBenchmark],
    progress: Progress,
) -> dict[str, TabularBenchmark]:
    """Return variant → the table that its architectures can be compared with.

    It is one of those that were `named`, or, where none was, of the `default` one.

    Raises:
        RunError: a table that was named fits no variant.
    """
    found: dict[str, TabularBenchmark] = {}
    for table in default if named is None else named:
        reasons: dict[str, list[str]] = {}
        for variant in (item for item in variants if item.name in prepared):
            first, data = variant.first, prepared[variant.name]
            space = first.space.build(data.data.inputs, data.data.outputs)
            reasons[variant.name] = differences(table, first, space, str(data.record["fingerprint"]))
            if not reasons[variant.name]:
                found.setdefault(variant.name, table)
        unfit = {name: lines for name, lines in reasons.items() if lines}
        if not unfit:
            continue
        name, lines = next(iter(unfit.items()))
        title = f"{table.path}: is a table of another space, task, training or data than {name}:"
        message = in_lines(title, *lines[:8])
        if named is not None and len(unfit) == len(reasons):
            raise RunError(message)
        progress.warn(f"{message}\n  it is not used for {', '.join(unfit)}")
    return found
