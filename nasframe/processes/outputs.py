"""The outputs of all processes: each process computes the loss of the whole batch from them.

With the batch x = (x_1, …, x_N) cut into a part for each of N processes, outputs o_r = f(x_r; θ), and any
loss L(o_1, …, o_N) of them all,

    dL/dθ = Σ_r (∂L/∂o_r) (∂o_r/∂θ)

Process r knows all outputs, so it computes L and ∂L/∂o_r, and goes back through its own pass alone. N times
its term is what it contributes, and the mean over the processes is dL/dθ. So parts may have different sizes,
a loss need not be a mean over examples, and what every process adds to the loss, such as a penalty of the
logits, counts once.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist

__all__ = ["rows_of", "whole_outputs"]


def rows_of(rank: int, count: int, size: int) -> slice:
    """Return the rows of a process: all have as many, but the first ones may have one more.

    >>> [rows_of(rank, 3, 8) for rank in range(3)]
    [slice(0, 3, None), slice(3, 6, None), slice(6, 8, None)]
    """
    each, more = divmod(size, count)
    start = rank * each + min(rank, more)
    return slice(start, start + each + (rank < more))


def whole_outputs(part: Tensor, size: int) -> Tensor:
    """Return the rows of all processes `(size, …)`, given the rows of this one."""
    found: Tensor = _Whole.apply(part, size)  # type: ignore[no-untyped-call, unused-ignore]
    return found


class _Whole(torch.autograd.Function):
    """Rows of all processes; the gradient of those of this one goes back, times the number of processes."""

    @staticmethod
    def forward(ctx: Any, part: Tensor, size: int) -> Tensor:
        ctx.count = dist.get_world_size()
        ctx.rows = rows_of(dist.get_rank(), ctx.count, size)
        whole = part.new_zeros((size, *part.shape[1:]))
        whole[ctx.rows] = part
        dist.all_reduce(whole)  # the other processes have zeros in these rows
        return whole

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        return above[0][ctx.rows] * ctx.count, None
