"""The differences of two objects of plain values, key by key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["flat_differences", "shown"]


def flat_differences(one: Any, other: Any, name: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield dotted key, the value of one and that of the other, where they differ; None where one has none.

    Args:
        one, other: plain values.
        name: that leads to both.
    """
    a, b = dict(_flat(one, name)), dict(_flat(other, name))
    for key in dict.fromkeys([*a, *b]):
        if shown(a.get(key)) != shown(b.get(key)):
            yield key, a.get(key), b.get(key)


def shown(value: Any) -> str:
    """Return a plain value in words, the same for a tuple as for a list."""
    return "nothing" if value is None else json.dumps(value, default=list)


def _flat(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}")
    else:
        yield name, value
