"""Tables and figures on standard output."""

from __future__ import annotations

from collections.abc import Iterable

from nasframe.display import Figure, Table

__all__ = ["print_tables"]


def print_tables(tables: Iterable[Table | Figure]) -> None:
    """Print tables, and figures as text, with an empty line before each but the first."""
    for number, table in enumerate(tables):
        print("\n" * (number > 0) + table.to_text(indent="  "))
