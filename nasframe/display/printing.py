"""Tables and figures on standard output."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from nasframe.display.figure import Figure
from nasframe.display.table import Table
from nasframe.runtime import print_text, visible

__all__ = ["print_tables"]

_WIDTH = 100


def print_tables(tables: Iterable[Table | Figure]) -> None:
    """Print tables, and figures as text, with an empty line between them; at last what their signs mean.

    Example:
        >>> from nasframe.display import Column, Table
        >>> columns = [Column("part"), Column("parameters", unit="count")]
        >>> print_tables([Table("costs", "Costs", columns, [["head", 1204]])])
        Costs
          part  parameters
          head       1,204
    """
    signs: dict[str, None] = {}
    for number, table in enumerate(tables):
        print_text("\n" * (number > 0) + table.to_text(indent="  "))
        signs |= dict.fromkeys(table.signs)
    if signs:
        print_text(f"\n{textwrap.fill(visible('; '.join(signs)), _WIDTH)}")
