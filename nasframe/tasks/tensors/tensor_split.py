"""A split of tensors that are in memory, or mapped into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from attrs import frozen
from torch import Tensor

from nasframe.tasks.data import Batch, Split

__all__ = ["TensorSplit"]


@frozen
class TensorSplit(Split):
    """A split of tensors that fit in memory (or are mapped into it)."""

    reads_ahead: ClassVar[bool] = True

    inputs: Mapping[str, Tensor]
    targets: Tensor
    identifiers: Sequence[str]
    sampling_weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, indices: Tensor) -> Batch:
        return Batch({name: value[indices] for name, value in self.inputs.items()}, self.targets[indices])
