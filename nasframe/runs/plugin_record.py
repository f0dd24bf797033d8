"""The plugins of a run, and the names they register, for its record; a run loads none by itself."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nasframe.errors import PluginError
from nasframe.plugins import RecordedNames, manager

__all__ = ["changed_plugins", "missing_plugins", "name_record", "names_of", "plugin_record"]


def plugin_record() -> dict[str, dict[str, str | None]]:
    """Return version and hash of every registered plugin, None where it has none; and its file where it is
    one file."""
    plugins = manager()
    versions, packages = plugins.versions(), plugins.packages()
    record = {
        name: {"version": versions.get(name), "sha256": _digest(plugins.module(name))}
        for name in plugins.names
    }
    for name in record.keys() & packages.keys():
        record[name]["package"] = packages[name]
    for name, file in plugins.files.items():
        record[name]["file"] = str(file.resolve())
    return record


def changed_plugins(record: Mapping[str, Mapping[str, str | None]]) -> list[str]:
    """Return the registered plugins whose code is not the one in a record."""
    now = plugin_record()
    return [name for name, then in record.items() if name in now and now[name]["sha256"] != then["sha256"]]


def missing_plugins(record: Mapping[str, Mapping[str, str | None]]) -> list[str]:
    """Return the plugins of a record that are not registered here."""
    return sorted(record.keys() - {*manager().names})


def name_record() -> dict[str, dict[str, str]]:
    """Return kind → name → plugin, for every name that now means something: the names of one plugin alone,
    and within `reading` and `written_by` those that mean one of several."""
    found: dict[str, dict[str, str]] = {}
    for kind in manager().kinds:
        found[kind] = {}
        for name in {entry.name: None for entry in manager().registered(kind)}:
            with suppress(PluginError):
                found[kind][name] = manager().find(kind, name).plugin
    return found


def names_of(record: Mapping[str, Any]) -> RecordedNames:
    """Return the names in a run, with the plugins that `run.json` holds; none in a run that is older."""
    packages = {
        name: found.get("file") or found.get("package") or "" for name, found in record["plugins"].items()
    }
    return RecordedNames(record.get("names", {}), packages)


def _digest(module: Any) -> str | None:
    """Return the SHA-256 of a module's file, or of names and contents of all Python files of a package.

    The packages that a plugin names in `NASFRAME_LIBRARIES` are a part of it.
    """
    folders = [Path(folder) for folder in getattr(module, "__path__", ())]
    for name in getattr(module, "NASFRAME_LIBRARIES", ()):
        library = importlib.util.find_spec(name)
        folders += [Path(folder) for folder in (library and library.submodule_search_locations) or ()]
    files = [
        (file.relative_to(folder).as_posix(), file)
        for folder in folders
        for file in sorted(folder.rglob("*.py"))
    ]
    if not hasattr(module, "__path__") and isinstance(getattr(module, "__file__", None), str):
        files.append((Path(module.__file__).name, Path(module.__file__)))
    files = [(name, file) for name, file in files if file.is_file()]
    if not files:
        return None
    digest = hashlib.sha256()
    for name, file in files:
        content = file.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
