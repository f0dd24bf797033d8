"""The contract of an operation: what is refused, and what is said about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from nasframe.errors import ContractError, NasframeError, SpaceError
from nasframe.operations import Identity, Operation, OpSpec, Shape, Zero, infer
from nasframe.plugins import PluginManager, hookimpl
from nasframe.supernet import Supernet, check_operations
from nasframe.testing import OperationSuite
from nasframe_bimodal.space import Bimodal

FILE = r"\(.*test_operations\.py\)"


class Takes(Operation):
    """Says two, takes one."""

    arity = 2

    def forward(self, x: Tensor) -> Tensor:
        return x


class Pair(Operation):
    """Returns two."""

    arity = 2

    def forward(self, x: Tensor, y: Tensor) -> Any:
        return x, y


class Flat(Operation):
    """Loses the batch."""

    arity = 2

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return (x + y).flatten()


class Half(Operation):
    """Half of the channels."""

    arity = 2

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return (x + y)[..., ::2]


class Asks(Operation):
    """Asks for what its node does not give it."""

    arity = 2

    def __init__(self, shapes: Any, *, size: int) -> None:
        super().__init__(shapes)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


class Fails(Operation):
    """Adds what cannot be added."""

    arity = 2

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y.new_zeros(3, 5, 7)


class Looks(Operation):
    """Looks for what is not there."""

    arity = 2

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        table: dict[str, Tensor] = {}
        return table["x"]


class Forgets(Operation):
    """Does not begin as a module."""

    arity = 2

    def __init__(self, shapes: Any) -> None:
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x


class Elsewhere(Operation):
    """On the meta device it says one thing, and does another."""

    arity = 2

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x if x.device.type == "meta" else x[..., :3]


class Divides(Operation):
    """Divides zero by zero."""

    arity = 2

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x * 0 / 0


class Worded(Operation):
    """Has no number for an arity."""

    arity: ClassVar[Any] = "two"

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


KINDS = (Takes, Pair, Flat, Half, Asks, Fails, Looks, Forgets, Elsewhere, Divides, Worded)
OPERATIONS = {kind.__name__.lower(): kind for kind in KINDS}


class TestIdentity(OperationSuite):
    def make(self, shapes: Sequence[Shape]) -> Operation:
        return Identity(shapes)


class TestZero(OperationSuite):
    no_gradient = "zeros do not depend on what arrives"

    def make(self, shapes: Sequence[Shape]) -> Operation:
        return Zero(shapes)


STARTED: list[str] = []


@pytest.fixture(autouse=True)
def _registered(plugins: PluginManager) -> None:
    STARTED.clear()

    class Mine:
        @hookimpl
        def register_operations(self) -> dict[str, Any]:
            return {**OPERATIONS, "linear": nn.Linear}

        @hookimpl
        def search_started(self) -> None:
            STARTED.append("search")

    plugins.register(Mine(), "mine")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("takes", "arity is 2 and 2 inputs arrive, but it defines forward(self, x): too many positional"),
        ("pair", "forward must return one tensor with the batch first, here (2, …), found ("),
        ("flat", "forward must return one tensor with the batch first, here (2, …), found shape (48,)"),
        ("worded", "arity must be a number from 1, or None for any number of inputs, found 'two'"),
    ],
)
def test_a_broken_promise_names_the_plugin_the_file_and_the_contract(name: str, message: str) -> None:
    with pytest.raises(ContractError) as caught:
        infer(OpSpec(name), [(4, 6), (4, 6)])
    words = str(caught.value)
    assert words.startswith(f"operation {name!r} of plugin 'mine' (")
    assert "test_operations.py) breaks the contract of nasframe.Operation: " in words
    assert message in words


def test_something_else_than_an_operation_is_refused() -> None:
    with pytest.raises(ContractError, match="operation 'linear' of plugin 'mine' .* must be a subclass of"):
        infer(OpSpec("linear"), [(4, 6)])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "asks",
            r"cannot be built for inputs \(4, 6\), \(4, 6\): .*missing 1 required keyword-only argument",
        ),
        ("looks", r"fails on inputs \(4, 6\), \(4, 6\): KeyError: 'x' \(.*test_operations.py, line \d+\)"),
        ("forgets", r"cannot be built for inputs .*: AttributeError: cannot assign module before"),
        ("fails", r"fails on inputs \(4, 6\), \(4, 6\): .*broadcast"),
    ],
)
def test_an_operation_that_cannot_be_built_or_run_is_named_with_its_file(name: str, message: str) -> None:
    with pytest.raises(SpaceError, match=rf"operation {name!r} of plugin 'mine' {FILE} {message}"):
        infer(OpSpec(name), [(4, 6), (4, 6)])


def test_of_candidates_that_differ_in_shape_the_odd_one_is_named() -> None:
    space = Bimodal(channels=6, operations=("zero", "sum", "attention", "half")).build(
        {"left": (4, 6), "right": (4, 6)}, 2
    )
    with pytest.raises(SpaceError, match=rf"the odd one out is operation 'half' of plugin 'mine' {FILE}"):
        Supernet(space)


@pytest.mark.parametrize(
    "name", ["takes", "pair", "flat", "asks", "fails", "looks", "forgets", "elsewhere", "divides"]
)
def test_a_search_is_refused_before_it_starts(name: str) -> None:
    import nasframe

    task = nasframe.TensorTask(
        {side: torch.rand(32, 4, 6) for side in ("left", "right")}, torch.arange(32) % 2
    )
    experiment = nasframe.Experiment.of(
        task=task, space=Bimodal(channels=4, operations=("zero", "sum", name)), device="cpu"
    )
    with pytest.raises(NasframeError, match=f"operation {name!r} of plugin 'mine'"):
        nasframe.search(experiment)
    assert STARTED == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "elsewhere",
            r"on the meta device its output has the shape \(2, 4, 6\), on real tensors \(2, 4, 3\)",
        ),
        ("divides", "its output must be finite, for finite inputs"),
    ],
)
def test_what_an_operation_does_to_real_tensors_is_seen_before_a_search_starts(
    name: str, message: str
) -> None:
    space = Bimodal(channels=6, operations=("sum", name), norm="none").build(
        {"left": (4, 6), "right": (4, 6)}, 2
    )
    with pytest.raises(
        ContractError, match=rf"operation {name!r} of plugin 'mine' {FILE} breaks .*{message}"
    ):
        check_operations(Supernet(space))


def test_the_probe_leaves_a_supernet_as_it_is() -> None:
    net = Supernet(Bimodal(norm="batch_norm").build({"left": (4, 6), "right": (4, 6)}, 2))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    noise = torch.get_rng_state()
    check_operations(net)
    assert net.training
    assert torch.equal(torch.get_rng_state(), noise)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
