"""A value as TOML on one line, which `parse_value` reads back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import tomli_w

__all__ = ["in_toml"]


def in_toml(value: Any) -> str:
    """Return a value as TOML, which `parse_value` reads back."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(_items(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(in_toml, value)) + "]"
    return tomli_w.dumps({"value": value}).removeprefix("value = ").rstrip("\n")


def _items(value: Mapping[str, Any]) -> Iterator[str]:
    for key, inner in value.items():
        yield f"{tomli_w.dumps({key: 0}).partition(' = ')[0]} = {in_toml(inner)}"
