"""`key=value` from the command line, laid over the values of a file."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any

__all__ = ["apply_overrides", "parse_overrides", "parse_value"]

Override = tuple[tuple[str, ...], Any]


def parse_overrides(texts: Iterable[str]) -> tuple[list[Override], list[str]]:
    """Return each `dotted.key=value` as a key path and a value, and the problems of the others.

    A value is read by `parse_value`.
    """
    overrides: list[Override] = []
    problems: list[str] = []
    for text in texts:
        key, equals, value = text.partition("=")
        path = tuple(part.strip() for part in key.split("."))
        if not equals or not all(path):
            problems.append(f"{text!r}: expected key=value, for example search.epochs=3")
            continue
        overrides.append((path, parse_value(value.strip())))
    return overrides, problems


def parse_value(text: str) -> Any:
    """Return a value as TOML reads it, or the text itself where it is not TOML.

    >>> [parse_value(text) for text in ("3", "0.1", "true", "[1, 2]", '"3"', "grmc")]
    [3, 0.1, True, [1, 2], '3', 'grmc']
    """
    try:
        table = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    # With a line break in it a value could hold more keys; no option is a date.
    if len(table) > 1 or not isinstance(table["value"], str | int | float | bool | list | dict):
        return text
    return table["value"]


def apply_overrides(
    values: Mapping[str, Any], overrides: Iterable[Override], swapped: Callable[[str, Any, Any], bool]
) -> tuple[dict[str, Any], list[str]]:
    """Return a copy of `values` with `overrides` laid over it, and the problems of the overrides.

    Args:
        values: what the file says.
        overrides: key path and value of each.
        swapped: given a section, the name of its plugin in the file (or None) and the new one, tells
            whether that is another plugin. The file's options of such a section are dropped.
    """
    result = deepcopy(dict(values))
    chosen: dict[tuple[str, ...], Any] = {}
    problems: list[str] = []
    for path, value in overrides:
        if path in chosen and chosen[path] != value:
            problems.append(f"{'.'.join(path)}: given twice, as {chosen[path]!r} and as {value!r}")
        chosen[path] = value
    for (section, *rest), name in chosen.items():
        table = result.get(section, {})
        if rest == ["name"] and isinstance(table, dict) and swapped(section, table.get("name"), name):
            result[section] = {}
    for path, value in chosen.items():
        problem = _set(result, path, value)
        if problem:
            problems.append(problem)
    return result, problems


def _set(table: dict[str, Any], path: tuple[str, ...], value: Any) -> str:
    for depth, part in enumerate(path[:-1]):
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            return f"{'.'.join(path)}: {'.'.join(path[: depth + 1])} is no table but {inner!r}"
        table = inner
    table[path[-1]] = value
    return ""
