"""The operation that made the first number that is not finite, found by doing a step again."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from attrs import define, field
from torch import Tensor, nn

from nasframe.runtime import is_finite
from nasframe.training.named_modules import named_modules

__all__ = ["first_not_finite"]


def first_not_finite(
    network: nn.Module,
    forward: Callable[[], Tensor],
    loss: Callable[[Tensor], Tensor],
    loss_name: str,
    behind_modules: str = "the sum that makes the output of the network",
) -> str:
    """Return in words the place of a step, forward and then backward, that made the first bad number.

    Gradients of the parameters are lost.

    Args:
        network: whose modules are watched.
        forward: one forward pass of it.
        loss: from its outputs to the loss, a scalar.
        loss_name: of the loss, for the words.
        behind_modules: name of what makes the outputs of what the modules return.

    Returns:
        "" where the step is finite this time, or cannot be done again.
    """
    modules = named_modules(network)
    watch = _Watch()
    network.zero_grad(set_to_none=True)
    try:
        with watch.forward(modules):
            outputs = forward()
            if watch.first:
                return watch.first
            if not is_finite(outputs):
                return behind_modules
            value = loss(outputs)
        if not is_finite(value):
            return f"{loss_name}, of finite outputs"
        return _backward(modules, forward, loss, loss_name)
    except Exception:  # the step failed for a number; why it cannot be watched is no news to the user
        return watch.first


def _backward(
    modules: Iterable[tuple[nn.Module, str]],
    forward: Callable[[], Tensor],
    loss: Callable[[Tensor], Tensor],
    loss_name: str,
) -> str:
    watch, of_outputs = _Watch(), list[bool]()
    with watch.backward(modules), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that a hook comes early where no input has a gradient
        outputs = forward()
        if outputs.requires_grad:
            hooked: Any = outputs  # torch does not annotate the method
            hooked.register_hook(lambda gradient: of_outputs.append(is_finite(gradient)))
        loss(outputs).backward()  # type: ignore[no-untyped-call, unused-ignore]
    if of_outputs == [False]:
        return f"the gradient of {loss_name}, at finite outputs"
    bad = {id(module) for module, _ in modules if not is_finite([item.grad for item in module.parameters()])}
    for module, name, arrived, left in watch.passed:
        if arrived and (not left or id(module) in bad):
            return f"the gradient of {name}"
    for _, name, arrived, _ in watch.passed:
        if not arrived:
            return f"the gradient of the weighted sum behind {name}"
    return ""


@define
class _Watch:
    """The first bad value of a forward pass; the modules that a backward pass went through, in its order."""

    first: str = ""
    passed: list[tuple[nn.Module, str, bool, bool]] = field(factory=list)

    @contextmanager
    def forward(self, modules: Iterable[tuple[nn.Module, str]]) -> Iterator[None]:
        with _hooked(module.register_forward_hook(self._after(name)) for module, name in modules):
            yield

    @contextmanager
    def backward(self, modules: Iterable[tuple[nn.Module, str]]) -> Iterator[None]:
        with _hooked(module.register_full_backward_hook(self._back(name)) for module, name in modules):
            yield

    def _after(self, name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            if not self.first and not is_finite(output):
                self.first = name if is_finite(inputs) else f"the sum of what arrives at {name}"

        return hook

    def _back(self, name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, left: Any, arrived: Any) -> None:
            self.passed.append((module, name, is_finite(arrived), is_finite(left)))

        return hook


@contextmanager
def _hooked(handles: Iterable[torch.utils.hooks.RemovableHandle]) -> Iterator[None]:
    made = []
    try:
        for handle in handles:
            made.append(handle)
        yield
    finally:
        for handle in made:
            handle.remove()
