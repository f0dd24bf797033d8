"""The options of a run as its page shows them: plain values of its experiment, which may hold anything."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from nasframe.runs import Run
from nasframe.runtime import counted

__all__ = ["name_in", "option_lines", "parsed_experiment", "settings_of"]

_MOST = 5


def settings_of(run: Run) -> dict[str, Mapping[str, Any]]:
    """Return section → option → value, of the experiment of a run; empty where it cannot be read."""
    found = parsed_experiment(run.experiment_toml)
    return {key: value for key, value in found.items() if isinstance(value, Mapping)}


def parsed_experiment(toml: str) -> dict[str, Any]:
    """Return the content of an experiment; empty where it cannot be read."""
    try:
        return tomllib.loads(toml)
    except (ValueError, RecursionError):  # it was changed by hand
        return {}


def name_in(settings: Mapping[str, Mapping[str, Any]], section: str) -> str:
    """Return the name of the plugin in a section; empty where there is none."""
    return str(settings.get(section, {}).get("name", ""))


def option_lines(options: Mapping[str, Any], most: int = _MOST) -> list[str]:
    """Return a line for each option, at most so many; a last one says how many more there are.

    Example:
        >>> option_lines({"name": "grmc", "samples": 100, "temperature": 0.1})
        ['samples 100', 'temperature 0.1']
    """
    lines = [f"{key.replace('_', ' ')} {_shown(value)}" for key, value in options.items() if key != "name"]
    left = len(lines) - most
    if left <= 1:
        return lines
    return [*lines[:most], f"and {counted(left, 'more option')}"]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return str(value)
