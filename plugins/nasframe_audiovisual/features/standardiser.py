"""Features standardised by the statistics of a training, with a copy standardised over the time of a clip."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from attrs import frozen
from torch import Tensor

from nasframe.errors import RunError
from nasframe.runtime import read_tensors

__all__ = ["LARGEST_FEATURE", "Standardiser", "load_standardiser"]

LARGEST_FEATURE = float(np.finfo(np.float16).max)
"""No feature is beyond it, in either direction."""


@frozen
class Standardiser:
    """Standardises features by the channel statistics of the weights split.

    Attributes:
        statistics: input name → `(2, channels)`, mean and deviation, float32.
        temporal: whether a copy that is standardised over the time of each clip is appended.
    """

    statistics: Mapping[str, Tensor]
    temporal: bool

    def __call__(self, name: str, features: Tensor) -> Tensor:
        """Return float32 of the same shape `(batch, L, channels)`, or of twice the channels with the copy.

        No value is beyond the range of float16, in which the features of a set are stored: that takes half
        the space and changes them by at most 0.05 %.
        """
        mean, deviation = self.statistics[name]
        values: Tensor = (features - mean) / deviation
        if self.temporal:
            centred = values - values.mean(1, keepdim=True)
            copy = centred / (values.std(1, keepdim=True, correction=0) + 0.01)
            values = torch.cat([values, copy], dim=2)
        return values.clamp(-LARGEST_FEATURE, LARGEST_FEATURE)


def load_standardiser(
    statistics: Path, temporal: bool, channels: Mapping[str, int] | None = None
) -> Standardiser:
    """Return the standardiser of a set, with the `statistics.safetensors` that `write_features` wrote.

    Args:
        statistics: the file.
        temporal: see `Standardiser`.
        channels: input name → channels of its features; None takes any statistics.

    Raises:
        RunError: the file is missing or damaged, a number in it is not finite, or it holds other
            statistics, or a deviation of 0.
    """
    expected = None if channels is None else {name: torch.empty(2, count) for name, count in channels.items()}

    def refused(message: str) -> RunError:
        return RunError(f"{message}; expected the statistics of features")

    found = read_tensors(statistics, refused, expected=expected, finite=True)
    for name, values in found.items():
        if values.dtype != torch.float32 or values.ndim != 2 or len(values) != 2:
            shape = list(values.shape)
            raise RunError(
                f"{statistics}: {name}: expected float32 (2, channels), found {values.dtype} {shape}"
            )
        if not bool((values[1] > 0).all()):
            raise RunError(f"{statistics}: {name}: a deviation is not above 0")
    return Standardiser(found, temporal)
