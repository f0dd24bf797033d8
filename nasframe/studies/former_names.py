"""Names of studies that older versions had; they stay for one release and say a word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nasframe.errors import ConfigurationError
from nasframe.former_names import warn_renamed
from nasframe.studies.table_plan import tabulate
from nasframe.tables import TabularBenchmark, load_table

__all__ = ["census", "load_census", "tables_or_census"]


def census(*arguments: Any, **options: Any) -> TabularBenchmark:
    """Return what `tabulate` returns, under its former name."""
    warn_renamed("nasframe.census", "nasframe.tabulate")
    return tabulate(*arguments, **options)


def load_census(path: str | Path) -> TabularBenchmark:
    """Return what `load_table` returns, under its former name."""
    warn_renamed("nasframe.load_census", "nasframe.load_table")
    return load_table(path)


def tables_or_census(
    tables: Sequence[str | Path] | None, census: Sequence[str | Path] | None
) -> Sequence[str | Path] | None:
    """Return the `tables` of `compare`, given under this name or under the former one.

    Raises:
        ConfigurationError: both are given.
    """
    if census is None:
        return tables
    if tables is not None:
        raise ConfigurationError("compare", ["tables and census: are the same option; give tables alone"])
    warn_renamed("compare(census=…)", "compare(tables=…)", level=4)
    return census
