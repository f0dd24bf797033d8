"""Clips whose features are not kept: a split of their streams, or of what a detector sees of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs
from attrs import field, frozen
from torch import Tensor

from nasframe import Batch
from nasframe_audiovisual import Extractor, ShardedRows, Standardiser, open_streams
from nasframe_deepfake.detection.clip_split import ClipSplit
from nasframe_deepfake.detection.detector import Detector

__all__ = ["LazyFeatureSplit", "StreamSplit", "lazy_features", "streams_of"]


@frozen
class StreamSplit(ClipSplit):
    """Clips of one split as their streams, from which a network with both backbones computes the rest.

    Attributes:
        pictures_of_streams: `(streams, frames, size, size, 3)`, uint8.
        sounds_of_streams: log-mel `(streams, mels, columns)`, float32.
    """

    reads_ahead: ClassVar[bool] = True

    pictures_of_streams: ShardedRows = field(kw_only=True, repr=False)
    sounds_of_streams: ShardedRows = field(kw_only=True, repr=False)

    def batch(self, indices: Tensor) -> Batch:
        """Return `pictures` `(batch, frames, size, size, 3)`, `sounds` `(batch, mels, columns)`, targets."""
        inputs = {
            "pictures": self.pictures_of_streams[self.pictures[indices]],
            "sounds": self.sounds_of_streams[self.sounds[indices]],
        }
        return Batch(inputs, self.targets[indices])

    def moved(self, move: Callable[[Tensor], Tensor]) -> StreamSplit:
        """Return the split as it is: its streams stay on the disk."""
        return self


@frozen
class LazyFeatureSplit(StreamSplit):
    """Clips of one split whose features are computed when they are read.

    Attributes:
        extractor: both backbones of the detector.
        standardiser: with the statistics of its training.
    """

    extractor: Extractor = field(kw_only=True, repr=False)
    standardiser: Standardiser = field(kw_only=True, repr=False)

    def batch(self, indices: Tensor) -> Batch:
        """Return inputs `(batch, L, channels)`, float32, as a file's are computed, and targets."""
        streams = super().batch(indices)
        pictures, sounds = streams.inputs["pictures"], streams.inputs["sounds"]
        features = {**self.extractor.pictures(pictures), **self.extractor.sounds(sounds)}
        inputs = {name: self.standardiser(name, value).float() for name, value in features.items()}
        return Batch(inputs, streams.targets)


def streams_of(split: ClipSplit, prepared: Path, further: Sequence[Path] = ()) -> StreamSplit:
    """Return the streams of the clips of a split.

    Args:
        split: whose rows are those of the arrays.
        prepared: folder of the stage `prepare`.
        further: folders with arrays whose rows follow, such as those of augmented clips.
    """
    return StreamSplit(**_parts(split, prepared, further))


def lazy_features(split: ClipSplit, detector: Detector, prepared: Path) -> LazyFeatureSplit:
    """Return the clips of a split as a detector sees them; see `streams_of`."""
    seen: dict[str, Any] = {"extractor": detector.extractor, "standardiser": detector.standardiser}
    return LazyFeatureSplit(**_parts(split, prepared, ()), **seen)


def _parts(split: ClipSplit, prepared: Path, further: Sequence[Path]) -> dict[str, Any]:
    return {
        **{part.name: getattr(split, part.name) for part in attrs.fields(ClipSplit)},
        "pictures_of_streams": open_streams(prepared, "pictures", further),
        "sounds_of_streams": open_streams(prepared, "sounds", further),
    }
