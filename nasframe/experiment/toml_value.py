"""A value as TOML on one line, which `parse_value` reads back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import tomli_w

from nasframe.runtime import escape_toml, visible

__all__ = ["in_toml", "texts_toml_cannot_hold"]


def in_toml(value: Any) -> str:
    """Return a value as TOML, which `parse_value` reads back; what cannot be seen in it is escaped."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(_items(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(in_toml, value)) + "]"
    return escape_toml(tomli_w.dumps({"value": value}).removeprefix("value = ").rstrip("\n"))


def _items(value: Mapping[str, Any]) -> Iterator[str]:
    for key, inner in value.items():
        quoted = tomli_w.dumps({key: 0}).rstrip("\n").removesuffix(" = 0")
        yield f"{escape_toml(quoted)} = {in_toml(inner)}"


def texts_toml_cannot_hold(values: Mapping[str, Any], path: str = "") -> list[str]:
    """Return a problem for each text that no TOML file can hold: one with a lone surrogate, by which Python
    keeps a byte of a file name that is not UTF-8.

    Example:
        >>> texts_toml_cannot_hold({"task": {"file": "a.csv"}})
        []
    """
    problems = []
    for key, value in values.items():
        place = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            problems += texts_toml_cannot_hold(value, place)
            continue
        for text in value if isinstance(value, list | tuple) else [value]:
            if isinstance(text, str) and any("\ud800" <= letter <= "\udfff" for letter in text):
                problems.append(
                    f"{place}: {visible(text)} is not UTF-8, and a TOML file cannot hold it; where it names "
                    "a file, give that another name"
                )
    return problems
