"""A split of tensors that are in memory, or mapped into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from attrs import evolve, frozen
from torch import Tensor

from nasframe.runtime import to_device
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
        rows = to_device(indices, self.targets.device)
        # a fifth of the time of `value[rows]` on a processor
        inputs = {name: value.index_select(0, rows) for name, value in self.inputs.items()}
        return Batch(inputs, self.targets.index_select(0, rows))

    def moved(self, move: Callable[[Tensor], Tensor]) -> TensorSplit:
        """Return the split with its inputs and targets moved."""
        inputs = {name: move(value) for name, value in self.inputs.items()}
        return evolve(self, inputs=inputs, targets=move(self.targets))
