"""A value as people read it: the one rule for digits, thousands, units, and for what is undefined."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from markupsafe import Markup

from nasframe.display.markup import element

__all__ = ["Unit", "flatten", "format_together", "format_value", "number", "sparkline"]

Unit = Literal["", "s", "count", "%", "short", "setting"]
"""Seconds, a count, per cent, a number in three digits, one that somebody chose, or a plain value."""

_BARS = "▁▂▃▄▅▆▇█"

_SMALLEST = 1e-3
"""A number alone that is smaller has three significant digits instead of four decimals."""

_LONGEST = 1e15
"""A number that is as large has three significant digits."""


def format_value(value: Any, unit: str = "") -> str:
    """Return a value as text.

    A number has four decimals, or three significant digits where it is below 0.001; its thousands are
    separated. A count has no decimals, seconds and per cent have one; a short number has three digits, and at
    most three decimals; a setting is written as it was chosen. None, NaN and infinity are `undefined`.

    Example:
        >>> [format_value(value) for value in (0.97314, 1200, 2e-7, float("nan"), True, [0.1, 10])]
        ['0.9731', '1,200', '2e-07', 'undefined', 'yes', '0.1000, 10']
        >>> format_value(1203.7, "count"), format_value(12.34, "s"), format_value(62.5, "%")
        ('1,204', '12.3 s', '62.5 %')
        >>> [format_value(value, "short") for value in (14.13, 0.03277, 2e-7, 1234.5, 3.456e7)]
        ['14.1', '0.033', '0', '1234', '3.46e+07']
        >>> format_value(0.1, "setting"), format_value(1000, "setting")
        ('0.1', '1000')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "undefined"
    if isinstance(value, list | tuple):
        return ", ".join(format_value(item, unit) for item in value)
    if not isinstance(value, int | float):
        return str(value)
    if unit == "setting":
        return f"{value:.12g}"
    if unit == "short":
        return _short(value)
    if abs(value) >= _LONGEST and unit:
        return f"{value:.3g}" if unit == "count" else f"{value:.3g} {unit}"
    if unit == "count" or (isinstance(value, int) and not unit):
        return f"{value:,.0f}"
    if unit:
        return f"{value:,.1f} {unit}"
    if value == 0 or _SMALLEST <= abs(value) < 1e3:
        return f"{value:.4f}"
    return f"{value:,.0f}" if 1e3 <= abs(value) < _LONGEST else f"{value:.3g}"


def format_together(values: Sequence[float], unit: str = "") -> list[str]:
    """Return the texts of numbers that are read together, such as a mean and its interval, in one notation.

    Where one of them has four decimals, all have; of a number that these cannot show is the first digit.

    Example:
        >>> format_together([0.5, 2.86e-06, 1.0])
        ['0.5000', '3e-06', '1.0000']
        >>> format_together([2e-7, 1e-7])
        ['2e-07', '1e-07']
    """
    if unit or not any(_SMALLEST <= abs(value) < 1e3 for value in values):
        return [format_value(value, unit) for value in values]
    return [_in_decimals(value) if abs(value) < _SMALLEST else format_value(value) for value in values]


def _in_decimals(value: float) -> str:
    shown = f"{value:.4f}"
    if value == 0 or float(shown):
        return f"{value:.4f}"
    return f"{value:.0e}"


def _short(value: float) -> str:
    if abs(value) < 5e-4:
        return "0"
    if abs(value) >= 1e5:
        return f"{value:.2e}"
    return f"{value:.{max(0, min(3, 2 - math.floor(math.log10(abs(value)))))}f}"


def number(value: Any, unit: str = "", key: str | None = None, shown: str | None = None) -> Markup:
    """Return a value as HTML: rounded for the eye, and whole in the attribute `value` and in a tooltip.

    Args:
        value: of any type; one that is no number is shown as text.
        unit: see `format_value`.
        key: its dotted path in the record that it comes from.
        shown: its text; None for that of `format_value`.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return element("span", format_value(value), data_key=key)
    whole = repr(value)
    text = format_value(value, unit) if shown is None else shown
    return element("data", text, value=whole, title=whole, data_key=key)


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one mapping with dotted names.

    Example:
        >>> flatten({"auc": 0.9, "per_part": {"a": {"auc": 0.8}}})
        {'auc': 0.9, 'per_part.a.auc': 0.8}
    """
    found: dict[str, Any] = {}
    for key, value in values.items():
        nested = isinstance(value, Mapping)
        found |= flatten(value, f"{prefix}{key}.") if nested else {f"{prefix}{key}": value}
    return found


def sparkline(values: Sequence[float], width: int = 40) -> str:
    """Return values from 0 to 1 as a row of bars, at most `width` of them.

    Example:
        >>> sparkline([0.0, 0.5, 1.0])
        '▁▅█'
    """
    step = max(1.0, len(values) / width)
    chosen = [values[int(place * step)] for place in range(min(len(values), width))]
    shares = [min(1.0, max(0.0, value)) for value in chosen]
    return "".join(_BARS[min(int(share * len(_BARS)), len(_BARS) - 1)] for share in shares)
