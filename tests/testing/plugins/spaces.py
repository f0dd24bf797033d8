"""A search space that keeps its promises, and some that each break one."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pytest
from attrs import frozen
from torch import Tensor, nn

from nasframe import Choice, Operation, OpSpec, SearchSpace, Shape, SpaceFactory, hookimpl
from nasframe.options import option
from nasframe.plugins import manager
from nasframe.testing import SearchSpaceSuite

CALLS = itertools.count()
SHARED = nn.Linear(6, 6)


class Dense(Operation):
    """A linear layer."""

    layer: ClassVar[nn.Linear | None] = None

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        self.linear = self.layer or nn.Linear(shapes[0][-1], shapes[0][-1])

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.linear(x)
        return output


class SharedDense(Dense):
    """The one linear layer of all."""

    layer = SHARED


class Drifting(Dense):
    """Moves its own parameters at every pass."""

    def forward(self, x: Tensor) -> Tensor:
        if self.training and x.device.type != "meta":
            self.linear.weight.data.add_(0.01)
        return super().forward(x)


class Dicing(Dense):
    """Draws from Python's generator."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x * random.Random().random())


class Empty(Dense):
    """Not a number."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) / 0


class Plugin:
    @hookimpl
    def register_operations(self) -> Mapping[str, Any]:
        kinds = (Dense, SharedDense, Drifting, Dicing, Empty)
        return {f"my_{kind.__name__.lower()}": kind for kind in kinds}


@pytest.fixture(autouse=True, scope="module")
def _plugin() -> Iterator[None]:
    manager().register(Plugin(), "plugin_of_this_module")
    yield
    manager().unregister("plugin_of_this_module")


@frozen
class Good(SpaceFactory):
    """Each input through an operation of its choice, added up."""

    operations: tuple[str, ...] = option(("zero", "identity", "my_dense"), help="candidates of every node")

    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        space = SearchSpace("good")
        space.add_node("sum", "identity")
        for name, shape in inputs.items():
            space.add_input(name, shape)
            space.add_node(
                f"node_{name}", choice=Choice(f"node_{name}", self.operations, "gamma"), ports=("x",)
            )
            space.connect(name, f"node_{name}")
            space.connect(f"node_{name}", "sum")
        space.add_node("head", OpSpec("head", {"outputs": outputs}))
        space.connect("sum", "head")
        space.set_output("head")
        return space


class ForgetsTheOutput(Good):
    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        space = super().make(inputs, outputs)
        space.output = None
        return space


class NoSpace(Good):
    def build(self, inputs: Mapping[str, Shape], outputs: int) -> Any:
        return None


class ChangesItsMind(Good):
    """Other choices at every call."""

    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        operations = ("zero", "identity") if next(CALLS) % 2 else ("zero", "my_dense")
        return Good(operations).make(inputs, outputs)


class IgnoresOutputs(Good):
    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        return super().make(inputs, 3)


class ForgetsItsOptions(Good):
    """Its documents say the defaults."""

    def build(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        space = super().build(inputs, outputs)
        space.origin = {**(space.origin or {}), "options": {}}
        return space


class WithClass(Good):
    """A space of another class."""

    kind: ClassVar[type[SearchSpace]]

    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        space = super().make(inputs, outputs)
        space.__class__ = self.kind
        return space


class Miscounted(SearchSpace):
    def count(self) -> int:
        return super().count() + 1


class Repeated(SearchSpace):
    def enumerate(self) -> Iterator[dict[str, str]]:
        first, *others = super().enumerate()
        return iter([first, first, *others[1:]])


class Diced(SearchSpace):
    def sample(self, seed: Any = 0) -> dict[str, str]:
        first, second, *_ = self.enumerate()
        return first if next(CALLS) % 2 else second


class Incomplete(SearchSpace):
    def sample(self, seed: Any = 0) -> dict[str, str]:
        return {}


class Miscounts(WithClass):
    kind = Miscounted


class Repeats(WithClass):
    kind = Repeated


class Dices(WithClass):
    kind = Diced


class SamplesNothing(WithClass):
    kind = Incomplete


class WithRule(Good):
    def rule(self, space: SearchSpace, probabilities: Any) -> Mapping[str, str]:
        return dict.fromkeys(space.choices, "identity")

    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        space = super().make(inputs, outputs)
        space.derivation = self.rule
        return space


class DerivesNothing(WithRule):
    """Leaves every choice open."""

    def rule(self, space: SearchSpace, probabilities: Any) -> Mapping[str, str]:
        return dict.fromkeys(space.choices, "sum")


class DerivesByChance(WithRule):
    """Never the same twice."""

    def rule(self, space: SearchSpace, probabilities: Any) -> Mapping[str, str]:
        first, second, *_ = space.enumerate()
        return first if next(CALLS) % 2 else second


class DividesByProbability(WithRule):
    """Fails where a probability is zero."""

    def rule(self, space: SearchSpace, probabilities: Any) -> Mapping[str, str]:
        return {name: min(row, key=lambda item: 1 / row[item]) for name, row in probabilities.items()}


class Unreachable(Good):
    """A choice that leads nowhere."""

    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        space = super().make(inputs, outputs)
        space.add_node("nowhere", choice=Choice("nowhere", ("identity", "my_dense"), "beta"), ports=("x",))
        space.connect(next(iter(inputs)), "nowhere")
        return space


@frozen
class NoHelp(Good):
    width: int = 3


@frozen
class Dealt(SpaceFactory):
    """Deals out what the search adds up, and does not say so."""

    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        from nasframe_bimodal.space import Bimodal

        return Bimodal(channels=4, cells=1, ports="shared").make(inputs, outputs)


def suite(kind: Any, *operations: str) -> type[SearchSpaceSuite]:
    """The suite on one of the classes above."""
    arguments = (operations,) if operations else ()
    return type(f"Test{kind.__name__}", (SearchSpaceSuite,), {"make": lambda self: kind(*arguments)})


for _kind in [item for item in vars().values() if isinstance(item, type) and issubclass(item, SpaceFactory)]:
    if _kind is not SpaceFactory:
        vars()[f"Test{_kind.__name__}"] = suite(_kind)
TestForgetsItsOptions = suite(ForgetsItsOptions, "zero", "identity")
TestShared = suite(Good, "my_dense", "my_shareddense", "my_dicing")
TestDrifting = suite(Good, "my_drifting")
TestDicing = suite(Good, "my_dicing", "my_dense")
TestEmpty = suite(Good, "my_empty")


class TestTwoSharing(SearchSpaceSuite):
    """Two nodes with the same module, of which one is selected and the other is not."""

    def make(self) -> SpaceFactory:
        return Good(("my_dense", "my_shareddense"))


class TestDealtAndSaysSo(SearchSpaceSuite):
    exact = False

    def make(self) -> SpaceFactory:
        return Dealt()


class TestNothing(SearchSpaceSuite):
    """Without a `make`."""
