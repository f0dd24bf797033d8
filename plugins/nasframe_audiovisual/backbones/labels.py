"""Labels of the distinct streams of one kind, for the training of a backbone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from attrs import frozen
from torch import Tensor

from nasframe.errors import DataError

__all__ = ["LabelledStreams"]


@frozen
class LabelledStreams:
    """Labels of the distinct streams of one kind, pictures or sounds, in the splits of a training.

    Attributes:
        rows: `weights` and `validation` → rows of the streams in their array `(streams,)`, int64, ascending.
        labels: the same names → class of each, from 0 `(streams,)`, int64.
        classes: number of classes, 2 or more.
    """

    rows: Mapping[str, Tensor]
    labels: Mapping[str, Tensor]
    classes: int

    @classmethod
    def of(
        cls, splits: Sequence[str], rows: Sequence[int], labels: Sequence[int], classes: int
    ) -> LabelledStreams:
        """Return the streams of clips, each stream once.

        Args:
            splits: split of each clip `(clips,)`.
            rows: row of the clip's stream; clips may share one, which then has the label of the last.
            labels: class of the clip's stream, from 0.
            classes: number of classes.

        Raises:
            DataError: the split `weights` or `validation` has no clip, or a label is not below `classes`.
        """
        if not all(0 <= label < classes for label in labels):
            raise DataError(f"labels are from 0 to {classes - 1}, found {min(labels)} to {max(labels)}")
        clips = [*zip(splits, rows, labels, strict=True)]
        found = {
            split: {row: label for place, row, label in clips if place == split}
            for split in ("weights", "validation")
        }
        empty = [split for split, known in found.items() if not known]
        if empty:
            raise DataError(f"the split {' and '.join(map(repr, empty))} has no clip to train a backbone on")
        return cls(
            {split: _numbers(sorted(known)) for split, known in found.items()},
            {split: _numbers([known[row] for row in sorted(known)]) for split, known in found.items()},
            classes,
        )


def _numbers(values: Sequence[int]) -> Tensor:
    return torch.tensor(values, dtype=torch.long)
