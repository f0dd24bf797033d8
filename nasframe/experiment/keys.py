"""The keys that an experiment may have."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import attrs

from nasframe.errors import MissingExtraError, PluginError
from nasframe.experiment.experiment import SETTINGS
from nasframe.experiment.sections import BASES, DEFAULT_NAMES, ENGINE, PLUGINS, class_of, made_in_python

__all__ = ["option_keys"]


def option_keys(values: Mapping[str, Any], names: Mapping[str, Collection[Any]] | None = None) -> list[str]:
    """Return every dotted key that an experiment of these values may have; unknown plugins have none.

    Args:
        values: what a TOML file holds.
        names: section → names of other plugins whose keys count too.
    """
    keys = list(SETTINGS)
    for section in PLUGINS:
        table = values.get(section, {})
        own = table.get("name", DEFAULT_NAMES.get(section)) if isinstance(table, Mapping) else None
        keys.append(f"{section}.name")
        known = [own] if isinstance(own, str) else []  # a file may hold anything there
        others = [name for name in (names or {}).get(section, ()) if isinstance(name, str)]
        for name in dict.fromkeys([*known, *others]):
            keys += _fields(made_in_python(section, name) or _plugin(section, name), section)
    for section in ENGINE:
        keys += _fields(BASES[section], section)
    return list(dict.fromkeys(keys))


def _plugin(section: str, name: Any) -> Any:
    if not isinstance(name, str):
        return None
    try:
        return class_of(section, name)
    except MissingExtraError:
        raise  # its keys are not known, so none may be called unknown
    except PluginError:
        return None


def _fields(target: Any, path: str) -> list[str]:
    if not (isinstance(target, type) and attrs.has(target)):
        return []
    if hasattr(target, "from_plain"):  # a value that TOML writes in its own way, and no table
        return []
    attrs.resolve_types(target)
    keys = []
    for item in attrs.fields(target):
        if item.init:
            keys += _fields(item.type, f"{path}.{item.name}") or [f"{path}.{item.name}"]
    return keys
