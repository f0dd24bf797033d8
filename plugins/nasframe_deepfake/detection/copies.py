"""Augmented copies of the clips of a split, from which training draws in every epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from attrs import field, frozen
from torch import Tensor

from nasframe_deepfake.preparation import PreparedClip

__all__ = ["Copies", "copies_of"]


@frozen
class Copies:
    """The rows of a clip and of its copies; both streams of a copy belong together.

    Attributes:
        pictures: rows `(clips, 1 + copies)`, the clip itself first.
        sounds: likewise.

    Example:
        Two clips, of which the second has a copy with other pictures:

        >>> copies = Copies(torch.tensor([[0, 0], [1, 2]]), torch.tensor([[5, 5], [6, 6]]))
        >>> pictures, sounds = copies.draw(torch.Generator().manual_seed(0), *[torch.arange(2)] * 2)
        >>> sounds.tolist(), int(pictures[1]) in (1, 2)
        ([5, 6], True)
    """

    pictures: Tensor = field(repr=False)
    sounds: Tensor = field(repr=False)

    def draw(self, random: torch.Generator, pictured: Tensor, heard: Tensor) -> tuple[Tensor, Tensor]:
        """Draw for each example the clip or one of its copies; return rows of pictures and of sounds.

        Args:
            random: to draw from.
            pictured, heard: of each example, the clip that is seen, and the one that is heard `(examples,)`;
                they are the same but in a false pairing.
        """
        chosen = torch.randint(self.pictures.shape[1], pictured.shape, generator=random)
        return self.pictures[pictured, chosen], self.sounds[heard, chosen]


def copies_of(
    clips: Sequence[PreparedClip], rows: Mapping[str, Sequence[tuple[int | None, int | None]]]
) -> Copies:
    """Return the copies of the clips of one split.

    Args:
        clips: of the split.
        rows: path → the rows of each copy; None for a stream of the clip. All have the same number.
    """
    pictures = [[clip.picture, *(_or(one, clip.picture) for one, _ in rows[clip.path])] for clip in clips]
    sounds = [[clip.sound, *(_or(one, clip.sound) for _, one in rows[clip.path])] for clip in clips]
    return Copies(torch.tensor(pictures), torch.tensor(sounds))


def _or(row: int | None, own: int) -> int:
    return own if row is None else row
