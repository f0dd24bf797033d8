"""Hooks of the life cycle that describe the search in a text file in the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasframe import Architecture, Run, hookimpl

__all__ = ["architecture_derived", "search_epoch", "search_started"]


def _write(run: Run | None, line: str) -> None:
    if run is not None:
        folder = run.plugin_folder("nasframe_plugin_example")
        with (folder / "journal.md").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


@hookimpl
def search_started(run: Run | None, space: Any, relaxation: Any) -> None:
    if run is not None and run.history("search"):  # an interrupted search goes on
        _write(run, "\nIt was interrupted, and goes on.\n")
        return
    _write(run, f"# A search of {space.how_many().in_words}, by {type(relaxation).__name__}\n")


@hookimpl
def search_epoch(run: Run | None, epoch: int, record: Mapping[str, Any]) -> None:
    entropies = ", ".join(f"{group} {value:.2f}" for group, value in record["entropy"].items())
    _write(run, f"- epoch {epoch + 1}: entropy {entropies}")


@hookimpl
def architecture_derived(run: Run | None, architecture: Architecture) -> None:
    _write(run, f"\nIt chose {architecture.fingerprint[:12]}.")
