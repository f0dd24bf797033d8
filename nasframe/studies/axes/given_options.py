"""Options that are given for all points, where the plugins of sections vary with the points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nasframe.experiment import PLUGINS, option_keys, parse_value
from nasframe.studies.axes.points import Point

__all__ = ["given_values", "with_given"]


def given_values(words: Iterable[str]) -> dict[str, Any]:
    """Return dotted key → value, of valid words `dotted.key=value`."""
    pairs = (word.partition("=") for word in words)
    return {
        ".".join(part.strip() for part in key.split(".")): parse_value(value.strip())
        for key, _, value in pairs
    }


def with_given(values: Mapping[str, Any], points: Sequence[Point], given: Mapping[str, Any]) -> list[Point]:
    """Return the points, each with the given options that the plugins have which it names.

    An option that no point has stays in all of them, for the error.

    Args:
        values: of the experiment, as its TOML file gives them.
        points: each takes precedence over what is given.
        given: dotted key → value.
    """
    having = {key: [_has(values, {**given, **point}, key) for point in points] for key in given}
    return [
        {key: value for key, value in given.items() if having[key][place] or not any(having[key])}
        | dict(point)
        for place, point in enumerate(points)
    ]


def _has(values: Mapping[str, Any], point: Mapping[str, Any], key: str) -> bool:
    """Return True where the plugins that a point names have an option."""
    section = key.partition(".")[0]
    if section not in PLUGINS or key == f"{section}.name":
        return True
    table = values.get(section, {})
    name = point.get(f"{section}.name", table.get("name") if isinstance(table, Mapping) else None)
    keys = option_keys({section: {} if name is None else {"name": name}})
    return any(key == known or key.startswith(f"{known}.") for known in keys)
