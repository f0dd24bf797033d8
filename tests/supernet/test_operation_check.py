"""Operations that break their contract are found before a search, and the search stays as it is."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nasframe import Architecture, Choice, Operation, SearchSpace, build
from nasframe.errors import ContractError, NasframeError, SpaceError
from nasframe.operations import OpSpec, Shape, infer
from nasframe.supernet import Supernet, check_operations
from nasframe.testing.registration import registered


class Linear(Operation):
    """A linear layer, the base of those that are wrong."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        self.linear = nn.Linear(shapes[0][-1], shapes[0][-1])
        self.before: Any = None

    def forward(self, x: Tensor) -> Any:
        return self.linear(x)


def wrong(forward: Any) -> type[Operation]:
    return type("Wrong", (Linear,), {"forward": forward, "__doc__": "It is wrong."})


def in_place(self: Any, x: Tensor) -> Tensor:
    return self.linear(x.mul_(1.0))


def mixes(self: Any, x: Tensor) -> Tensor:
    return self.linear(x - x.mean(0))


def shifts(self: Any, x: Tensor) -> Tensor:
    return self.linear(x.roll(1, 0))


def fails_in_training(self: Any, x: Tensor) -> Tensor:
    if self.training and x.device.type != "meta":
        raise KeyError("only here")
    return self.linear(x)


def fails_with_many(self: Any, x: Tensor) -> Tensor:
    return self.linear(x) if len(x) <= 3 else x.view(7, -1)


def fails_alone(self: Any, x: Tensor) -> Tensor:
    return self.linear(x) + x.var(0)[0] * 0 if len(x) > 1 else self.linear(x.squeeze(0))


def drops_an_axis(self: Any, x: Tensor) -> Tensor:
    return self.linear(x) if x.device.type == "meta" else self.linear(x).mean(1)


def no_tensor(self: Any, x: Tensor) -> Any:
    return self.linear(x) if x.device.type == "meta" else [self.linear(x)]


def other_dtype(self: Any, x: Tensor) -> Tensor:
    return self.linear(x).double()


def draws(self: Any, x: Tensor) -> Tensor:
    return self.linear(torch.nn.functional.dropout(x, 0.5))


def draws_elsewhere(self: Any, x: Tensor) -> Tensor:
    return self.linear(x) * (1 + np.random.random())


def draws_in_training(self: Any, x: Tensor) -> Tensor:
    return self.linear(x) * (1 + random.random()) if self.training else self.linear(x)


def not_finite(self: Any, x: Tensor) -> Tensor:
    return self.linear(x).log()


def keeps_the_graph(self: Any, x: Tensor) -> Tensor:
    found = self.linear(x).tanh()
    if self.training and x.device.type != "meta":
        found = found if self.before is None else found + 0 * self.before
        self.before = found
    return found


def not_differentiable(self: Any, x: Tensor) -> Tensor:
    return self.linear(x).detach()


def no_parameter_learns(self: Any, x: Tensor) -> Tensor:
    return x + self.linear(x).detach()


def reuses_its_output(self: Any, x: Tensor) -> Tensor:
    if self.training or x.device.type == "meta" or len(x) != 5:
        return self.linear(x)
    self.before = torch.empty_like(x) if self.before is None else self.before
    return self.before.copy_(self.linear(x))


def takes_its_layer_away(self: Any, x: Tensor) -> Tensor:
    if x.device.type != "meta" and hasattr(self, "linear"):
        del self.linear
    return x * 2


def adds_a_layer(self: Any, x: Tensor) -> Tensor:
    if self.training and x.device.type != "meta":
        self.late = nn.Linear(6, 6)
    return self.linear(x)


def adds_buffers(self: Any, x: Tensor) -> Tensor:
    if x.device.type != "meta":
        self.register_buffer(f"b{len(self._buffers)}", torch.zeros(3))
    return self.linear(x)


def replaces_a_parameter(self: Any, x: Tensor) -> Tensor:
    self.linear.weight = nn.Parameter(self.linear.weight.detach().clone())
    return self.linear(x)


def trains_nothing(self: Any, x: Tensor) -> Tensor:
    self.requires_grad_(False)
    return self.linear(x)


class OfItsOwn(Tensor):
    """A kind of tensor that comes with an operation."""


