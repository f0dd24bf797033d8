"""Names of studies that older versions had; they stay for one release and say a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nasframe.former_names import warn_renamed
from nasframe.studies.tabulation import tabulate
from nasframe.tables import TabularBenchmark, load_table

__all__ = ["census", "load_census"]


def census(*arguments: Any, **options: Any) -> TabularBenchmark:
    """Return what `tabulate` returns, under its former name."""
    warn_renamed("nasframe.census", "nasframe.tabulate")
    return tabulate(*arguments, **options)


def load_census(path: str | Path) -> TabularBenchmark:
    """Return what `load_table` returns, under its former name."""
    warn_renamed("nasframe.load_census", "nasframe.load_table")
    return load_table(path)
