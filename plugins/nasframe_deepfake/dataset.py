"""The four splits over the cached features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from attrs import field, frozen
from torch import Tensor

from nasframe import Batch, Data, Splits
from nasframe_deepfake.arrays import open_rows
from nasframe_deepfake.features import PICTURE_INPUTS, SOUND_INPUTS
from nasframe_deepfake.index import Entry, read_index

__all__ = ["ClipSplit", "load_data"]


@frozen
class ClipSplit:
    """Clips of one split. Features stay on disk, mapped into memory, one row a distinct stream.

    Attributes:
        features: input name → `(streams, L, channels)`, shared by all splits.
        pictures: row of each clip's pictures, `(clips,)`.
        sounds: row of each clip's sound, `(clips,)`.
        targets: 1.0 fake, 0.0 genuine, `(clips,)`.
        categories: of each clip.
        identifiers: paths of the clips.
        sampling_weights: see `nasframe.Split`.
    """

    features: Mapping[str, Tensor] = field(repr=False)
    pictures: Tensor = field(repr=False)
    sounds: Tensor = field(repr=False)
    targets: Tensor = field(repr=False)
    categories: Sequence[str] = field(repr=False)
    identifiers: Sequence[str] = field(repr=False)
    sampling_weights: Tensor | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, indices: Tensor) -> Batch:
        """Inputs `(batch, L, channels)` and targets `(batch,)`."""
        rows = dict.fromkeys(PICTURE_INPUTS, self.pictures[indices])
        rows |= dict.fromkeys(SOUND_INPUTS, self.sounds[indices])
        inputs = {name: self.features[name][row] for name, row in rows.items()}
        return Batch(inputs, self.targets[indices])


def load_data(prepared: Path, features: Path) -> Data:
    """What a search needs, from the folders of the stages `prepare` and `features`.

    Training draws genuine and fake clips equally often. The test split is put together when it is asked for.
    """
    entries = read_index(prepared / "index.csv")
    mapped = {
        name: torch.from_numpy(open_rows(features / f"{name}.npy")) for name in PICTURE_INPUTS + SOUND_INPUTS
    }

    def split(name: str, balanced: bool = False) -> ClipSplit:
        return _split(mapped, [entry for entry in entries if entry.split == name], balanced)

    return Data(
        inputs={name: tuple(values.shape[1:]) for name, values in mapped.items()},
        outputs=1,
        splits=Splits(
            split("weights", balanced=True),
            split("architecture", balanced=True),
            split("validation"),
            lambda: split("test"),
        ),
    )


def _split(features: Mapping[str, Tensor], entries: Sequence[Entry], balanced: bool) -> ClipSplit:
    fake = torch.tensor([entry.fake for entry in entries])
    counts = torch.bincount(fake, minlength=2).clamp(min=1)
    return ClipSplit(
        features,
        torch.tensor([entry.picture for entry in entries]),
        torch.tensor([entry.sound for entry in entries]),
        fake.float(),
        [entry.category for entry in entries],
        [entry.path for entry in entries],
        (0.5 / counts)[fake] if balanced else None,
    )
