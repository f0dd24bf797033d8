"""The plugins of a run for its record; a run loads none by itself."""

from __future__ import annotations

from collections.abc import Mapping

from nasframe.plugins import manager

__all__ = ["changed_plugins", "missing_plugins", "plugin_record"]


def plugin_record() -> dict[str, dict[str, str | None]]:
    """Return version and hash of every registered plugin, None where it has none; and its file where it is
    one file."""
    plugins = manager()
    versions, packages = plugins.versions(), plugins.packages()
    record = {
        name: {"version": versions.get(name), "sha256": plugins.code_of(name)} for name in plugins.names
    }
    for name in record.keys() & packages.keys():
        record[name]["package"] = packages[name]
    for name, file in plugins.files.items():
        record[name]["file"] = str(file.resolve())
    return record


def changed_plugins(record: Mapping[str, Mapping[str, str | None]]) -> list[str]:
    """Return the registered plugins whose code is not the one in a record."""
    plugins = manager()
    here = {*plugins.names}
    return [
        name for name, then in record.items() if name in here and plugins.code_of(name) != then.get("sha256")
    ]


def missing_plugins(record: Mapping[str, Mapping[str, str | None]]) -> list[str]:
    """Return the plugins of a record that are not registered here."""
    return sorted(record.keys() - {*manager().names})
