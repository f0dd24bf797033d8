"""Clips are scored with a detector that is loaded once, several files at a time."""

from __future__ import annotations

import math
from collections.abc import Collection, Generator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from attrs import define, field
from torch import nn

from nasframe import FileScorer
from nasframe.errors import RunError
from nasframe.runtime import Cancellation, ThreadsKept, shared_copy
from nasframe_audiovisual import CLIP_PATIENCE, ClipError, NothingUsedError, Spares, in_threads
from nasframe_deepfake.detection.calibration import Calibration
from nasframe_deepfake.detection.detector import Detector
from nasframe_deepfake.detection.heads import Heads
from nasframe_deepfake.detection.streams_read import sentences_on_streams, streams_read
from nasframe_deepfake.detection.verdict import HANGS, refusal, verdict

__all__ = ["ClipScorer"]

SYNTHETIC = (
    "This detector was trained on synthetic clips alone: "
    "its answers say nothing about real people and real fakes."
)

OLDER = (
    "This detector is of an older version of nasframe: it refuses no clip that is unlike its training, long "
    "clips raise more false alarms than short ones, and it does not say whether it was trained on synthetic "
    "clips alone. Train again for that."
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
        read: the streams that the network reads; see `streams_read`.
    """

    detector: Detector
    network: nn.Module
    calibration: Calibration
    heads: Heads
    columns: Sequence[str] = field(init=False)
    read: Collection[str] = field(init=False)
    _spares: Spares[tuple[Detector, nn.Module]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        if not math.isfinite(self.calibration.threshold):
            raise RunError(
                "the threshold that the training fitted on the validation split is no finite number, so no "
                "file can be decided; train again with `nasframe train RUN --overwrite`"
            )
        self.network.to(self.detector.extractor.device).eval()
        # Threads work on different files. If they shared a layer, they would wait for each other.
        self._spares = Spares(lambda: (self.detector.for_one_thread(), shared_copy(self.network)))

    @read.default
    def _read(self) -> Collection[str]:
        return streams_read(self.network)

    @columns.default
    def _columns(self) -> Sequence[str]:
        kinds = self.heads.parts(torch.zeros(1, self.heads.outputs))
        return ("leaned_on", "score_of_pictures", "score_of_sound", *kinds, "windows", "used_seconds")

    def score(self, files: Sequence[Path]) -> Generator[dict[str, Any], None, None]:
        """Yield the answer for each file, in order; see `verdict`. Closing the iterator ends the threads, in
        the middle of a clip too."""
        return self.score_until(files, Cancellation())

    def score_until(
        self, files: Sequence[Path], cancellation: Cancellation
    ) -> Generator[dict[str, Any], None, None]:
        """Yield the answer for each file until nobody waits any more, which is seen within a clip too."""
        own = Cancellation(lambda: cancellation.is_cancelled)  # the caller's is not ours to cancel
        with _ONE_THREAD:
            yield from in_threads(
                partial(self._answer, own),
                files,
                cancellation=own,
                patience=CLIP_PATIENCE,
                lost=lambda file, end: refusal(file, HANGS, f"cannot be scored, its decoding {end}"),
            )

    def _answer(self, cancellation: Cancellation, file: Path) -> dict[str, Any]:
        torch.set_num_threads(1)  # of this thread
        try:
            with self._spares.borrowed() as (detector, network):
                scores = detector.score(network, file, self.heads, cancellation)
        except NothingUsedError as error:
            return refusal(file, error.reason, error.message, error.left_out)
        except ClipError as error:
            # An error is a result too: the other files are still scored.
            return refusal(file, error.reason, error.message)
        return verdict(file, scores, self.calibration, self.notes, self.read)

    @property
    def notes(self) -> Sequence[str]:
        """Sentences on the detector that go with whatever it says."""
        synthetic = self.detector.synthetic
        on_training = (OLDER,) if synthetic is None else (SYNTHETIC,) if synthetic else ()
        return (*on_training, *sentences_on_streams(self.read))


_ONE_THREAD = ThreadsKept(torch.get_num_threads, torch.set_num_threads)
"""Those of torch, one while files are scored: the number of one of its libraries is that of the process."""
