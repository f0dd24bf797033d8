"""Clips are scored with a detector that is loaded once, several files at a time."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from attrs import define, field
from torch import nn

from nasframe import FileScorer
from nasframe.errors import RunError
from nasframe_audiovisual import ClipError, in_threads
from nasframe_deepfake.detection.calibration import Calibration
from nasframe_deepfake.detection.detector import Detector, shared_copy
from nasframe_deepfake.detection.heads import Heads
from nasframe_deepfake.detection.verdict import refusal, verdict

__all__ = ["ClipScorer"]

SYNTHETIC = (
    "This detector was trained on synthetic clips alone: "
    "its answers say nothing about real people and real fakes."
)


@define
class ClipScorer(FileScorer):
    """Scores clips by a detector, each in one thread and separately.

    So a score depends neither on the other files nor on their order or the number of cores.

    Attributes:
        detector: the steps from a file to the inputs of the network.
        network: the searched one.
        calibration: of the network.
        heads: of the network.
        columns: see `FileScorer`.
    """

    detector: Detector
    network: nn.Module
    calibration: Calibration
    heads: Heads
    columns: Sequence[str] = field(init=False)
    _local: threading.local = field(init=False, factory=threading.local)

    def __attrs_post_init__(self) -> None:
        if not math.isfinite(self.calibration.threshold):
            raise RunError(
                "the threshold that the training fitted on the validation split is no finite number, so no "
                "file can be decided; train again with `nasframe train RUN --overwrite`"
            )
        self.network.to(self.detector.extractor.device).eval()

    @columns.default
    def _columns(self) -> Sequence[str]:
        kinds = self.heads.parts(torch.zeros(1, self.heads.outputs))
        return ("leaned_on", "score_of_pictures", "score_of_sound", *kinds, "windows", "used_seconds")

    def score(self, files: Sequence[Path]) -> Iterator[dict[str, Any]]:
        """Yield the answer for each file, in order; see `verdict`. Closing the iterator ends the threads."""
        with _ONE_THREAD:
            yield from in_threads(self._answer, files)

    def _answer(self, file: Path) -> dict[str, Any]:
        if not hasattr(self._local, "networks"):
            # Threads work on different files. If they shared a layer, they would wait for each other.
            torch.set_num_threads(1)
            self._local.networks = self.detector.for_one_thread(), shared_copy(self.network)
        detector, network = self._local.networks
        try:
            scores = detector.score(network, file, self.heads)
        except ClipError as error:
            # An error is a result too: the other files are still scored.
            return refusal(file, error.reason, error.message)
        return verdict(file, scores, self.calibration, (SYNTHETIC,) if detector.synthetic else ())


class _Threads:
    """The number of torch's threads, one while files are scored anywhere in this process.

    That of one of its libraries is that of the whole process, so the last call restores what the first found.
    """

    def __init__(self) -> None:
        self._lock, self._calls, self._before = threading.Lock(), 0, 1

    def __enter__(self) -> None:
        with self._lock:
            if self._calls == 0:
                self._before = torch.get_num_threads()
            self._calls += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._calls -= 1
            if self._calls == 0:
                torch.set_num_threads(self._before)


_ONE_THREAD = _Threads()
