"""The types of hooks: as much of a run, an architecture and a command line as a hook may rely on.

The classes themselves are in packages above this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

__all__ = ["HookApp", "HookArchitecture", "HookRun"]


@runtime_checkable
class HookArchitecture(Protocol):
    """The part of a `nasframe.Architecture` on which a hook may rely."""

    @property
    def assignment(self) -> Mapping[str, str]:
        """Choice → candidate."""
        ...

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Its origin: seed, relaxation, data, versions."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 of space and assignment."""
        ...


class HookRun(Protocol):
    """The part of a `nasframe.Run` on which a hook may rely."""

    @property
    def path(self) -> Path:
        """The run folder."""
        ...

    @property
    def test(self) -> dict[str, Any] | None:
        """The metrics on the test split; None before they are there."""
        ...

    def plugin_folder(self, name: str) -> Path:
        """Return the folder in which plugin `name` may write."""
        ...

    def history(self, stage: str) -> list[dict[str, Any]]:
        """Return the lines of `metrics.jsonl` that a stage wrote, one an epoch."""
        ...


class HookApp(Protocol):
    """The part of the command line, a `cyclopts.App`, on which a hook may rely."""

    def command(self, obj: Any, /) -> Any:
        """Add a command: a function, or an application with commands of its own."""
        ...
