"""The entry points that installed packages declare."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from weakref import WeakKeyDictionary

from nasframe.plugins.hookspecs import PROJECT
from nasframe.plugins.source_location import in_brackets

__all__ = ["installed", "name_and_version", "own_plugins", "package_of", "version_of"]

_known: WeakKeyDictionary[Distribution, tuple[str, str]] = WeakKeyDictionary()


def installed() -> list[EntryPoint]:
    """Return every entry point of the group, by name; of one name nasframe's own first, then by package."""
    folders = map(os.path.abspath, sys.path)
    return [*_installed_in(tuple((folder, _changed(folder)) for folder in folders))]


@functools.lru_cache(maxsize=1)
def _installed_in(folders: Sequence[tuple[str, int]]) -> Sequence[EntryPoint]:
    """To look takes some 10 ms, for the lists of all packages are read; a run would look ten times."""
    points = importlib.metadata.entry_points(group=PROJECT)
    return sorted(points, key=lambda point: (point.name, _package(point) != PROJECT, _package(point)))


def _changed(folder: str) -> int:
    """Return when something last came into a folder, as a package does, or went out of it; 0 without one."""
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return 0


def own_plugins() -> list[str]:
    """Return the plugins that nasframe's own package installs."""
    return [point.name for point in installed() if _package(point) == PROJECT]


def package_of(point: EntryPoint) -> str | None:
    """Return the package that declares an entry point, with its version; None without metadata."""
    if point.dist is None:
        return None
    name, version = name_and_version(point.dist)
    return f"{name} {version}"


def version_of(point: EntryPoint) -> str:
    """Return the package that declares an entry point, its version, and the file of the plugin."""
    version = "" if point.dist is None else f" {name_and_version(point.dist)[1]}"
    return f"{_package(point) or 'a package without metadata'}{version}{in_brackets(_file(point))}"


def _file(point: EntryPoint) -> str | None:
    try:
        found = importlib.util.find_spec(point.module)
    except (ImportError, ValueError):
        return None
    return None if found is None else found.origin


def _package(point: EntryPoint) -> str:
    return "" if point.dist is None else name_and_version(point.dist)[0]


def name_and_version(package: Distribution) -> tuple[str, str]:
    """Return both from the metadata of a package, which are read and parsed once for each look at what is
    installed, and not for each plugin."""
    if package not in _known:
        metadata = package.metadata
        _known[package] = metadata["Name"], metadata["Version"]
    return _known[package]
