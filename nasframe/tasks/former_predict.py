"""Tasks that still define `predict`, which `file_scorer` replaced: served for one release, with a warning."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from attrs import frozen
from torch import nn

from nasframe.tasks.file_scorer import FileScorer

__all__ = ["former_scorer"]

Predict = Callable[..., Iterator[dict[str, Any]]]


@frozen
class _FormerScorer(FileScorer):
    """Calls `predict` of a task anew for each list of files. As it promised nothing about threads, one thread
    at a time runs its code."""

    predict: Predict
    network: nn.Module
    saved: Path
    calibration: Mapping[str, float]
    device: torch.device
    lock: threading.RLock

    def score(self, files: Sequence[Path]) -> Iterator[dict[str, Any]]:
        with self.lock:
            records = iter(self.predict(self.network, files, self.saved, self.calibration, self.device))
        try:
            while True:
                with self.lock:
                    record = next(records, None)
                if record is None:
                    return
                yield record
        finally:
            close = getattr(records, "close", None)
            if close is not None:
                with self.lock:
                    close()


def former_scorer(
    kind: type,
    predict: Predict,
    network: nn.Module,
    saved: Path,
    calibration: Mapping[str, float],
    device: torch.device,
) -> FileScorer:
    """Return the scorer of a task that defines `predict`, and warn that the next release does not know it.

    Args:
        kind: the class of the task.
        predict: its method.
        network, saved, calibration, device: see `Task.file_scorer`.
    """
    warnings.warn(
        f"the task {kind.__name__} defines `predict`, which loads its files at every call and which the next "
        "release does not call; define `file_scorer`, which loads them once "
        "(docs/changes-for-plugin-authors.md)",
        FutureWarning,
        stacklevel=1,  # one place, so that Python shows it once, and not for every caller
    )
    return _FormerScorer(predict, network, saved, calibration, device, threading.RLock())
