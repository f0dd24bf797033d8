"""The output of studies: the tables of their pages, and what failed or has to be said about them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from nasframe.display import print_tables
from nasframe.runtime import counted, print_text, visible, visible_message

__all__ = ["print_comparison", "print_loops", "print_space_table", "print_sweep"]

_WIDTH = 100

_ON_THE_PAGE = ("trials", "other-tests")
"""Long tables, which only the page shows."""


def print_comparison(found: Mapping[str, Any]) -> None:
    """Print the tables of a comparison, given the content of `comparison.json`, and its caveats."""
    from nasframe.report import comparison_tables

    print_text()
    print_tables(table for table in comparison_tables(found) if table.name not in _ON_THE_PAGE)
    print_text()
    spaces = found.get("tables") or found.get("censuses") or ()
    for space in spaces:
        print_text(
            f"table of the space: {visible(space['path'])}, {counted(space['architectures'], 'architecture')}"
        )
    if spaces:
        print_text()
    _print_caveats(found)


def print_loops(found: Mapping[str, Any]) -> None:
    """Print the tables of a comparison of loops on a table, given the content of `comparison.json`."""
    from nasframe.report import loop_tables

    print_text(
        f"\nsearch loops on {visible(found['on']['name'])}, {counted(found['on']['networks'], 'network')}\n"
    )
    print_tables(loop_tables(found))
    print_text()
    _print_caveats(found)


def print_sweep(found: Mapping[str, Any]) -> None:
    """Print the points of a sweep, given the content of `sweep.json`: as grids where there are two axes."""
    from nasframe.report import sweep_figures, sweep_tables

    # a seed that is an axis is no repetition
    seeds = 1 if any(axis["key"] == "seed" for axis in found["axes"]) else len(found["seeds"])
    print_text("" if seeds == 1 else f"\nmean of {seeds} seeds\n")
    if len(found["axes"]) == 2:
        print_tables(sweep_figures(found))
    else:
        print_tables(table for table in sweep_tables(found) if table.name not in _ON_THE_PAGE)
    print_text()
    _print_caveats(found)


def print_space_table(found: Any) -> None:
    """Print a table of a space in numbers, and the architectures that could not be trained."""
    from nasframe.report import space_table_tables
    from nasframe.tables import facts_of

    size = found.record["space_size"]
    networks = found.record.get("networks")
    which = f"all {networks:,} networks" if networks == len(found) else counted(len(found), "network")
    of = "architectures" if size is None else counted(size, "architecture")
    print_text(f"\n{which}, of the {of} of the space, each trained from scratch\n")
    print_tables(space_table_tables(found.record, found.rows, facts_of(found).to_dict()))
    caveats = found.record.get("caveats") or ()
    if caveats:
        print_text()
        _print_caveats({"caveats": caveats})
    for name, why in found.record["failed"].items():
        print_text(f"\n{visible(name)}: not all could be trained:\n  {visible_message(why)}")


def _print_caveats(found: Mapping[str, Any]) -> None:
    for sentence in found["caveats"]:
        for line in sentence.splitlines():
            print_text(textwrap.fill(line, _WIDTH))
