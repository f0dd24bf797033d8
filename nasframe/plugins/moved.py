"""Modules of nasframe that have moved, for plugins that still import them by their old names."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["MOVED", "moved_to"]

_PAGES: Mapping[str, tuple[str, ...]] = {
    "nasframe.jobs": tuple(
        f"studies.{name}"
        for name in ("cells", "crew", "execution", "failures", "forkserver", "queue", "worker")
    ),
    "nasframe.network": ("module_keys",),
    "nasframe.pipeline": ("api",),
    "nasframe.plugins": ("builtins", "hookspecs"),
    "nasframe.relaxations": tuple(
        f"relaxations.{name}"
        for name in ("base", "conditional", "contract", "exact", "grmc", "pair", "quadrature", "race")
    ),
    "nasframe.runs": ("run",),
    "nasframe.runtime": ("files", "locks", "processor", "progress", "seeding", "threads"),
    "nasframe.searching": ("derive",),
    "nasframe.searching and nasframe.training": ("loops",),
    "nasframe.space": ("architecture",),
    "nasframe.supernet": ("size",),
    "nasframe.tasks": ("stages", "task"),
}
MOVED = {f"nasframe.{name}": page for page, names in _PAGES.items() for name in names}
"""Old module → the page where its names are now."""


def moved_to(error: BaseException) -> str:
    """Return `; nasframe.files is now part of nasframe.runtime`, to end the message of an import that failed.

    Empty where the error is another one than that a module which has moved was not found.
    """
    if not isinstance(error, ModuleNotFoundError) or error.name not in MOVED:
        return ""
    return f"; {error.name} is now part of {MOVED[error.name]}"
