"""The entry points that installed packages declare."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from importlib.metadata import EntryPoint

from nasframe.plugins.hookspecs import PROJECT
from nasframe.plugins.source_location import in_brackets

__all__ = ["installed", "version_of"]


def installed() -> list[EntryPoint]:
    """Return every entry point of the group, by name; of one name nasframe's own first, then by package."""
    points = importlib.metadata.entry_points(group=PROJECT)
    return sorted(points, key=lambda point: (point.name, _package(point) != PROJECT, _package(point)))


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
