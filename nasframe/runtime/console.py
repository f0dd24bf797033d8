"""The one place that prints: text, messages, lists, JSON. Tables of results are of `nasframe.display`.

Nothing else calls `print` or writes to a standard stream, so that no name reaches a terminal as it is.

Columns are aligned by hand: a table of rich breaks or cuts its cells to the width of a terminal, and a result
must be the same in a pipe, in a file and on a narrow screen.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Collection, Sequence
from typing import Any

from nasframe.runtime.files import without_nan
from nasframe.runtime.visible import escape_json, visible, visible_lines, visible_message

__all__ = [
    "format_columns",
    "print_columns",
    "print_document",
    "print_json",
    "print_message",
    "print_text",
    "print_traceback",
]


def print_text(text: str = "") -> None:
    """Print lines on standard output; what cannot be seen in them is escaped, as in a name.

    A name in a text of several lines passes through `visible` before, or it may begin a line of its own.
    """
    print(visible_lines(text), flush=True)


def print_message(message: str) -> None:
    """Print a message on standard error, whose lines after the first are indented; see `visible_message`."""
    print(visible_message(message), file=sys.stderr, flush=True)


def print_traceback() -> None:
    """Print the traceback of the error that is handled, on standard error."""
    print(visible_lines(traceback.format_exc()), end="", file=sys.stderr, flush=True)


def print_document(text: str) -> None:
    """Write a document, such as SVG, on standard output as it is: it was made without anything unseen."""
    sys.stdout.write(text)
    sys.stdout.flush()


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """Print a value as JSON, without an indent on one line; NaN and infinity, which JSON lacks, are null.

    Names are whole: what cannot be seen in one is an escape of JSON.
    """
    text = json.dumps(without_nan(value), indent=indent, ensure_ascii=False, allow_nan=False, default=str)
    print(escape_json(text), flush=True)


def format_columns(rows: Sequence[Sequence[str]], indent: str = "", right: Collection[int] = ()) -> list[str]:
    """Return rows as lines with aligned columns, two spaces between them.

    What cannot be seen in a text, a line break too, is escaped.

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
    rows = [[visible(text) for text in row] for row in rows]
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
        print_text(line)
