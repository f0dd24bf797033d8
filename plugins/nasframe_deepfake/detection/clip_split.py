"""The four splits of the clips, on cached features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import attrs
import torch
from attrs import field, frozen
from torch import Tensor

from nasframe import Data, Splits
from nasframe.errors import DataError
from nasframe_audiovisual import SPLITS, FeatureSplit, open_features
from nasframe_deepfake.datasets import GENUINE
from nasframe_deepfake.detection.copies import Copies, copies_of
from nasframe_deepfake.detection.heads import LABELS, Heads
from nasframe_deepfake.detection.pairing import Pairings, pairings_of
from nasframe_deepfake.preparation import PreparedClip, read_copies, read_index

__all__ = ["ClipSplit", "clip_split", "load_data"]


@frozen
class ClipSplit(FeatureSplit):
    """Clips of one split, with targets `(clips, 4)`, 0 or 1, whose columns are LABELS.

    Attributes:
        categories: of each clip.
        methods: by which each clip was made.
        people: name of the person who is seen in each clip.
        sets: folder of the data set of each clip, where several are combined; else empty texts.
        nameless: 1 for a clip whose data set names nobody, else 0.
        pairings: the false pairings that `redrawn` draws anew; None: none.
        copies: augmented copies, from which `redrawn` draws; None: none. Only training has them.
    """

    reads_ahead: ClassVar[bool] = True

    categories: Sequence[str] = field(default=(), repr=False)
    methods: Sequence[str] = field(default=(), repr=False)
    people: Sequence[str] = field(default=(), repr=False)
    sets: Sequence[str] = field(default=(), repr=False)
    nameless: Sequence[int] = field(default=(), repr=False)
    pairings: Pairings | None = field(default=None, repr=False)
    copies: Copies | None = field(default=None, repr=False)

    def redrawn(self, random: torch.Generator) -> ClipSplit:
        """Return the split with other false pairings, each of the same person as before.

        Where there are augmented copies, each clip is itself or one of them, and each stream of a false
        pairing is that of a genuine clip or of its copy.
        """
        if self.copies is not None:
            pictured, heard = (torch.arange(len(self)) for _ in range(2))
            if self.pairings is not None and self.pairings.genuine is not None:
                picture, sound = self.pairings.draw_clips(random)
                pictured[self.pairings.places] = self.pairings.genuine[picture]
                heard[self.pairings.places] = self.pairings.genuine[sound]
            rows = self.copies.draw(random, pictured, heard)
            return attrs.evolve(self, pictures=rows[0], sounds=rows[1])
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
    augmented: Path | None = None,
) -> Data:
    """Return the data of a search.

    Training draws genuine and fake clips equally often. The test split is made when it is used first.

    Args:
        prepared: folder of the stage `prepare`.
        features: folder of the stage `features`.
        heads: decide the number of outputs.
        categories: names of the categories of fakes to use.
        pairing_share: share of false pairings among the fakes that training draws; None: as in the data.
        redraw: whether training sees other false pairings every epoch.
        augmented: folder of the stage `augment`; None: there are no copies.

    Raises:
        DataError: a split has no clip of these categories, or no genuine one.
    """
    used = (GENUINE.name, *categories)
    clips = [clip for clip in read_index(prepared / "index.csv") if clip.category in used]
    for name in SPLITS:
        if {clip.fake for clip in clips if clip.split == name} != {0, 1}:
            raise DataError(f"the split {name!r} lacks genuine clips, or fakes of {', '.join(categories)}")
    mapped = open_features(features)
    copies = None if augmented is None else read_copies(augmented, prepared)

    def split(name: str) -> ClipSplit:
        return clip_split(mapped, [clip for clip in clips if clip.split == name])

    def training(name: str) -> ClipSplit:
        chosen = [clip for clip in clips if clip.split == name]
        return attrs.evolve(
            clip_split(mapped, chosen),
            sampling_weights=_balanced(chosen, pairing_share),
            pairings=pairings_of(chosen) if redraw else None,
            copies=None if copies is None else copies_of(chosen, copies),
        )

    return Data(
        inputs={name: tuple(values.shape[1:]) for name, values in mapped.items()},
        outputs=heads.outputs,
        splits=Splits(
            training("weights"), training("architecture"), split("validation"), lambda: split("test")
        ),
    )


def clip_split(features: Mapping[str, Tensor], clips: Sequence[PreparedClip]) -> ClipSplit:
    """Return a split of some clips, without sampling weights; see `ClipSplit`."""
    return ClipSplit(
        features,
        torch.tensor([clip.picture for clip in clips]),
        torch.tensor([clip.sound for clip in clips]),
        torch.tensor([[float(getattr(clip, label)) for label in LABELS] for clip in clips]),
        [clip.path for clip in clips],
        categories=[clip.category for clip in clips],
        methods=[clip.method for clip in clips],
        people=[clip.source for clip in clips],
        sets=[clip.set for clip in clips],
        nameless=[clip.nameless for clip in clips],
    )


def _balanced(clips: Sequence[PreparedClip], pairing_share: float | None) -> Tensor:
    """Return sampling weights `(clips,)`: half for the genuine clips, half for the fakes.

    The false pairings have `pairing_share` of the fakes' half, unless one kind of fakes has no clip.
    """
    kind = torch.tensor([2 if clip.false_pairing else clip.fake for clip in clips])
    counts = torch.bincount(kind, minlength=3)
    fakes = counts[1:].double() / counts[1:].sum().clamp(min=1)
    if pairing_share is not None and bool((counts[1:] > 0).all()):
        fakes = torch.tensor([1 - pairing_share, pairing_share], dtype=torch.float64)
    parts = torch.cat([torch.ones(1, dtype=torch.float64), fakes])
    return (0.5 * parts / counts.clamp(min=1))[kind].float()
