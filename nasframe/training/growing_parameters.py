"""Parameters that grew far beyond their start, which a lower learning rate prevents."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from attrs import frozen
from torch import nn

__all__ = ["GrowingParameters"]

_GROWN = 10.0
"""Parameters whose largest value is so many times what it was, and what usual parameters are, have grown."""


@frozen
class GrowingParameters:
    """Parameters that one learning rate moves, and their largest absolute value at the start.

    Attributes:
        parameters: of one optimiser.
        remedy: names the option to lower, such as `lower train.learning_rate`.
        largest: the largest absolute value at the start.
    """

    parameters: Sequence[nn.Parameter]
    remedy: str
    largest: float

    @classmethod
    def at_start(cls, parameters: Sequence[nn.Parameter], remedy: str) -> GrowingParameters:
        """Return the record of parameters as they are now."""
        return cls(parameters, remedy, _largest(parameters))

    def advice(self) -> str:
        """Return a sentence where the parameters have grown; "" where they have not."""
        now = _largest(self.parameters)
        if not math.isfinite(self.largest) or now <= _GROWN * max(self.largest, 1.0):
            return ""
        grown = f"to {now:.3g}" if math.isfinite(now) else "beyond all numbers"
        return f"The parameters grew from at most {self.largest:.3g} {grown}: {self.remedy}."


def _largest(parameters: Sequence[nn.Parameter]) -> float:
    values = [item.detach().abs().max() for item in parameters if item.numel()]
    return float(torch.stack([value.double() for value in values]).max()) if values else 0.0
