"""The names that a document records, with the plugins that they mean now."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from nasframe.errors import PluginError
from nasframe.plugins.plugin_manager import manager
from nasframe.plugins.recorded_names import RecordedNames

__all__ = ["record_names"]


def record_names(used: Mapping[str, Mapping[str, str]] | None = None) -> RecordedNames:
    """Return the names that a document is about to record.

    Args:
        used: kind → name → plugin, where the document has these names alone; their packages are recorded.
            None is every name that now means something, and every package: the names of one plugin alone,
            and within `reading` and `written_by` those that mean one of several.
    """
    packages = manager().packages()
    if used is None:
        return RecordedNames({kind: _meant(kind) for kind in manager().kinds}, packages)
    plugins = {plugin for names in used.values() for plugin in names.values()}
    return RecordedNames(used, {name: packages[name] for name in sorted(plugins & packages.keys())})


def _meant(kind: str) -> dict[str, str]:
    """Return name → plugin, for every name of a kind that means one plugin."""
    found: dict[str, str] = {}
    for name in {entry.name: None for entry in manager().registered(kind)}:
        with suppress(PluginError):
            found[name] = manager().find(kind, name).plugin
    return found
