"""Tables and figures on standard output."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from nasframe.display import Figure, Table

__all__ = ["print_tables"]

_WIDTH = 100


def print_tables(tables: Iterable[Table | Figure]) -> None:
    """Print tables, and figures as text, with an empty line between them; at last what their signs mean."""
    signs: dict[str, None] = {}
    for number, table in enumerate(tables):
        print("\n" * (number > 0) + table.to_text(indent="  "))
        signs |= dict.fromkeys(table.signs)
    if signs:
        print(f"\n{textwrap.fill('; '.join(signs), _WIDTH)}")
