"""False pairings drawn anew: the pictures of one genuine clip with the sound of another of the same person.

The voice of another person would be enough to recognise a pairing, without a look at the mouth. A network
memorises fixed pairings; with new ones in every epoch it has to learn what a pairing is.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from attrs import field, frozen
from torch import Tensor

from nasframe_deepfake.preparation import PreparedClip

__all__ = ["Pairings", "pairings_of"]


@frozen
class Pairings:
    """The false pairings of a split that can be drawn anew, and the genuine clips to draw from.

    Attributes:
        places: indices of the pairings in the split `(pairings,)`.
        pictures, sounds: rows of the genuine clips `(genuine,)`; those of one person are consecutive.
        first, count: for each pairing, the first genuine clip of its person and their number, at least 2
            `(pairings,)`.
        genuine: indices of the genuine clips in the split `(genuine,)`.

    Example:
        Two pairings of one person with three genuine clips, of rows 0, 1, 2:

        >>> rows, two = torch.arange(3), torch.tensor([0, 0])
        >>> pairings = Pairings(torch.tensor([3, 4]), rows, rows, first=two, count=two + 3)
        >>> pictures, sounds = pairings.draw(torch.Generator().manual_seed(0))
        >>> pictures.shape, bool((pictures != sounds).all())
        (torch.Size([2]), True)
    """

    places: Tensor = field(repr=False)
    pictures: Tensor = field(repr=False)
    sounds: Tensor = field(repr=False)
    first: Tensor = field(repr=False)
    count: Tensor = field(repr=False)
    genuine: Tensor | None = field(default=None, repr=False)

    def draw(self, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw rows of pictures and of sounds `(pairings,)`, of two different clips of one person."""
        picture, sound = self.draw_clips(random)
        return self.pictures[picture], self.sounds[sound]

    def draw_clips(self, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw for each pairing two different genuine clips of one person: their numbers among `pictures`."""
        chance = torch.rand(2, len(self.places), generator=random, dtype=torch.float64)
        picture = (chance[0] * self.count).long()
        sound = (chance[1] * (self.count - 1)).long()
        sound += sound >= picture
        return self.first + picture, self.first + sound


def pairings_of(clips: Sequence[PreparedClip]) -> Pairings:
    """Return the pairings among the clips of one split, without those of people with one genuine clip."""
    genuine: dict[str, list[PreparedClip]] = {}
    places = {clip.path: place for place, clip in enumerate(clips)}
    for clip in clips:
        known = genuine.setdefault(clip.source, [])
        # A stream that two genuine clips share belongs to both, so it would make no false pairing.
        if not clip.fake and not any(
            other.picture == clip.picture or other.sound == clip.sound for other in known
        ):
            known.append(clip)
    first: dict[str, int] = {}
    sources: list[PreparedClip] = []
    for person, known in genuine.items():
        first[person] = len(sources)
        sources += known
    drawn = [
        (place, clip.source)
        for place, clip in enumerate(clips)
        if clip.false_pairing and len(genuine[clip.source]) > 1
    ]
    return Pairings(
        torch.tensor([place for place, _ in drawn], dtype=torch.long),
        torch.tensor([clip.picture for clip in sources], dtype=torch.long),
        torch.tensor([clip.sound for clip in sources], dtype=torch.long),
        torch.tensor([first[person] for _, person in drawn], dtype=torch.long),
        torch.tensor([len(genuine[person]) for _, person in drawn], dtype=torch.long),
        torch.tensor([places[clip.path] for clip in sources], dtype=torch.long),
    )
