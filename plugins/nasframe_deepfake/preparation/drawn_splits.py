"""Splits of one data set: its own stand, and groups of people are drawn into those that are left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import frozen

from nasframe_audiovisual import SPLITS, split_groups
from nasframe_deepfake.datasets import Clip
from nasframe_deepfake.preparation.groups import groupings
from nasframe_deepfake.preparation.official_splits import official_splits

__all__ = ["DrawnSplits", "drawn_splits", "lacking"]


@frozen
class DrawnSplits:
    """The splits of the clips of one set.

    Attributes:
        splits: of each clip.
        fixed: of each clip the split into which the set itself put it, else an empty text.
        groups: of each clip the name of those that were drawn together; of one with a fixed split its own.
    """

    splits: tuple[str, ...]
    fixed: tuple[str, ...]
    groups: tuple[str, ...]


def drawn_splits(
    clips: Sequence[Clip], shares: Sequence[float], seed: int, contents: Sequence[str]
) -> Iterator[DrawnSplits]:
    """Yield the splits of the clips of one set, from all ties between people to the fewest; see `groupings`.

    Args:
        clips: of the set, each person under one name.
        shares: of SPLITS; they need not sum to one.
        seed: of the order in which groups are assigned.
        contents: of each clip; the same for clips with the same content.
    """
    kinds = [(f"category {clip.category}", f"{clip.race} {clip.gender}") for clip in clips]
    fixed = official_splits(clips)
    left = [share for name, share in zip(SPLITS, shares, strict=True) if name not in fixed]
    free = [place for place, split in enumerate(fixed) if not split]
    for groups in groupings([clips[place] for place in free], left, [contents[place] for place in free]):
        found = iter(split_groups(groups, [kinds[place] for place in free], left, seed))
        names = iter(groups)
        yield DrawnSplits(
            tuple(split or next(found) for split in fixed),
            fixed,
            tuple(clip.name if split else next(names) for clip, split in zip(clips, fixed, strict=True)),
        )


def lacking(clips: Sequence[Clip], splits: Sequence[str]) -> list[str]:
    """Return which splits lack which class, in words."""
    counts = Counter((split, clip.fake) for split, clip in zip(splits, clips, strict=True))
    return [
        f"{split} has no {'fake' if fake else 'genuine'} clip"
        for split in SPLITS
        for fake in (False, True)
        if not counts[split, fake]
    ]
