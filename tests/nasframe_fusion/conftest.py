"""Feature maps to fuse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

Maps = Callable[..., tuple[torch.Tensor, ...]]


@pytest.fixture
def maps() -> Maps:
    """`maps(3)` is three random feature maps `(batch 4, length 5, channels 6)` in float64 with gradients."""
    generator = torch.Generator().manual_seed(0)

    def make(number: int, shape: tuple[int, ...] = (4, 5, 6)) -> tuple[torch.Tensor, ...]:
        return tuple(
            torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
            for _ in range(number)
        )

    return make
