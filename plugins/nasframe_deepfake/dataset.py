"""The four splits over the cached features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
import torch
from attrs import field, frozen
from torch import Tensor

from nasframe import Batch, Data, Split, Splits
from nasframe.errors import DataError
from nasframe_deepfake.array_files import open_rows
from nasframe_deepfake.clip_index import PreparedClip, read_index
from nasframe_deepfake.features import PICTURE_INPUTS, SOUND_INPUTS
from nasframe_deepfake.heads import LABELS, Heads
from nasframe_deepfake.pairing import Pairings, pairings_of
from nasframe_deepfake.splits import SPLITS

__all__ = ["ClipSplit", "load_data"]


@frozen
class ClipSplit(Split):
    """Clips of one split. Features stay on disk, mapped into memory, one row a distinct stream.

    Attributes:
        features: input name → `(streams, L, channels)`, float16, shared by all splits.
        pictures: row of each clip's pictures, `(clips,)`.
        sounds: row of each clip's sound, `(clips,)`.
        targets: `(clips, 4)`, 0 or 1; the columns are LABELS.
        categories: of each clip.
        identifiers: paths of the clips.
        sampling_weights: see `nasframe.Split`.
        pairings: what `redrawn` draws anew; None: nothing.
    """

    features: Mapping[str, Tensor] = field(repr=False)
    pictures: Tensor = field(repr=False)
    sounds: Tensor = field(repr=False)
    targets: Tensor = field(repr=False)
    categories: Sequence[str] = field(repr=False)
    identifiers: Sequence[str] = field(repr=False)
    sampling_weights: Tensor | None = field(default=None, repr=False)
    pairings: Pairings | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, indices: Tensor) -> Batch:
        """Inputs `(batch, L, channels)` and targets `(batch, 4)`."""
        rows = dict.fromkeys(PICTURE_INPUTS, self.pictures[indices])
        rows |= dict.fromkeys(SOUND_INPUTS, self.sounds[indices])
        inputs = {name: self.features[name][row].float() for name, row in rows.items()}
        return Batch(inputs, self.targets[indices])

    def redrawn(self, random: torch.Generator) -> ClipSplit:
        """The split with other false pairings, each of the same person as before."""
        if self.pairings is None:
            return self
        pictures, sounds = self.pairings.draw(random)
        return attrs.evolve(
            self,
            pictures=self.pictures.index_copy(0, self.pairings.places, pictures),
            sounds=self.sounds.index_copy(0, self.pairings.places, sounds),
        )


def load_data(
    prepared: Path,
    features: Path,
    heads: Heads,
    categories: Sequence[str],
    *,
    pairing_share: float | None,
    redraw: bool,
) -> Data:
    """What a search needs, from the folders of the stages `prepare` and `features`.

    Training draws genuine and fake clips equally often. The test split is put together when it is asked for.

    Args:
        heads: decide the number of outputs.
        categories: of the fakes that are seen.
        pairing_share: of false pairings among the fakes that training draws; None: as many as there are.
        redraw: whether training sees other false pairings every epoch.

    Raises:
        DataError: a split has no clip of these categories, or no genuine one.
    """
    seen = ("RV-RA", *categories)
    entries = [entry for entry in read_index(prepared / "index.csv") if entry.category in seen]
    for name in SPLITS:
        if {entry.fake for entry in entries if entry.split == name} != {0, 1}:
            raise DataError(f"the split {name!r} lacks genuine clips, or fakes of {', '.join(categories)}")
    mapped = {
        name: torch.from_numpy(open_rows(features / f"{name}.npy")) for name in PICTURE_INPUTS + SOUND_INPUTS
    }

    def split(name: str) -> ClipSplit:
        return _split(mapped, [entry for entry in entries if entry.split == name])

    def training(name: str) -> ClipSplit:
        here = [entry for entry in entries if entry.split == name]
        return attrs.evolve(
            _split(mapped, here),
            sampling_weights=_balanced(here, pairing_share),
            pairings=pairings_of(here) if redraw else None,
        )

    return Data(
        inputs={name: tuple(values.shape[1:]) for name, values in mapped.items()},
        outputs=heads.outputs,
        splits=Splits(
            training("weights"), training("architecture"), split("validation"), lambda: split("test")
        ),
    )


def _split(features: Mapping[str, Tensor], entries: Sequence[PreparedClip]) -> ClipSplit:
    return ClipSplit(
        features,
        torch.tensor([entry.picture for entry in entries]),
        torch.tensor([entry.sound for entry in entries]),
        torch.tensor([[float(getattr(entry, label)) for label in LABELS] for entry in entries]),
        [entry.category for entry in entries],
        [entry.path for entry in entries],
    )


def _balanced(entries: Sequence[PreparedClip], pairing_share: float | None) -> Tensor:
    """Weights `(clips,)`: half for the genuine clips, half for the fakes, `pairing_share` of it for the false
    pairings; what has no clip leaves its part to the others."""
    kind = torch.tensor([2 if entry.false_pairing else entry.fake for entry in entries])
    counts = torch.bincount(kind, minlength=3)
    fakes = counts[1:].double() / counts[1:].sum().clamp(min=1)
    if pairing_share is not None and bool((counts[1:] > 0).all()):
        fakes = torch.tensor([1 - pairing_share, pairing_share], dtype=torch.float64)
    parts = torch.cat([torch.ones(1, dtype=torch.float64), fakes])
    return (0.5 * parts / counts.clamp(min=1))[kind].float()
