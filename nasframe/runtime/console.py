"""Lists and JSON that a command prints; tables of results are those of `nasframe.display`.

Columns are aligned by hand: a table of rich breaks or cuts its cells to the width of a terminal, and a result
must be the same in a pipe, in a file and on a narrow screen.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from nasframe.runtime.files import without_nan

__all__ = ["format_columns", "print_columns", "print_json"]


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """Print a value as JSON; NaN and infinity, which JSON does not have, are null."""
    text = json.dumps(without_nan(value), indent=indent, ensure_ascii=False, allow_nan=False, default=str)
    print(text, flush=True)


def format_columns(rows: Sequence[Sequence[str]], indent: str = "", right: Collection[int] = ()) -> list[str]:
    """Return rows as lines with aligned columns, two spaces between them.

    Args:
        rows: their texts; as many in each.
        indent: before each line.
        right: indices of the columns whose texts end below each other; the others begin so.

    Example:
        >>> format_columns([("auc", "0.9731"), ("parameters", "1,204")])
        ['auc         0.9731', 'parameters  1,204']
        >>> format_columns([("auc", "0.9731"), ("parameters", "1,204")], right=[1])
        ['auc         0.9731', 'parameters   1,204']
    """
    widths = [max(map(len, column), default=0) for column in zip(*rows, strict=True)]
    lines = (
        [
            text.rjust(width) if place in right else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    )
    return [f"{indent}{'  '.join(line)}".rstrip() for line in lines]


def print_columns(rows: Sequence[Sequence[str]], indent: str = "") -> None:
    """Print rows with aligned columns."""
    for line in format_columns(rows, indent):
        print(line)
