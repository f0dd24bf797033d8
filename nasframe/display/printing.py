"""Tables and figures on standard output."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from nasframe.display.figure import Figure
from nasframe.display.table import Table
from nasframe.runtime import print_text, visible

__all__ = ["print_tables"]

_WIDTH, _INDENT = 100, "  "


def print_tables(tables: Iterable[Table | Figure]) -> None:
    """Print tables, and figures as text, with an empty line between them.

    The meaning of a sign stands right below the first one of them that has it.

    Example:
        >>> from nasframe.display import Column, Table
        >>> columns = [Column("part"), Column("parameters", unit="count")]
        >>> print_tables([Table("costs", "Costs", columns, [["head", 1204]], signs=["in thousands"])])
        Costs
          part  parameters
          head       1,204
          in thousands
    """
    said: set[str] = set()
    for number, table in enumerate(tables):
        print_text("\n" * (number > 0) + table.to_text(indent=_INDENT))
        signs = [sign for sign in dict.fromkeys(table.signs) if sign not in said]
        if signs:
            words = visible("; ".join(signs))
            print_text(textwrap.fill(words, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT))
        said.update(signs)