def another_class(self: Any, x: Tensor) -> Tensor:
    return self.linear(x).as_subclass(OfItsOwn)


def another_class_each_time(self: Any, x: Tensor) -> Tensor:
    return self.linear(x).as_subclass(type("Sub", (Tensor,), {}))


KEEPS = "forward must keep the parameters and buffers that the constructor made, each trained or not; it "
FOUND = {
    "takes its layer away": (takes_its_layer_away, f"{KEEPS}takes 'linear.bias' away in evaluation mode"),
    "adds a layer": (adds_a_layer, f"{KEEPS}adds 'late.bias' in training mode"),
    "adds buffers": (adds_buffers, f"{KEEPS}adds 'b0' in evaluation mode"),
    "replaces a parameter": (
        replaces_a_parameter,
        f"{KEEPS}puts another parameter in the place of 'linear.weight'",
    ),
    "trains nothing": (
        trains_nothing,
        f"{KEEPS}sets requires_grad of 'linear.weight' to False",
    ),
    "another class": (another_class, "forward must return a plain torch.Tensor, found its subclass OfItsOwn"),
    "another class each time": (another_class_each_time, "forward must return a plain torch.Tensor, found"),
    "in place": (in_place, "it must leave its inputs as they are; it changes input 0 in place"),
    "mixes": (mixes, "in evaluation mode the output of an example must not depend on the other examples"),
    "shifts": (shifts, "in evaluation mode the output of an example must not depend on the other examples"),
    "only in training": (
        fails_in_training,
        r"in training mode, for a batch of 5 examples: KeyError: 'only here'",
    ),
    "more than three": (fails_with_many, r"in evaluation mode, for a batch of 5 examples: RuntimeError"),
    "one": (fails_alone, r"real tensors \(4, 6\), in evaluation mode"),
    "drops an axis": (drops_an_axis, r"the shape \(2, 4, 6\), on real tensors \(2, 6\)"),
    "no tensor": (no_tensor, "forward must return one tensor, found list"),
    "another dtype": (other_dtype, "torch.float32 on cpu, found torch.float64 on cpu"),
    "draws": (draws, "in evaluation mode it must draw no random numbers"),
    "draws elsewhere": (draws_elsewhere, "in evaluation mode the same inputs must give the same output"),
    "draws in training": (
        draws_in_training,
        "in training mode the same inputs, buffers and seed of torch must",
    ),
    "not finite": (not_finite, "its output must be finite"),
    "keeps the graph": (keeps_the_graph, "it must not keep the graph of an earlier call"),
    "not differentiable": (not_differentiable, "its output must be differentiable: it has parameters"),
    "nothing learns": (no_parameter_learns, "no gradient reaches any of its parameters"),
    "reuses its output": (reuses_its_output, "its output must stay as it is, and another call changes it"),
}


def space_of(on: str = "node") -> SearchSpace:
    space = SearchSpace("one")
    space.add_input("x", (4, 6))
    choice = Choice("one", ("wrong", "identity"), "gamma")
    if on == "node":
        space.add_node("y", choice=choice)
        space.connect("x", "y")
    else:
        space.add_node("y", "identity")
        space.connect("x", "y", choice=choice)
    space.set_output("y")
    return space


@pytest.mark.parametrize("on", ["node", "edge"])
@pytest.mark.parametrize("name", FOUND)
def test_what_is_wrong_with_an_operation_is_found_before_a_search(name: str, on: str) -> None:
    forward, message = FOUND[name]
    with registered(operations={"wrong": wrong(forward)}):
        net = Supernet(space_of(on))
        with pytest.raises((SpaceError, ContractError), match=f"operation 'wrong' .*{message}"):
            check_operations(net)


@pytest.mark.parametrize("on", ["node", "edge"])
def test_a_built_network_is_checked_too(on: str) -> None:
    with registered(operations={"wrong": wrong(mixes)}):
        network = build(Architecture(space_of(on), {"one": "wrong"}), seed=0)
        with pytest.raises(ContractError, match="must not depend on the other examples"):
            check_operations(network)
        check_operations(build(Architecture(space_of(on), {"one": "identity"}), seed=0))


