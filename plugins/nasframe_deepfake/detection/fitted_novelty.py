"""The spread of the features of a training, from the folders of its stages."""

from __future__ import annotations

from pathlib import Path

from nasframe_audiovisual import Novelty, fit_novelty, open_features
from nasframe_deepfake.preparation import read_index

__all__ = ["novelty_of_training"]


def novelty_of_training(prepared: Path, features: Path, temporal: bool) -> Novelty:
    """Return the spread of the split `weights`, with limits from `architecture` and `validation`.

    Args:
        prepared: folder of the stage `prepare`.
        features: folder of the stage `features`.
        temporal: whether the features have temporal copies, which are not used.

    Raises:
        DataError: a file of the stages is missing or damaged.
    """
    clips = read_index(prepared / "index.csv")

    def rows(*splits: str) -> dict[str, list[int]]:
        used = [clip for clip in clips if clip.split in splits]
        return {
            "pictures": sorted({clip.picture for clip in used}),
            "sound": sorted({clip.sound for clip in used}),
        }

    return fit_novelty(open_features(features), rows("weights"), rows("architecture", "validation"), temporal)
