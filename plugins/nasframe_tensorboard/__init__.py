"""A search in TensorBoard: losses, metrics, entropies and a picture of the network, after every epoch.

It is on if the extra `tensorboard` is installed and the search has a run folder; `NASFRAME_TENSORBOARD=0`
turns it off. It writes to `plugins/nasframe_tensorboard/` in the run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasframe import hookimpl

if TYPE_CHECKING:
    from nasframe import Architecture, Run, SearchSpace
    from nasframe_tensorboard.event_file import EventFile

__all__: list[str] = []

NAME = "nasframe_tensorboard"
NASFRAME_EXTRA = "tensorboard"

_event_files: dict[Path, EventFile] = {}  # run folder → event file, of running searches


@hookimpl
def search_started(run: Run | None, space: SearchSpace) -> None:
    if run is None or not _is_on():
        return
    from nasframe_tensorboard.event_file import EventFile

    _close(run)
    _event_files[run.path.resolve()] = EventFile.begin(run, space, run.plugin_folder(NAME))


@hookimpl
def search_epoch(run: Run | None, record: Mapping[str, Any]) -> None:
    event_file = _event_file(run)
    if event_file is not None:
        event_file.epoch(record)


@hookimpl
def search_trial(run: Run | None, record: Mapping[str, Any]) -> None:
    event_file = _event_file(run)
    if event_file is not None:
        event_file.trial(record)


@hookimpl
def architecture_derived(run: Run | None, architecture: Architecture) -> None:
    event_file = _event_file(run)
    if event_file is not None:
        event_file.derived(architecture)


@hookimpl
def search_finished(run: Run | None) -> None:
    if run is not None:
        _close(run)


def _is_on() -> bool:
    return os.environ.get("NASFRAME_TENSORBOARD") != "0"


def _event_file(run: Run | None) -> EventFile | None:
    return None if run is None else _event_files.get(run.path.resolve())


def _close(run: Run) -> None:
    event_file = _event_files.pop(run.path.resolve(), None)
    if event_file is not None:
        event_file.close()
