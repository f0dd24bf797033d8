"""Metrics as tables: one of single values, and one for each that has values by category."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasframe.display.table import Cell, Column, Table
from nasframe.display.values import flatten, format_value

__all__ = ["metric_tables"]


def metric_tables(metrics: Mapping[str, Any], title: str = "") -> list[Table]:
    """Return the table `metrics` of all single values, and one for each mapping, with the name of its metric.

    A value that is None is undefined. A mapping of mappings has a column for each of their keys.

    Args:
        metrics: name → value, or name → category → value, or name → category → name → value.
        title: of the first table.

    Example:
        >>> single, by_part = metric_tables({"auc": 0.9, "per_part": {"a": {"auc": 0.8, "count": 3}}})
        >>> print(single.to_text())
        metric   value
        auc     0.9000
        >>> print(by_part.to_text(indent="  "))
        Per part
                auc  count
          a  0.8000      3
    """
    single: list[list[Cell]] = [
        [name, _cell(value)] for name, value in metrics.items() if not isinstance(value, Mapping)
    ]
    tables = [Table("metrics", title, [Column("metric"), Column("value")], single)] if single else []
    for name, categories in metrics.items():
        if not isinstance(categories, Mapping) or not categories:
            continue
        values = {
            category: flatten(value) if isinstance(value, Mapping) else {"value": value}
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


def _cell(value: Any) -> Cell:
    if value is None:
        return float("nan")
    return value if isinstance(value, str | int | float | bool) else format_value(value)
