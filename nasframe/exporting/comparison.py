"""The largest difference between a module and a file that was made of it, on random inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from nasframe.exporting.formats import ExportedNetwork

__all__ = ["BATCHES", "TOLERANCE", "largest_difference", "random_inputs"]

BATCHES = (1, 2, 5)
"""Sizes of the batches on which a file is compared with the module."""

TOLERANCE = 1e-5
"""The largest difference that a file may have, relative to the largest output, or to 1 where that is less."""

_SEED = 0


def random_inputs(example: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    """Yield batches of the sizes `BATCHES`: random numbers with the mean and the spread of the example's.

    Whole numbers lie between the least and the largest of the example.
    """
    random = torch.Generator().manual_seed(_SEED)
    for count in BATCHES:
        yield {name: _random_like(value, count, random) for name, value in example.items()}


def _random_like(value: Tensor, count: int, random: torch.Generator) -> Tensor:
    shape = (count, *value.shape[1:])
    if value.is_floating_point():
        spread = value.double().std(correction=0) if value.numel() else 0.0
        mean = value.double().mean() if value.numel() else 0.0
        return (torch.randn(shape, generator=random, dtype=torch.float64) * spread + mean).to(value.dtype)
    low, high = (int(value.min()), int(value.max())) if value.numel() else (0, 0)
    return torch.randint(low, high + 1, shape, generator=random).to(value.dtype)


def largest_difference(
    expected: ExportedNetwork, found: ExportedNetwork, example: Mapping[str, Tensor]
) -> float:
    """Return the largest difference of all outputs on all batches, relative to the scale of the output.

    The scale is the largest expected number of that output and batch, or 1 where that is less. The result is
    NaN where a number is not finite, or where an output has another name or shape.
    """
    largest = 0.0
    with torch.no_grad():
        for inputs in random_inputs(example):
            right, other = expected(inputs), found(inputs)
            if right.keys() != other.keys():
                return float("nan")
            for name, value in right.items():
                if value.shape != other[name].shape:
                    return float("nan")
                distance = (value.double() - other[name].double()).abs().max()
                scale = value.double().abs().max().clamp(min=1.0)
                difference = float(distance / scale)
                if not difference <= largest:  # a NaN too
                    largest = difference
                if largest != largest:
                    return largest
    return largest
