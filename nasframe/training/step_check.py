"""The check that losses and gradients are finite: in every step, or in a flag that is read now and then.

On the CPU a number is read at once, so each step is checked before it changes a parameter. On a GPU every
reading waits for the device, so the numbers of many steps are gathered there and read together. Where one of
them is not finite, the epoch begins again from its own start and its own seeds, with every step checked: that
ends in the same step with the same error as on the CPU.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from attrs import define, field
from torch import Tensor, nn

from nasframe.processes import ALONE, Group
from nasframe.runtime import is_finite

__all__ = ["StepCheck", "checked_backward", "checked_epoch", "checked_gradients", "steps_between_checks"]

_STEPS_ON_A_DEVICE = 50

_ROUNDED = 1.02
_ADDED = 1e-5
"""Gradients stay as they are where so many times their norm, and this more, is below the largest norm: torch
multiplies them by 1 then, whatever the floating-point type, though it adds 1e-6 to the norm and rounds it."""

Result = TypeVar("Result")


class NotFiniteError(Exception):
    """A gathered number is not finite; the epoch has to be done again."""


@define
class StepCheck:
    """The check of the steps of one epoch.

    Attributes:
        every: the number of steps after which the gathered numbers are read; 1 reads each at once.
        notified: the number of steps that were reported to plugins, those of a first pass included.
        step: the number of the present step in its epoch, from 1.
    """

    every: int
    notified: int = 0
    step: int = 0
    _gathered: list[Tensor] = field(init=False, factory=list)
    _steps: int = field(init=False, default=0)

    @property
    def at_once(self) -> bool:
        """True where each number is read before its step goes on."""
        return self.every == 1

    def is_finite(self, number: Tensor) -> bool:
        """Return False where a number `()` is not finite; one that is gathered counts as finite so far."""
        if self.at_once:
            return math.isfinite(number.item())
        self._gathered.append(number.detach())
        return True

    def end_step(self) -> None:
        """Count a step, and read the gathered numbers where it is time to.

        Raises:
            NotFiniteError: one of them is not finite.
        """
        self._steps += 1
        if self._steps % self.every == 0:
            self.read()

    def read(self) -> None:
        """Read the gathered numbers, in one transfer from each device.

        Raises:
            NotFiniteError: one of them is not finite.
        """
        numbers, self._gathered = self._gathered, []
        for device in {number.device for number in numbers}:
            there = torch.stack([number.float() for number in numbers if number.device == device])
            if not bool(there.isfinite().all()):
                raise NotFiniteError


def steps_between_checks(device: torch.device) -> int:
    """Return how many steps are made between two readings: 1 on the CPU, 50 elsewhere."""
    return 1 if device.type == "cpu" else _STEPS_ON_A_DEVICE


def checked_epoch(
    steps: Callable[[StepCheck], Result],
    every: int,
    modules: Sequence[nn.Module],
    optimisers: Sequence[torch.optim.Optimizer],
) -> Result:
    """Return the result of the steps of an epoch; where a gathered number is not finite, they are done again.

    The second time, parameters, buffers and optimisers are those of the start of the epoch, and every step is
    checked at once.

    Args:
        steps: makes the steps of the epoch, from its own seeds, under a check; it raises the error of a step.
        every: steps between two readings; 1 takes no copy of anything.
        modules: whose parameters and buffers the steps change.
        optimisers: whose states they change.
    """
    check = StepCheck(every)
    if check.at_once:
        return steps(check)
    tensors = [_tensors(module) for module in modules]
    kept = [{name: value.detach().clone() for name, value in found.items()} for found in tensors]
    states = [copy.deepcopy(optimiser.state_dict()) for optimiser in optimisers]
    try:
        result = _gathering(steps, check)
    except NotFiniteError:
        with torch.no_grad():
            for module, values in zip(modules, kept, strict=True):
                for name, value in _tensors(module).items():
                    value.copy_(values[name])
        for optimiser, state in zip(optimisers, states, strict=True):
            optimiser.load_state_dict(state)
        return steps(StepCheck(1, check.notified))
    return result


def _gathering(steps: Callable[[StepCheck], Result], check: StepCheck) -> Result:
    try:
        result = steps(check)
    except NotFiniteError:
        raise
    except Exception:  # a step after the first bad one may raise anything
        check.read()
        raise
    check.read()
    return result


def checked_backward(
    loss: Tensor,
    optimisers: Sequence[torch.optim.Optimizer],
    clip_norm: float,
    check: StepCheck,
    failure: Callable[[str, str], Exception],
    group: Group = ALONE,
) -> bool:
    """Give the parameters of optimisers the gradients of a loss `()`, clipped for each optimiser on its own.

    Args:
        loss: of a step.
        optimisers: whose parameters learn.
        clip_norm: the largest norm; 0 does not clip.
        check: of the epoch.
        failure: from a subject and a predicate, such as `the loss` and `is not finite (nan)`, to the error
            that is raised.
        group: of the processes over which the mean of the gradients is taken.

    Returns:
        False where nothing can learn, as the loss depends on no parameter.
    """
    groups = [
        [parameter for group in optimiser.param_groups for parameter in group["params"]]
        for optimiser in optimisers
    ]
    return checked_gradients(loss, groups, clip_norm, check, failure, group)


def checked_gradients(
    loss: Tensor,
    groups: Sequence[Sequence[Tensor]],
    clip_norm: float,
    check: StepCheck,
    failure: Callable[[str, str], Exception],
    group: Group = ALONE,
) -> bool:
    """Give groups of tensors the gradients of a loss `()`, clipped for each group on its own.

    Args:
        loss: of a step.
        groups: leaves, whose gradients of earlier steps are dropped.
        clip_norm, check, failure, group: see `checked_backward`.

    Returns:
        False where the loss depends on no tensor that has a gradient.
    """
    if not check.is_finite(loss):
        raise failure("the loss", f"is not finite ({float(loss.detach())})")
    for parameters in groups:
        for item in parameters:
            item.grad = None
    if not loss.requires_grad:
        return False
    loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
    group.mean_gradients([item for parameters in groups for item in parameters])
    for parameters in groups:
        if all(item.grad is None for item in parameters):
            continue
        norm = _clip(parameters, clip_norm, check)
        if not check.is_finite(norm) and not is_finite([item.grad for item in parameters]):
            raise failure("a gradient", f"is not finite, though its loss is ({float(loss.detach()):.4g}),")
    return True


def _clip(parameters: Sequence[Tensor], clip_norm: float, check: StepCheck) -> Tensor:
    """Clip all gradients together to a norm, and return a number `()` that tells whether they were finite.

    It is not finite where a gradient was not, and seldom where gradients are huge.

    Args:
        parameters: one of them has a gradient; those without are left out.
        clip_norm: the largest norm; 0 does not clip.
        check: where it reads numbers at once, gradients that are short enough are not multiplied by 1.
    """
    gradients = [item.grad for item in parameters if item.grad is not None]
    if not clip_norm:
        # sums take a third of the time of a norm, which nobody needs here
        return torch.stack([gradient.sum() for gradient in gradients]).sum()
    norm = nn.utils.get_total_norm(gradients)
    if not (check.at_once and _ROUNDED * norm.item() + _ADDED < clip_norm):
        nn.utils.clip_grads_with_norm_(parameters, clip_norm, norm)
    return norm


def _tensors(module: nn.Module) -> dict[str, Any]:
    """Return name → parameter or buffer, those that a checkpoint leaves out included."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}
