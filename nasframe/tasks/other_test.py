"""The examples of another data set, on which a trained run is tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from nasframe.tasks.data import Split

__all__ = ["OtherTest"]


@frozen
class OtherTest:
    """Test examples of another data set than the one that a run was trained on.

    Attributes:
        split: the examples as the network of the run takes them, with `identifiers` that name them in their
            data set.
        left_out: reason, in words → number of test examples that are not in the split for it, such as those
            that the training has seen.
        notes: sentences on what both data sets share, for whoever reads the metrics.
    """

    split: Split
    left_out: Mapping[str, int] = field(factory=dict)
    notes: Sequence[str] = ()
