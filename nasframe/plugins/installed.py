"""The entry points that installed packages declare."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from importlib.metadata import Distribution, EntryPoint
from weakref import WeakKeyDictionary

from nasframe.plugins.hookspecs import PROJECT
from nasframe.plugins.source_location import in_brackets

__all__ = ["installed", "name_and_version", "own_plugins", "package_of", "version_of"]

_known: WeakKeyDictionary[Distribution, tuple[str, str]] = WeakKeyDictionary()


def installed() -> list[EntryPoint]:
    """Return every entry point of the group, by name; of one name nasframe's own first, then by package."""
    points = importlib.metadata.entry_points(group=PROJECT)
    return sorted(points, key=lambda point: (point.name, _package(point) != PROJECT, _package(point)))


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
