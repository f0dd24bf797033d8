"""Features with mean 0 and standard deviation 1, by the statistics of the split that weights learn from."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from torch import Tensor

__all__ = ["Standardiser"]


@frozen
class Standardiser:
    """Mean and standard deviation of features, which broadcast against what is standardised.

    A feature that does not vary becomes 0.

    Example:
        >>> import torch
        >>> Standardiser.of(torch.tensor([[1.0, 5.0], [3.0, 5.0]]), dims=(0,))(torch.tensor([[4.0, 5.0]]))
        tensor([[2., 0.]])
    """

    mean: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, values: Tensor, dims: Sequence[int]) -> Standardiser:
        """Return the statistics of values, taken over the dimensions `dims` together."""
        deviation = values.std(dim=tuple(dims), correction=0, keepdim=True)
        return cls(values.mean(dim=tuple(dims), keepdim=True), deviation.where(deviation > 0, 1.0))

    def __call__(self, values: Tensor) -> Tensor:
        """Return values of any split, standardised."""
        return (values - self.mean) / self.deviation
