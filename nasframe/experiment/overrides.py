"""`key=value` from the command line, laid over the values of a file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nasframe.errors import ConfigurationError
from nasframe.experiment.sections import swapped
from nasframe.experiment.toml_value import in_toml

__all__ = ["Overrides", "apply_overrides", "overridden", "override_words", "parse_value"]

Overrides = str | Iterable[str] | Mapping[str, Any]
"""`key=value` words, or values by dotted key, `{"search.epochs": 3}`, or by section and key."""

Override = tuple[tuple[str, ...], Any]


def overridden(
    values: Mapping[str, Any],
    source: str = "experiment",
    overrides: Overrides = (),
    *,
    relaxation: str | None = None,
    seed: int | None = None,
    device: str | None = None,
) -> dict[str, Any]:
    """Return plain values with overrides laid over them; see `Experiment.parse` for the arguments.

    Raises:
        ConfigurationError: an override is not of the form `key=value`, or two of them contradict each other.
    """
    table, problems = apply_overrides(values, overrides, relaxation=relaxation, seed=seed, device=device)
    if problems:
        raise ConfigurationError(source, problems)
    return table


def apply_overrides(
    values: Mapping[str, Any],
    overrides: Overrides,
    *,
    relaxation: str | None,
    seed: int | None,
    device: str | None,
) -> tuple[dict[str, Any], list[str]]:
    """Return a copy of plain values with overrides laid over it, and the problems of the overrides.

    See `Experiment.parse` for the arguments.
    """
    given, problems = _parse(override_words(overrides))
    shortcuts = {("relaxation", "name"): relaxation, ("seed",): seed, ("device",): device}
    given += [(path, value) for path, value in shortcuts.items() if value is not None]
    table, conflicts = _lay_over(values, given)
    return table, problems + conflicts


def override_words(overrides: Overrides) -> list[str]:
    """Return overrides as `dotted.key=value` words; a single word may be given without a list.

    Raises:
        ConfigurationError: a value of a mapping is none that TOML holds.

    >>> override_words({"search.epochs": 3, "loop": {"name": "joint"}}), override_words("seed=3")
    (['search.epochs=3', 'loop.name="joint"'], ['seed=3'])
    """
    if isinstance(overrides, str):
        return [overrides]
    if not isinstance(overrides, Mapping):
        return list(overrides)
    words: list[str] = []
    problems: list[str] = []
    for key, value in _leaves(overrides):
        if isinstance(value, Path):
            value = str(value)
        try:
            words.append(f"{key}={in_toml(value)}")
        except (TypeError, ValueError):
            expected = "a number, a text, a truth value, a list or a table"
            problems.append(f"{key}: expected {expected}, found {value!r}")
    if problems:
        raise ConfigurationError("overrides", problems)
    return words


def _leaves(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted key and value; sections alone are opened, for an option may hold a table."""
    for name, value in table.items():
        key = str(name)
        if not before and isinstance(value, Mapping) and "." not in key:
            yield from _leaves(value, f"{key}.")
        else:
            yield f"{before}{key}", value


def _parse(texts: Iterable[str]) -> tuple[list[Override], list[str]]:
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
    except (ValueError, RecursionError):  # no TOML, a number of many digits, or many levels
        return text
    # With a line break in it a value could hold more keys; no option is a date.
    if len(table) > 1 or not isinstance(table["value"], str | int | float | bool | list | dict):
        return text
    return table["value"]


def _lay_over(values: Mapping[str, Any], overrides: Iterable[Override]) -> tuple[dict[str, Any], list[str]]:
    """Return a copy of `values` with `overrides` laid over it, and the problems of the overrides.

    The file's options of a section that gets another plugin are dropped.
    """
    result = _copied(values)
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


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy in which tables can be changed; tensors are shared, for they may be large."""
    result: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            result[key] = _copied(value)
        else:
            result[key] = list(value) if isinstance(value, list) else value
    return result


def _set(table: dict[str, Any], path: tuple[str, ...], value: Any) -> str:
    for depth, part in enumerate(path[:-1]):
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            return f"{'.'.join(path)}: {'.'.join(path[: depth + 1])} is no table but {inner!r}"
        table = inner
    table[path[-1]] = value
    return ""
