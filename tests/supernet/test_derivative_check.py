"""Operations whose gradient is not the derivative of their output are refused for updates of second order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nasframe import Choice, Operation, SearchSpace, TensorTask
from nasframe.errors import SpaceError
from nasframe.operations import OpSpec
from nasframe.plugins import manager
from nasframe.relaxations import Softmax
from nasframe.searching import Bilevel, Search, SearchOptions
from nasframe.supernet import Supernet, check_derivatives
from nasframe.testing.registration import registered
from nasframe_bimodal.space import Bimodal
from tests.supernet.test_operation_check import Linear


class Binary(Linear):
    """Weights of plus or minus one forward; the gradient passes as if there were no sign."""

    def forward(self, x: Tensor) -> Tensor:
        weight = self.linear.weight
        return nn.functional.linear(x, weight + (weight.sign() - weight).detach(), self.linear.bias)


class Rounded(Operation):
    """Rounds its input, and lets the gradient pass; it has no weights."""

    def forward(self, x: Tensor) -> Tensor:
        return x + (x.round() - x).detach()


class Detached(Linear):
    """A gate that is left out of the gradient."""

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.linear(x)
        return found * found.abs().detach()


class Reversed(Linear):
    """Its gradient has the other sign."""

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.linear(x)
        return 2 * found.detach() - found


class Coarse(Linear):
    """Computes with eight bits."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x.bfloat16(), self.linear.weight.bfloat16()).float()


class Kinked(Linear):
    """Continuous, with a kink in every unit."""

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.linear(x).relu()
        return found.abs() + nn.functional.hardtanh(self.linear(x))


class Dropping(Linear):
    """Draws masks, and counts its passes in a buffer that its output depends on."""

    seen: Tensor

    def __init__(self, shapes: Sequence[tuple[int, ...]]) -> None:
        super().__init__(shapes)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.seen += 1
        return nn.functional.dropout(self.linear(x), 0.5, self.training) / (1 + self.seen)


class _Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.square()

    @staticmethod
    @torch.autograd.function.once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return 2 * x * gradients[0]


class Once(Linear):
    """Its backward pass cannot be differentiated, which a finite difference does not do."""

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = _Once.apply(self.linear(x))  # type: ignore[no-untyped-call, unused-ignore]
        return found


class Threshold(Operation):
    """One or zero, without a gradient: nothing is moved along it."""

    def forward(self, x: Tensor) -> Tensor:
        return (x > 0).to(x.dtype)


def space_of(on: str = "node") -> SearchSpace:
    space = SearchSpace("one", derivation="argmax")
    space.add_input("x", (4, 6))
    if on == "node":
        space.add_node("y", choice=Choice("one", ("odd", "identity"), "gamma"))
        space.connect("x", "y")
    elif on == "edge":
        space.add_node("y", "identity")
        space.connect("x", "y", choice=Choice("one", ("odd", "identity"), "alpha"))
    else:
        space.add_node("y", "identity", then=(OpSpec("odd"),))
        space.connect("x", "y")
    space.set_output("y")
    return space


@pytest.mark.parametrize("on", ["node", "edge", "then"])
@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (Binary, "parameters"),
        (Rounded, "inputs"),
        (Detached, "parameters"),
        (Reversed, "parameters"),
        (Coarse, "(parameters|inputs)"),
    ],
)
def test_an_operation_whose_gradient_is_not_its_derivative_is_refused_by_name(
    kind: type[Operation], what: str, on: str
) -> None:
    with registered(operations={"odd": kind}):
        net = Supernet(space_of(on))
        with pytest.raises(SpaceError, match=rf"operation 'odd' .*no second derivative.* its {what} move"):
            check_derivatives(net)


@pytest.mark.parametrize("kind", [Linear, Kinked, Dropping, Once, Threshold])
def test_kinks_masks_buffers_and_a_backward_pass_of_its_own_are_no_reason_to_refuse(
    kind: type[Operation],
) -> None:
    with registered(operations={"odd": kind}):
        net = Supernet(space_of())
        before, states = {k: v.clone() for k, v in net.state_dict().items()}, torch.get_rng_state()
        check_derivatives(net)
        assert torch.equal(torch.get_rng_state(), states)
        assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


@pytest.mark.parametrize("norm", ["layer_norm", "batch_norm"])
def test_the_operations_of_the_bimodal_space_have_second_derivatives(norm: Any) -> None:
    check_derivatives(Supernet(Bimodal(channels=8, norm=norm).build({"a": (4, 6), "b": (4, 3)}, 2)))


@pytest.mark.parametrize("name", ["darts", "nas_bench_201"])
def test_the_operations_of_the_cell_spaces_have_second_derivatives(name: str) -> None:
    factory: Any = manager().find("space", name).load()
    check_derivatives(Supernet(factory().build({"x": (3, 16, 16)}, 3)))


def searched(order: Any) -> Search:
    random = torch.Generator().manual_seed(0)
    task = TensorTask({"x": torch.randn(60, 4, 6, generator=random)}, torch.arange(60) % 2)
    task.loss = lambda outputs, targets: (outputs.mean((1, 2)) - targets).square().mean()  # type: ignore[method-assign]
    task.metrics = lambda outputs, targets: {task.objective: float(outputs.mean())}  # type: ignore[method-assign]
    options = SearchOptions(epochs=1, batch_size=8)
    return Search(space_of(), task, task.data({}), Softmax(), Bilevel(order=order), options)


def test_a_search_of_second_order_refuses_it_before_its_first_epoch_and_one_of_first_order_takes_it() -> None:
    with registered(operations={"odd": Binary}):
        with pytest.raises(SpaceError, match=r"leave it out of the space, or search with loop.order=1"):
            searched(2)
        searched(1).fit()
