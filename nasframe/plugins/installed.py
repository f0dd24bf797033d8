"""The entry points that installed packages declare."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from importlib.metadata import EntryPoint

from nasframe.plugins.hookspecs import PROJECT
from nasframe.plugins.source_location import in_brackets

__all__ = ["installed", "own_plugins", "package_of", "version_of"]


def installed() -> list[EntryPoint]:
    """Return every entry point of the group, by name; of one name nasframe's own first, then by package."""
    points = importlib.metadata.entry_points(group=PROJECT)
    return sorted(points, key=lambda point: (point.name, _package(point) != PROJECT, _package(point)))


def own_plugins() -> list[str]:
    """Return the plugins that nasframe's own package installs."""
    return [point.name for point in installed() if _package(point) == PROJECT]


def package_of(point: EntryPoint) -> str | None:
    """Return the package that declares an entry point, with its version; None without metadata."""
    return None if point.dist is None else f"{point.dist.name} {point.dist.version}"


def version_of(point: EntryPoint) -> str:
    """Return the package that declares an entry point, its version, and the file of the plugin."""
    version = "" if point.dist is None else f" {point.dist.version}"
    return f"{_package(point) or 'a package without metadata'}{version}{in_brackets(_file(point))}"


def _file(point: EntryPoint) -> str | None:
    try:
        found = importlib.util.find_spec(point.module)
    except (ImportError, ValueError):
        return None
    return None if found is None else found.origin


def _package(point: EntryPoint) -> str:
    return "" if point.dist is None else point.dist.name
