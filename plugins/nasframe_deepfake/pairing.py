"""False pairings drawn anew: the pictures of one genuine clip with the sound of another of the same person.

Of the same person, because a strange voice would give the pairing away without a look at the mouth. Fixed
pairs are soon known by heart; new ones every epoch have to be understood.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from attrs import field, frozen
from torch import Tensor

from nasframe_deepfake.clip_index import PreparedClip

__all__ = ["Pairings", "pairings_of"]


@frozen
class Pairings:
    """The false pairings of a split that can be drawn anew, and what from.

    Attributes:
        places: where they stand in the split `(pairings,)`.
        pictures, sounds: rows of the genuine clips, those of one person side by side `(genuine,)`.
        first, count: the clips of each pairing's person among these `(pairings,)`; `count` is at least 2.
    """

    places: Tensor = field(repr=False)
    pictures: Tensor = field(repr=False)
    sounds: Tensor = field(repr=False)
    first: Tensor = field(repr=False)
    count: Tensor = field(repr=False)

    def draw(self, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Rows of pictures and of sounds `(pairings,)`: of two different clips of one person."""
        chance = torch.rand(2, len(self.places), generator=random, dtype=torch.float64)
        picture = (chance[0] * self.count).long()
        sound = (chance[1] * (self.count - 1)).long()
        sound += sound >= picture
        return self.pictures[self.first + picture], self.sounds[self.first + sound]


def pairings_of(entries: Sequence[PreparedClip]) -> Pairings:
    """The pairings among the clips of one split; those of people with one genuine clip stay as they are."""
    genuine: dict[str, list[PreparedClip]] = {}
    for entry in entries:
        known = genuine.setdefault(entry.source, [])
        # A stream that two clips share is in step with both.
        if not entry.fake and not any(
            other.picture == entry.picture or other.sound == entry.sound for other in known
        ):
            known.append(entry)
    first: dict[str, int] = {}
    clips: list[PreparedClip] = []
    for source, known in genuine.items():
        first[source] = len(clips)
        clips += known
    drawn = [
        (place, entry.source)
        for place, entry in enumerate(entries)
        if entry.false_pairing and len(genuine[entry.source]) > 1
    ]
    return Pairings(
        torch.tensor([place for place, _ in drawn], dtype=torch.long),
        torch.tensor([entry.picture for entry in clips], dtype=torch.long),
        torch.tensor([entry.sound for entry in clips], dtype=torch.long),
        torch.tensor([first[source] for _, source in drawn], dtype=torch.long),
        torch.tensor([len(genuine[source]) for _, source in drawn], dtype=torch.long),
    )
