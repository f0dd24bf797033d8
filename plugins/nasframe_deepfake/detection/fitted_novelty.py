"""The spread of the features of a training, from the folders of its stages."""

from __future__ import annotations

from pathlib import Path

from nasframe.runtime import Progress
from nasframe_audiovisual import (
    Extractor,
    Novelty,
    Standardiser,
    fit_novelty,
    fit_novelty_of_streams,
    open_features,
)
from nasframe_deepfake.preparation import read_index

__all__ = ["novelty_of_streams", "novelty_of_training"]


def novelty_of_training(prepared: Path, features: Path, temporal: bool) -> Novelty:
    """Return the spread of the split `weights`, with limits from `architecture` and `validation`.

    Args:
        prepared: folder of the stage `prepare`.
        features: folder of the stage `features`.
        temporal: whether the features have temporal copies, which are not used.

    Raises:
        DataError: a file of the stages is missing or damaged.
    """
    return fit_novelty(open_features(features), *_rows(prepared), temporal)


def novelty_of_streams(
    prepared: Path, extractor: Extractor, standardiser: Standardiser, progress: Progress
) -> Novelty:
    """Return the same spread of features that are computed for it and not kept, of these splits alone.

    Args:
        prepared: folder of the stage `prepare`.
        extractor: both backbones, such as tuned ones, whose features nobody has.
        standardiser: of the features.
        progress: to report to.

    Raises:
        DataError: a file of the stage is missing or damaged, or a stream gives features that are not finite.
    """
    return fit_novelty_of_streams(prepared, extractor, standardiser, *_rows(prepared), progress)


def _rows(prepared: Path) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Return the rows of the streams whose spread is taken, and of those that were held out, of each kind."""
    clips = read_index(prepared / "index.csv")

    def rows(*splits: str) -> dict[str, list[int]]:
        used = [clip for clip in clips if clip.split in splits]
        return {
            "pictures": sorted({clip.picture for clip in used}),
            "sound": sorted({clip.sound for clip in used}),
        }

    return rows("weights"), rows("architecture", "validation")
