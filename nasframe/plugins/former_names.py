"""Modules of nasframe that have moved, for plugins that still import them by their old names."""

from __future__ import annotations

from collections.abc import Mapping

from nasframe.former_names import FORMER_NAMES

__all__ = ["FORMER_MODULES", "moved_to"]

_PAGES: Mapping[str, tuple[str, ...]] = {
    "nasframe": (
        *("api", "architecture", "builtins", "derive", "hookspecs", "module_keys", "run", "size"),
        *("stages", "task"),
    ),
    "nasframe.jobs": tuple(
        f"studies.{name}"
        for name in ("cells", "crew", "execution", "failures", "forkserver", "queue", "worker")
    ),
    "nasframe.runtime": ("files", "locks", "processor", "progress", "seeding", "threads"),
    "nasframe.runtime and nasframe.display": ("cli.output",),
}
FORMER_MODULES = {f"nasframe.{name}": page for page, names in _PAGES.items() for name in names}
"""Former module → the public page from which a plugin imports its names now."""

_OWN_PAGES = ("display", "errors", "jobs", "options", "relaxations", "runtime", "testing")
"""Packages of nasframe that plugins import from; the names of all others are on the page `nasframe`."""

_HOW = "; docs/changes-for-plugin-authors.md shows how"


def moved_to(error: BaseException) -> str:
    """Return the end of the message of an import that failed, where a module of nasframe or its name is gone.

    It names the public page that has its names now, or the plugin that it is now:
    `; the names of nasframe.files are now imported from nasframe.runtime; …`. Empty for any other error.
    """
    module = (error.name or "") if isinstance(error, ImportError) else ""
    if module in FORMER_MODULES and isinstance(error, ModuleNotFoundError):
        return f"; the names of {module} are now imported from {FORMER_MODULES[module]}{_HOW}"
    parts = module.split(".")
    if parts[0] != "nasframe" or len(parts) < 3:
        return ""
    package = f"nasframe.{parts[1]}"
    plugin = next((plugin for plugin, places in FORMER_NAMES.items() if package in places), "nasframe")
    if plugin != "nasframe":
        return f"; {package} is now the plugin {plugin}"
    page = package if parts[1] in _OWN_PAGES else "nasframe"
    return f"; the names of {module} are now imported from {page}{_HOW}"
