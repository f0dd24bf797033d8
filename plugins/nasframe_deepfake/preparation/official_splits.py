"""The splits that a data set itself has: they stand, and ours divide the clips that it gives for training."""

from __future__ import annotations

from collections.abc import Sequence

from nasframe_audiovisual import SPLITS
from nasframe_deepfake.datasets import Clip

__all__ = ["official_splits", "standing_in_words", "standing_of_sets"]


def official_splits(clips: Sequence[Clip]) -> tuple[str, ...]:
    """Return for each clip its split where the data set has put it into one, else an empty text.

    Its test clips are our `test` and its validation clips our `validation`. A set without test clips, such as
    one that keeps their labels to itself, is tested on its validation clips. Its training clips are divided
    into the splits that are left, which are the first of SPLITS. All is ours where the set has no training
    clips or nothing else, or has no split for some clips.
    """
    names = {clip.official_split for clip in clips}
    if "" in names or "train" not in names or len(names) == 1:
        return ("",) * len(clips)
    ours = {"train": "", "test": "test", "validation": "validation" if "test" in names else "test"}
    return tuple(ours[clip.official_split] for clip in clips)


def standing_in_words(clips: Sequence[Clip]) -> str:
    """Return whether the splits of the data set stand, in words; empty where it has none."""
    names = {clip.official_split for clip in clips} - {""}
    if not names:
        return ""
    fixed = official_splits(clips)
    if not any(fixed):
        return f"the data set's own splits do not stand: it has only {' and '.join(sorted(names))} clips here"
    left = [name for name in SPLITS if name not in fixed]
    return f"the data set's own splits stand; its training clips are divided into {', '.join(left)}"


def standing_of_sets(clips: Sequence[Clip]) -> list[str]:
    """Return `standing_in_words` of each set that has splits of its own, with its folder where it has one."""
    of_set: dict[str, list[Clip]] = {}
    for clip in clips:
        of_set.setdefault(clip.set, []).append(clip)
    told = {name: standing_in_words(found) for name, found in sorted(of_set.items())}
    return [f"{name}: {words}" if name else words for name, words in told.items() if words]
