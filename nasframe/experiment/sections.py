"""One section of an experiment: a plugin and its options, or options of the engine."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import attrs
import torch

from nasframe.errors import MissingExtraError, PluginError, near_names, nearest
from nasframe.options import collect
from nasframe.plugins import manager
from nasframe.relaxations import Relaxation
from nasframe.searching import GradientLoop, ProposalLoop, SearchOptions
from nasframe.space import SpaceFactory
from nasframe.tasks import DatasetTask, Task, TensorTask
from nasframe.training import BaselineOptions, TrainOptions

__all__ = [
    "BASES",
    "DEFAULT_NAMES",
    "ENGINE",
    "PLUGINS",
    "class_of",
    "made_in_python",
    "misfit",
    "name_of",
    "structure_section",
    "swapped",
    "unknown_keys",
]

PLUGINS = ("task", "space", "relaxation", "loop")
"""Sections that name a plugin."""

ENGINE = ("search", "train", "baselines")
"""Sections that hold options of the engine."""

BASES: Mapping[str, Any] = {
    "task": Task,
    "space": SpaceFactory,
    "relaxation": Relaxation,
    "loop": GradientLoop | ProposalLoop,
    "search": SearchOptions,
    "train": TrainOptions,
    "baselines": BaselineOptions,
}

_RECORDED: Mapping[type, str] = {
    TensorTask: "nasframe.task:TensorTask",
    DatasetTask: "nasframe.tasks:DatasetTask",
}
"""Names of classes in experiments, which enter fingerprints, so they stay when the class moves."""

DEFAULT_NAMES = {"relaxation": "grmc", "loop": "bilevel"}
"""Section → the name where none is given: always nasframe's own, whoever else registers it."""


def structure_section(section: str, values: Mapping[str, Any]) -> tuple[Any, str, list[str]]:
    """Return the instance of one section (None where there are problems), its plugin's name, the problems."""
    options = {key: value for key, value in values.items() if key != "name" or section in ENGINE}
    if section in ENGINE:
        instance, problems = collect(BASES[section], options, section)
        return instance, "", problems
    kind = section
    name = values.get("name", DEFAULT_NAMES.get(section))
    in_memory = made_in_python(section, name)
    if in_memory is not None and (in_memory is DatasetTask or _has_tensors(options)):
        instance, problems = collect(in_memory, options, section)
        return instance, str(name), problems
    if not isinstance(name, str):
        problem = "is missing" if name is None else f"expected a string, found {name!r}"
        valid = ", ".join(entry.name for entry in manager().registered(kind)) or "there is none"
        return None, "", [f"{section}.name: {problem}; valid: {valid}"]
    try:
        entry = manager().find(kind, name, DEFAULT_NAMES.get(section))
        target = entry.load()
    except MissingExtraError:
        raise  # no mistake of the file
    except PluginError as error:
        owner = name.rpartition(":")[0]
        # The form that `name_of` gives to what was made in Python.
        in_python = ("." in owner or owner == "__main__") and owner not in manager().names
        why = (
            f"{name!r} was made in Python and no plugin registers it, so a file cannot name it; "
            f"pass `experiment=…` in Python, or register the {section} as a plugin (docs/extending.md)"
            if in_python
            else error
        )
        return None, name, [f"{section}.name: {why}"]
    base = BASES[section]
    if not (isinstance(target, type) and issubclass(target, base) and attrs.has(target)):
        expected = f"expected a {_shown(base)} that is an attrs class"
        return None, name, [f"{section}.name: {entry} is {target!r}; {expected}"]
    instance, problems = collect(target, options, section)
    return instance, name, problems


def made_in_python(section: str, name: Any) -> type | None:
    """Return the class of the core that only Python can fill, given its name in experiments; else None."""
    found = next((cls for cls, known in _RECORDED.items() if known == name), None)
    return found if found is not None and issubclass(found, BASES[section]) else None


def _has_tensors(options: Mapping[str, Any]) -> bool:
    values = [inner for value in options.values() for inner in _inner(value)]
    return any(isinstance(value, torch.Tensor) for value in values)


def _inner(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else [value]


def swapped(section: str, old: Any, new: Any) -> bool:
    """Return True where `new` names another plugin than `old`; unknown names are compared as written."""
    if section not in PLUGINS:
        return False
    kind, default = section, DEFAULT_NAMES.get(section)
    old = old if old is not None else default
    try:
        return manager().find(kind, old, default) != manager().find(kind, new, default)
    except (PluginError, AttributeError):
        return bool(old != new)


def unknown_keys(table: Mapping[str, Any], settings: Sequence[str]) -> list[str]:
    """Return the problems of unknown keys outside every section, each with the nearest valid one."""
    valid = (*settings, *PLUGINS, *ENGINE)
    problems = []
    for key, value in table.items():
        if key in valid:
            continue
        owners = [] if isinstance(value, Mapping) else _owners(key, table, valid)
        meant = "; did you mean " + " or ".join(map(repr, owners)) + "?" if owners else nearest(key, valid)
        problems.append(f"{key}: unknown {'section' if isinstance(value, Mapping) else 'key'}{meant}")
    return problems


def _owners(key: str, table: Mapping[str, Any], valid: Sequence[str]) -> list[str]:
    """Return the dotted keys of the sections that have an option `key`; else of one whose name is near it,
    where none of the valid names is."""
    owners: dict[str, list[str]] = {}
    for section in (*PLUGINS, *ENGINE):
        values = table.get(section, {})
        name = values.get("name", DEFAULT_NAMES.get(section)) if isinstance(values, Mapping) else None
        try:
            target = BASES[section] if section in ENGINE else class_of(section, str(name))
        except MissingExtraError:
            raise
        except PluginError:
            continue
        for own in attrs.fields_dict(target) if attrs.has(target) else ():
            owners.setdefault(own, []).append(f"{section}.{own}")
    if key in owners or near_names(key, valid):
        return owners.get(key, [])
    return [dotted for own in near_names(key, owners)[:1] for dotted in owners[own]]


def class_of(section: str, name: str) -> Any:
    """Return what is registered for a section under a name.

    Raises:
        PluginError: unknown or ambiguous name.
    """
    return manager().load(section, name, DEFAULT_NAMES.get(section))


def misfit(section: str, instance: Any) -> list[str]:
    """Return the problems of an instance that was passed for a section."""
    base = BASES[section]
    if not isinstance(instance, base):
        name = "" if section in ENGINE else " or the name of one"
        return [f"{section}: expected a {_shown(base)}{name}, found {instance!r}"]
    if not attrs.has(type(instance)):
        return [f"{section}: {type(instance).__qualname__} is no attrs class, so its options are unknown"]
    return []


def _shown(base: Any) -> str:
    return " or ".join(item.__name__ for item in typing.get_args(base) or (base,))


def name_of(section: str, instance: Any) -> str:
    """Return the registered name of an instance's class, or `module:class` where it is not registered."""
    kind, cls, default = section, type(instance), DEFAULT_NAMES.get(section)
    for entry in manager().registered(kind):
        try:
            found = entry.load() is cls
        except PluginError:
            continue
        if found:
            with suppress(PluginError):
                if manager().find(kind, entry.name, default) == entry:
                    return entry.name
            return f"{entry.plugin}:{entry.name}"
    return _RECORDED.get(cls, f"{cls.__module__}:{cls.__qualname__}")
