"""Modules of nasframe that have moved, for plugins that still import them by their old names."""

from __future__ import annotations

from collections.abc import Mapping

from nasframe.former_names import FORMER_NAMES

__all__ = ["FORMER_MODULES", "moved_to"]

_PAGES: Mapping[str, tuple[str, ...]] = {
    "nasframe.jobs": tuple(
        f"studies.{name}"
        for name in ("cells", "crew", "execution", "failures", "forkserver", "queue", "worker")
    ),
    "nasframe.network": ("module_keys",),
    "nasframe.pipeline": ("api",),
    "nasframe.plugins": ("builtins", "hookspecs"),
    "nasframe.runs": ("run",),
    "nasframe.runs, nasframe.searching and nasframe.training": ("loops",),
    "nasframe.runtime": ("cli.output", "files", "locks", "processor", "progress", "seeding", "threads"),
    "nasframe.searching": ("derive",),
    "nasframe.space": ("architecture",),
    "nasframe.supernet": ("size",),
    "nasframe.tasks": ("stages", "task"),
}
FORMER_MODULES = {f"nasframe.{name}": page for page, names in _PAGES.items() for name in names}
"""Old module → the page where its names are now; of those that moved to another package."""

_WHERE = ", and docs/extending.md lists the public names"


def moved_to(error: BaseException) -> str:
    """Return `; nasframe.files is now part of nasframe.runtime`, to end the message of an import that failed.

    For a file of a package that is gone, or has lost a name, it says to import from the package itself, or
    names the plugin that the package is now. Empty for any other error.
    """
    module = (error.name or "") if isinstance(error, ImportError) else ""
    if module in FORMER_MODULES and isinstance(error, ModuleNotFoundError):
        return f"; {module} is now part of {FORMER_MODULES[module]}{_WHERE}"
    parts = module.split(".")
    if parts[0] != "nasframe" or len(parts) < 3:
        return ""
    page = f"nasframe.{parts[1]}"
    plugin = next((plugin for plugin, places in FORMER_NAMES.items() if page in places), None)
    if plugin is not None:
        return f"; {page} is now the plugin {plugin}"
    return f"; the names of {page} are imported from {page} itself{_WHERE}"
