"""The packages and the versions of the registered plugins, for the record of a run."""

from __future__ import annotations

from nasframe.plugins.installed import installed, name_and_version, package_of
from nasframe.plugins.registry import PluginRegistry

__all__ = ["packages_of", "versions_of"]


def versions_of(registry: PluginRegistry) -> dict[str, str]:
    """Return plugin → the version of the distribution that installs it, by name; none for files."""
    found: dict[str, str] = {}
    for point in installed():
        if point.dist is not None and point.name in registry and point.name not in registry.files:
            found.setdefault(point.name, name_and_version(point.dist)[1])
    return dict(sorted(found.items()))


def packages_of(registry: PluginRegistry) -> dict[str, str]:
    """Return plugin → its package with the version, or the name of its file; not those made in Python."""
    found = {name: file.name for name, file in registry.files.items()}
    for point in installed():
        package = package_of(point)
        if package is not None and point.name in registry:
            found.setdefault(point.name, package)
    return found
