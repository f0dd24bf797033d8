"""The types of hooks: as much of a run, an architecture and a command line as a hook may rely on.

The real ones live in rooms above this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

__all__ = ["HookApp", "HookArchitecture", "HookRun"]


class HookArchitecture(Protocol):
    """What a hook knows of a `nasframe.Architecture`."""

    @property
    def assignment(self) -> Mapping[str, str]:
        """Choice → candidate."""
        ...

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Where it came from."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 of space and assignment."""
        ...


class HookRun(Protocol):
    """What a hook knows of a `nasframe.Run`."""

    @property
    def path(self) -> Path:
        """Of the run folder."""
        ...

    def plugin_folder(self, name: str) -> Path:
        """A folder for what plugin `name` writes."""
        ...

    def history(self, stage: str) -> list[dict[str, Any]]:
        """The lines of `metrics.jsonl` that a stage wrote, one an epoch."""
        ...


class HookApp(Protocol):
    """What a hook knows of the command line, a `cyclopts.App`."""

    def command(self, obj: Any, /) -> Any:
        """Add a command: a function, or an application with commands of its own."""
        ...
