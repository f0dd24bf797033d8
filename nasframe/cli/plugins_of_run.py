"""What a run was made with and this machine lacks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasframe.errors import NasframeError, RunError
from nasframe.plugins import manager

__all__ = ["naming_missing_plugins"]


@contextmanager
def naming_missing_plugins(run: Path) -> Iterator[None]:
    """Add to an error about an unknown name the plugins that the run was made with and that are not here."""
    try:
        yield
    except NasframeError as error:
        missing = _missing(run) if "unknown" in str(error) else []
        if not missing:
            raise
        raise RunError("\n  ".join([str(error), *missing])) from error


def _missing(run: Path) -> list[str]:
    from nasframe.run import Run

    try:
        recorded = Run.open(run).record.get("plugins", {})
    except NasframeError:
        return []
    plugins, lines = manager(), []
    for name in sorted(recorded.keys() - {*plugins.names}):
        version = (recorded[name] or {}).get("version")
        what = f"{name!r}{f' ({version})' if version else ''}"
        why = f"which {plugins.failed[name]}" if name in plugins.failed else "which is not installed"
        lines.append(f"{run} was made with the plugin {what}, {why}")
    return lines