class Holding(Operation):
    """A layer with a wrong parameter."""

    def forward(self, x: Tensor) -> Tensor:
        return x


def holding(make: Any) -> type[Operation]:
    def init(self: Any, shapes: Sequence[Shape]) -> None:
        Operation.__init__(self, shapes)
        self.held = make()

    return type("Holding", (Holding,), {"__init__": init})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.LazyLinear(3), "'held.weight' is lazy"),
        (
            lambda: nn.Parameter(torch.ones(3, dtype=torch.complex64)),
            "'held' must be real, found torch.complex64",
        ),
        (
            lambda: nn.Parameter(torch.ones(3, dtype=torch.long), requires_grad=False),
            "operation 'wrong'.*'held' must be of floating-point numbers, found torch.int64; hold a buffer",
        ),
        (
            lambda: nn.Parameter(torch.ones(3, device="meta")),
            "'held' must be made on the default device, cpu, found meta",
        ),
    ],
)
def test_a_parameter_that_cannot_be_trained_is_refused_where_it_is_made(make: Any, message: str) -> None:
    with registered(operations={"wrong": holding(make)}), pytest.raises(ContractError, match=message):
        Supernet(space_of())


def test_an_operation_whose_constructor_makes_no_module_is_refused() -> None:
    def init(self: Any, shapes: Sequence[Shape]) -> None:
        """Forget the constructor of the base."""

    made = {
        "it forgets": type("Forgets", (Holding,), {"__init__": init}),
        "it makes another thing": type("Other", (Holding,), {"__new__": lambda cls, shapes: 7}),
    }
    with registered(operations={"wrong": made["it forgets"]}):
        message = r"operation 'wrong' .*: __init__ must call super\(\).__init__\(shapes\)"
        with pytest.raises(ContractError, match=message):
            Supernet(space_of())
    with (
        registered(operations={"wrong": made["it makes another thing"]}),
        pytest.raises(ContractError, match="operation 'wrong' .*: the class must make an Operation, found 7"),
    ):
        Supernet(space_of())


def test_an_average_over_the_batch_whose_shape_fits_by_chance_is_refused() -> None:
    def averages(self: Any, x: Tensor) -> Tensor:
        return self.linear(x).mean(0)

    with registered(operations={"wrong": wrong(averages)}), pytest.raises(ContractError, match="batch first"):
        infer(OpSpec("wrong"), [(2, 6)])


def test_the_operation_that_drops_an_axis_is_named_and_not_the_next_alone() -> None:
    def averages(self: Any, x: Tensor) -> Tensor:
        return self.linear(x).mean(1)

    class Two(Operation):
        """It needs two axes."""

        def forward(self, x: Tensor) -> Tensor:
            return x.transpose(1, 2).transpose(1, 2)

    space = SearchSpace("two")
    space.add_input("x", (4, 6))
    space.add_node("y", "wrong")
    space.add_node("z", "two_axes")
    space.connect("x", "y")
    space.connect("y", "z")
    space.set_output("z")
    with (
        registered(operations={"wrong": wrong(averages), "two_axes": Two}),
        pytest.raises(SpaceError, match=r"node 'z' takes: 'y' gives \(6,\) by operation 'wrong'"),
    ):
        Supernet(space)


class Normed(Operation):
    """Batch normalisation."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        self.norm = nn.BatchNorm1d(shapes[0][0] * shapes[0][1])

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.flatten(1)).view_as(x)


def test_batch_normalisation_passes_unless_a_training_batch_holds_one_example() -> None:
    with registered(operations={"wrong": Normed}):
        net = Supernet(space_of())
        check_operations(net)
        with pytest.raises(NasframeError, match="in training mode, for a batch of one example"):
            check_operations(net, alone=True)


def test_the_check_changes_no_bit() -> None:
    with registered(operations={"wrong": Normed}):
        net = Supernet(space_of()).train()
        state = {name: value.clone() for name, value in net.state_dict().items()}
        states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index, union-attr]
        check_operations(net, size=4)
        assert torch.equal(torch.get_rng_state(), states[0])
        assert random.getstate() == states[1]
        assert np.random.get_state()[1].tolist() == states[2]  # type: ignore[index, union-attr]
        assert net.training
        assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
        assert all(parameter.grad is None for parameter in net.parameters())
