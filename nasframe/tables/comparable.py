"""Comparable scores: all that must be the same in a table and an experiment, and what differs, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasframe.errors import PluginError
from nasframe.experiment import Experiment
from nasframe.plugins import RecordedNames, manager, record_names
from nasframe.space import SearchSpace
from nasframe.tables.flat_differences import flat_differences, shown
from nasframe.tables.table import TabularBenchmark

__all__ = ["differences", "names_used", "origin_of"]


def origin_of(experiment: Experiment, space: SearchSpace, data: str) -> dict[str, Any]:
    """Return all that must be the same in an experiment and a table for their scores to be compared.

    Args:
        experiment: the one whose architectures are trained.
        space: its space, for its data.
        data: fingerprint of the data.
    """
    values = experiment.to_dict()
    return {"space": space.origin, "task": values["task"], "train": values["train"], "data": data}


def names_used(experiment: Experiment, space: SearchSpace) -> RecordedNames:
    """Return the names that a table records: of its operations, its space and its task."""
    used = {"operation": dict(sorted(space.wiring.operations.items()))}
    classes = {"space": type(experiment.space), "task": type(experiment.task)}
    for kind, target in classes.items():
        entry = manager().entry_of(kind, target)
        used[kind] = {} if entry is None else {entry.name: entry.plugin}
    return record_names(used)


def differences(table: TabularBenchmark, experiment: Experiment, space: SearchSpace, data: str) -> list[str]:
    """Return a line for each difference between a table and an experiment; see `origin_of`.

    A name is that of the plugin which the table records, so other plugins that have it since make no
    difference, and another operation of the same name makes one.
    """
    origin = origin_of(experiment, space, data)
    for section, instance in (("space", experiment.space), ("task", experiment.task)):
        name = (table.record.get(section) or {}).get("name")
        if origin[section] is not None and _means(table, section, name, type(instance)):
            origin[section] = {**origin[section], "name": name}
    found = _differences(table.record, origin)
    for name, plugin in space.wiring.operations.items():
        there = table.names.owner("operation", name)
        if there not in (None, plugin):
            found.append(f"operation {name}: that of plugin {there!r} in the table, of {plugin!r} here")
    return found


def _means(table: TabularBenchmark, kind: str, name: Any, target: type) -> bool:
    """Return True where a name in a table is that of a class."""
    try:
        with manager().reading(table.names):
            return isinstance(name, str) and manager().find(kind, name) == manager().entry_of(kind, target)
    except PluginError:
        return False


def _differences(table: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    keys = ("space", "task", "train", "data")
    return [
        f"{name}: {shown(there)} in the table, {shown(here)} here"
        for key in keys
        for name, there, here in flat_differences(table.get(key), other.get(key), key)
    ]
