"""Metrics as tables: one of single values, and one for each that has values by category."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasframe.display.table import Cell, Column, Estimate, Table
from nasframe.display.values import flatten, format_value

__all__ = ["metric_tables", "with_intervals"]


def metric_tables(metrics: Mapping[str, Any], title: str = "") -> list[Table]:
    """Return the table `metrics` of all single values, and one for each mapping, with the name of its metric.

    A value that is None is undefined. A mapping of mappings has a column for each of their keys. Where
    `NAME_low` and `NAME_high`, the ends of an interval, stand beside a number `NAME`, all are one entry.

    Args:
        metrics: name → value, or name → category → value, or name → category → name → value.
        title: of the first table.

    Example:
        >>> single, by_part = metric_tables({"auc": 0.9, "per_part": {"a": {"auc": 0.8, "count": 3}}})
        >>> print(single.to_text())
        metric   value
        auc     0.9000
        >>> print(*metric_tables({"auc": 0.9, "auc_low": 0.85, "auc_high": 0.94}))
        metric                    value
        auc     0.9000 [0.8500, 0.9400]
        >>> print(by_part.to_text(indent="  "))
        Per part
                auc  count
          a  0.8000      3
    """
    single: list[list[Cell]] = [
        [name, _cell(value)]
        for name, value in with_intervals(metrics).items()
        if not isinstance(value, Mapping)
    ]
    tables = [Table("metrics", title, [Column("metric"), Column("value")], single)] if single else []
    for name, categories in metrics.items():
        if not isinstance(categories, Mapping) or not categories:
            continue
        values = {
            category: with_intervals(flatten(value)) if isinstance(value, Mapping) else {"value": value}
            for category, value in categories.items()
        }
        keys = list(dict.fromkeys(key for row in values.values() for key in row))
        rows: list[list[Cell]] = [
            [category, *(_cell(row[key]) if key in row else None for key in keys)]
            for category, row in values.items()
        ]
        words = name.replace("_", " ")
        columns = [Column("name", " "), *map(Column, keys)]
        tables.append(Table(name, words[:1].upper() + words[1:], columns, rows))
    return tables


def with_intervals(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with an estimate in place of a number and the two ends of its interval."""
    found = dict(values)
    for name, value in values.items():
        ends = f"{name}_low", f"{name}_high"
        if _is_number(value) and all(end in found for end in ends):
            low, high = (found.pop(end) for end in ends)
            found[name] = Estimate(value, low, high, is_resampled=True)
    return found


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _cell(value: Any) -> Cell:
    if isinstance(value, Estimate):
        return value if value.mean is not None else float("nan")
    if value is None:
        return float("nan")
    return value if isinstance(value, str | int | float | bool) else format_value(value)
