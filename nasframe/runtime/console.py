"""The output of a command: JSON for scripts, aligned columns for people."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.runtime.files import without_nan

__all__ = ["format_columns", "format_number", "print_columns", "print_json", "print_metrics"]


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """Print a value as JSON; NaN and infinity, which JSON does not have, are null."""
    text = json.dumps(without_nan(value), indent=indent, ensure_ascii=False, allow_nan=False, default=str)
    print(text, flush=True)


def format_columns(rows: Sequence[Sequence[str]], indent: str = "") -> list[str]:
    """Return rows as lines with aligned columns, two spaces between them.

    Example:
        >>> format_columns([("auc", "0.9731"), ("parameters", "1,204")])
        ['auc         0.9731', 'parameters  1,204']
    """
    widths = [max(map(len, column), default=0) for column in zip(*rows, strict=True)]
    return [
        indent + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def print_columns(rows: Sequence[Sequence[str]], indent: str = "") -> None:
    """Print rows with aligned columns."""
    for line in format_columns(rows, indent):
        print(line)


def format_number(value: Any) -> str:
    """Return a value as a table shows it: four decimals, `undefined` for NaN and None.

    Example:
        >>> [format_number(value) for value in (0.5, 1200, float("nan"))]
        ['0.5000', '1,200', 'undefined']
    """
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.4f}"
    if value is None or isinstance(value, float):
        return "undefined"
    return f"{value:,}" if type(value) is int else str(value)


def print_metrics(metrics: Mapping[str, Any]) -> None:
    """Print metrics, one a line; a mapping of mappings (per category) becomes a table below them."""
    flat = {key: value for key, value in metrics.items() if not isinstance(value, Mapping)}
    print_columns([(key, format_number(value)) for key, value in flat.items()])
    for key, table in metrics.items():
        if not isinstance(table, Mapping) or not table:
            continue
        print(f"\n{key}")
        rows = {name: row if isinstance(row, Mapping) else {"": row} for name, row in table.items()}
        heads = list(dict.fromkeys(head for row in rows.values() for head in row))
        lines = [
            [name, *(format_number(row[head]) if head in row else "" for head in heads)]
            for name, row in rows.items()
        ]
        print_columns([["", *heads], *lines] if any(heads) else lines, indent="  ")
