"""The check that the gradients of operations are derivatives: a finite difference of them needs that.

An operation may say that its gradient is another one than the derivative of its output: it rounds, or takes
one of two sides by a threshold, and lets the gradient pass; or it detaches a part of its arithmetic. Training
gets along with that. But a difference of two such gradients, divided by a small distance, is no second
derivative: it is zero almost everywhere, and huge where the distance crosses a threshold.

Kinks, as of ReLU, are no reason to refuse: the gradient is the derivative almost everywhere, and the finite
difference averages over them. Nor is a backward pass that cannot be differentiated: nothing does so.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from nasframe.errors import SpaceError
from nasframe.operations import (
    Identity,
    Operation,
    OpSpec,
    Shape,
    build_operation,
    operation_class,
    origin_of,
)
from nasframe.runtime import forked_seed, random_states_kept
from nasframe.supernet.operation_check import operation_places
from nasframe.supernet.supernet import Supernet

__all__ = ["check_derivatives"]

_EXAMPLES = 5
_DIRECTIONS = 3
"""In one direction a wrong gradient may happen to be right."""
_DISTANCE = 0.01
"""The Euclidean distance by which parameters or inputs are moved, that of an update of second order."""
_TOLERANCE = 0.1
"""The share of a gradient's norm by which the change of an output may differ from it; kinks take .01."""


def check_derivatives(net: Supernet) -> None:
    """Compare the gradient of every operation with the change of its output, once in a process for equals.

    A module like that of the network is run on random examples in training mode, on the CPU, where products
    have all their digits; one that runs on another device alone is not compared. The network and all random
    states stay as they are.

    Raises:
        SpaceError: moved along the gradient of its parameters or of its inputs, an operation's output changes
            by another amount than the gradient says.
    """
    with random_states_kept():
        for spec, shapes, ports in operation_places(net):
            target: Any = operation_class(spec)
            if target is not Identity:
                _compare(target, spec.name, spec.plugin, tuple(sorted(spec.options.items())), shapes, ports)


@functools.lru_cache(maxsize=4096)
def _compare(
    target: type[Operation],
    name: str,
    plugin: str | None,
    options: tuple[tuple[str, Any], ...],
    shapes: tuple[Shape, ...],
    ports: tuple[str, ...],
) -> None:
    """Compare one operation, once in this process; a name that another class has taken is another one."""
    spec = OpSpec(name, dict(options), plugin=plugin)
    random = torch.Generator().manual_seed(0)
    inputs = [torch.randn((_EXAMPLES, *shape), generator=random) for shape in shapes]
    with forked_seed(0, "operation check"):
        module = build_operation(spec, shapes, ports).train()
        learning = [parameter for parameter in module.parameters() if parameter.requires_grad]
        try:
            changes = [
                (what, _change(_value(module, inputs, random), leaves))
                for what, leaves in (("parameters", learning), ("inputs", inputs))
                for _ in range(_DIRECTIONS)
            ]
        except Exception:  # it has passed the check of operations on its own device
            return
    for what, change in changes:
        if change is not None and not abs(change - 1) <= _TOLERANCE:
            raise SpaceError(
                f"{origin_of(spec)} has no second derivative, which an update of the architecture of second "
                f"order needs: where its {what} move by {_DISTANCE} along their gradient, its output changes "
                f"by {change:.2g} of what the gradient says. Its gradient is not the derivative of its "
                "output, as where it rounds, or detaches a part; leave it out of the space, or search with "
                "loop.order=1"
            )


def _value(module: nn.Module, inputs: Sequence[Tensor], random: torch.Generator) -> Callable[[], Tensor]:
    """Return what computes a random combination `()` of a module's outputs, always of one function."""
    seed, buffers = torch.initial_seed(), [buffer.clone() for buffer in module.buffers()]
    factors: list[Tensor] = []

    def value() -> Tensor:
        torch.manual_seed(seed)
        for buffer, before in zip(module.buffers(), buffers, strict=True):
            buffer.copy_(before)
        output = module(*(item.clone() for item in inputs)).double()
        if not factors:
            factors.append(torch.randn(output.shape, generator=random, dtype=output.dtype))
        total: Tensor = (output * factors[0]).sum()
        return total

    return value


def _change(value: Callable[[], Tensor], leaves: Sequence[Tensor]) -> float | None:
    """Return how much a value changes along its gradient, divided by what the gradient says: 1, if it is one.

    Args:
        value: of the leaves.
        leaves: have their values back after it.

    Returns:
        None where there is no gradient, or it is zero.
    """
    for leaf in leaves:
        leaf.requires_grad_()
    found = value()
    if not leaves or not found.requires_grad:
        return None
    gradients = torch.autograd.grad(found, leaves, allow_unused=True, materialize_grads=True)
    norm = torch.stack([gradient.double().norm() for gradient in gradients]).norm()
    if not norm:
        return None
    before, ends = [leaf.detach().clone() for leaf in leaves], []
    with torch.no_grad():
        for side in (_DISTANCE, -_DISTANCE):
            for leaf, start, gradient in zip(leaves, before, gradients, strict=True):
                leaf.copy_(start + side * gradient / norm)
            ends.append(value())
        for leaf, start in zip(leaves, before, strict=True):
            leaf.copy_(start)
    return float((ends[0] - ends[1]) / (2 * _DISTANCE) / norm)
