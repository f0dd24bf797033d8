"""A preset: parts of an experiment that a plugin brings under a name, laid over the values of a file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nasframe.errors import ConfigurationError, PluginError
from nasframe.experiment.sections import (
    DEFAULT_NAMES,
    ENGINE,
    PLUGINS,
    structure_section,
    swapped,
    unknown_keys,
)
from nasframe.experiment.toml_file import read_toml
from nasframe.plugins import manager

__all__ = ["with_preset"]


def with_preset(values: Mapping[str, Any], source: str, name: str) -> dict[str, Any]:
    """Return the plain values of an experiment with a preset laid over them.

    A section that names another plugin than `values` does takes the place of the whole section, so that no
    option of the former plugin is left. The keys of any other are laid over those that are there. A preset
    that names a task is for experiments of this task alone.

    Args:
        values: what a TOML file holds.
        source: what they were read from, for the error.
        name: of a registered preset.

    Raises:
        PluginError: no preset of this name; the near names are given.
        ConfigurationError: the preset cannot be read, is for another task, or does not fit the experiment:
            with its name, its file and every key.
    """
    entry = manager().find("preset", name)
    file = Path(entry.load())
    origin = f"preset {name!r} ({file})"
    try:
        preset = read_toml(file)
    except ConfigurationError as error:
        raise ConfigurationError(origin, error.problems) from None
    preset = {key: _named(key, value, entry.plugin) for key, value in preset.items()}
    problems = unknown_keys(preset, ()) or _wrong_task(preset, values, source)
    if not problems:
        result = _laid_over(values, preset)
        for section in preset:
            before = _problems(section, values)
            problems += [problem for problem in _problems(section, result) if problem not in before]
    if problems:
        raise ConfigurationError(origin, problems)
    return result


def _named(section: str, value: Any, plugin: str) -> Any:
    """Return a section of a preset with the name that means what its author means, whoever else has it."""
    name = value.get("name") if isinstance(value, Mapping) else None
    if section not in PLUGINS or not isinstance(name, str):
        return value
    with suppress(PluginError):  # an unknown name is told with the other problems
        default = DEFAULT_NAMES.get(section)
        with manager().written_by(plugin):
            meant = manager().find(section, name, default)
        with suppress(PluginError):
            if manager().find(section, name, default) == meant:
                return value
        return {**value, "name": f"{meant.plugin}:{meant.name}"}
    return value


def _wrong_task(preset: Mapping[str, Any], values: Mapping[str, Any], source: str) -> list[str]:
    """Return the problem of a preset for another task than the experiment's."""
    wanted, found = (
        table.get("name") if isinstance(table, Mapping) else None
        for table in (preset.get("task"), values.get("task"))
    )
    if wanted is None or found is None or not swapped("task", found, wanted):
        return []
    return [f"task.name: the preset is for the task {wanted!r}; {source} has {found!r}"]


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any], *, inner: bool = False) -> dict[str, Any]:
    """Return the values of `below` with those of `above` laid over them, table by table."""
    result = dict(below)
    for key, value in above.items():
        there = result.get(key)
        if not (isinstance(value, Mapping) and isinstance(there, Mapping)):
            result[key] = value
            continue
        old, new = there.get("name"), value.get("name")
        is_other = new is not None and (old != new if inner else swapped(key, old, new))
        result[key] = dict(value) if is_other else _laid_over(there, value, inner=True)
    return result


def _problems(section: str, values: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with one section of an experiment; nothing where there is none."""
    table = values.get(section, {})
    if not isinstance(table, Mapping):
        return [f"{section}: expected a table [{section}], found {table!r}"]
    return structure_section(section, table)[2] if section in (*PLUGINS, *ENGINE) else []
