"""Clips of one split, on cached features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from attrs import evolve, field, frozen
from torch import Tensor

from nasframe import Batch, Split
from nasframe.runtime import to_device
from nasframe_audiovisual.features.extractor import PICTURE_INPUTS, SOUND_INPUTS

__all__ = ["FeatureSplit"]


@frozen
class FeatureSplit(Split):
    """Clips of one split. Features stay on disk, mapped into memory, with one row for each distinct stream.

    Attributes:
        features: input name → `(streams, L, channels)`, float16, shared by all splits; see `open_features`.
        pictures: row of each clip's pictures, `(clips,)`, int64.
        sounds: row of each clip's sound, `(clips,)`, int64.
        targets: `(clips, …)`, as the loss of the task takes them.
        identifiers: a name for each clip; no two splits share one.
        sampling_weights: see `nasframe.Split`.
    """

    reads_ahead: ClassVar[bool] = True

    features: Mapping[str, Tensor] = field(repr=False)
    pictures: Tensor = field(repr=False)
    sounds: Tensor = field(repr=False)
    targets: Tensor = field(repr=False)
    identifiers: Sequence[str] = field(repr=False)
    sampling_weights: Tensor | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, indices: Tensor) -> Batch:
        """Return inputs `(batch, L, channels)`, float32, and targets `(batch, …)`."""
        place = self.targets.device
        rows = dict.fromkeys(PICTURE_INPUTS, to_device(self.pictures[indices], place))
        rows |= dict.fromkeys(SOUND_INPUTS, to_device(self.sounds[indices], place))
        # half the time of `features[row]` on a processor
        inputs = {name: self.features[name].index_select(0, row).float() for name, row in rows.items()}
        return Batch(inputs, self.targets[to_device(indices, place)])

    def moved(self, move: Callable[[Tensor], Tensor]) -> FeatureSplit:
        """Return the split with its targets and features moved, these in float16 as they are."""
        features = {name: move(value) for name, value in self.features.items()}
        return evolve(self, features=features, targets=move(self.targets))
