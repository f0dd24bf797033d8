"""Linear layers at the inputs, computed beside each other."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils.flop_counter import FlopCounterMode

from nasframe import Architecture, Choice, OpSpec, SearchOptions, SearchSpace, TensorTask, build
from nasframe.linear_layers import _by_size, linear_values, may_be_beside
from nasframe.network import make_block
from nasframe.operations import linear_of
from nasframe.relaxations import GumbelRaoMonteCarlo, Relaxation, Softmax
from nasframe.runtime import beside, one_thread
from nasframe.searching import Bilevel, Search
from nasframe_fusion.structural import Projection
from tests.other_device import OnDevice

WIDTHS = {"a": 256, "b": 512, "c": 384}

ROWS = 16, 8


@pytest.fixture
def two_threads(_threads_kept: None) -> Iterator[None]:
    torch.set_num_threads(2)
    with one_thread():
        yield


@pytest.fixture(autouse=True)
def _threads_kept() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def made(bias: bool = True) -> tuple[dict[str, nn.Linear], dict[str, Tensor]]:
    torch.manual_seed(0)
    layers = {name: nn.Linear(width, 128, bias=bias) for name, width in WIDTHS.items()}
    return layers, {name: torch.randn(*ROWS, width, requires_grad=True) for name, width in WIDTHS.items()}


def alone(layers: Mapping[str, nn.Linear], inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: layer(inputs[name]) for name, layer in layers.items()}


def with_gradients(
    function: Callable[[Mapping[str, nn.Linear], Mapping[str, Tensor]], dict[str, Tensor]], bias: bool = True
) -> list[Tensor]:
    layers, inputs = made(bias)
    values = function(layers, inputs)
    torch.manual_seed(1)
    sum((value * torch.randn(value.shape)).sum() for value in values.values()).backward()  # type: ignore[union-attr]
    learnt = [*inputs.values(), *(item for layer in layers.values() for item in layer.parameters())]
    gradients = [leaf.grad for leaf in learnt]
    assert all(gradient is not None for gradient in gradients)
    return [*values.values(), *(gradient for gradient in gradients if gradient is not None)]


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
def test_values_and_gradients_have_the_bits_of_the_layers_alone(bias: bool) -> None:
    assert may_be_beside(*made(bias))
    found, expected = with_gradients(linear_values, bias), with_gradients(alone, bias)
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


@pytest.mark.usefixtures("two_threads")
def test_products_in_bfloat16_have_the_bits_of_autocast() -> None:
    def reduced(layers: Mapping[str, nn.Linear], inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return linear_values(layers, inputs, torch.bfloat16)

    def cast(layers: Mapping[str, nn.Linear], inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            values = alone(layers, inputs)
        return {name: value.float() for name, value in values.items()}

    found, expected = with_gradients(reduced), with_gradients(cast)
    assert {value.dtype for value in found} == {torch.float32}
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


def test_the_number_of_threads_changes_no_bit() -> None:
    found = []
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        with one_thread():
            found.append(with_gradients(linear_values))
    first, *others = found
    assert all(torch.equal(*pair) for other in others for pair in zip(first, other, strict=True))


@pytest.mark.usefixtures("two_threads")
def test_what_needs_no_gradient_gets_none() -> None:
    layers, inputs = made()
    layers["a"].requires_grad_(False)
    inputs["b"].requires_grad_(False)
    values = linear_values(layers, inputs)
    values["a"].sum().backward()
    assert inputs["a"].grad is not None
    assert layers["a"].weight.grad is None
    assert [layers[name].weight.grad for name in "bc"] == [None, None]
    values = linear_values(layers, inputs)
    values["b"].sum().backward()
    assert inputs["b"].grad is None
    assert layers["b"].weight.grad is not None


@pytest.mark.usefixtures("two_threads")
def test_the_gradient_can_be_differentiated() -> None:
    def second(function: Callable[..., dict[str, Tensor]]) -> Tensor:
        layers, inputs = made()
        loss = torch.stack([value.pow(2).sum() for value in function(layers, inputs).values()]).sum()
        (gradient,) = torch.autograd.grad(loss, [layers["a"].weight], create_graph=True)
        (found,) = torch.autograd.grad(gradient.pow(2).sum(), [inputs["a"]])
        return found

    assert torch.allclose(second(linear_values), second(alone), rtol=1e-5)


@pytest.mark.usefixtures("two_threads")
def test_layers_stay_alone_where_that_would_change_what_is_seen_or_pay_nothing() -> None:
    layers, inputs = made()
    assert may_be_beside(layers, inputs)
    assert not may_be_beside({"b": layers["b"]}, inputs), "there is one"
    assert not may_be_beside(layers, {name: value[:1] for name, value in inputs.items()}), "there is little"
    assert not may_be_beside(layers, {name: value.double() for name, value in inputs.items()})
    assert not may_be_beside(layers, {**inputs, "c": inputs["c"][..., 1:]}), "the layer has to refuse it"
    assert not may_be_beside(layers, {name: inputs[name] for name in "ab"}), "one is missing"
    assert not may_be_beside(layers, {name: OnDevice(value.detach()) for name, value in inputs.items()})
    strided = {name: value.detach().mT.contiguous().mT for name, value in inputs.items()}
    assert not may_be_beside(layers, strided), "gradients of other strides have other bits"
    seen = [torch.autocast("cpu", torch.bfloat16), torch.inference_mode(), forward_ad.dual_level()]
    for context in (*seen, FlopCounterMode(display=False), torch.device("cpu")):
        with context:
            assert not may_be_beside(layers, inputs), context

    def mapped(value: Tensor) -> Tensor:
        assert not may_be_beside(layers, inputs)
        return value

    torch.func.vmap(mapped)(torch.zeros(2))
    make_fx(mapped)(torch.zeros(2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # it is deprecated
        torch.jit.trace(mapped, torch.zeros(2), check_trace=False)
    layers["b"].forward = layers["a"].forward  # type: ignore[method-assign]
    assert not may_be_beside(layers, inputs), "another function"
    del layers["b"].forward
    for register in ("register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook"):
        hook = getattr(layers["b"], register)(lambda *_: None)
        assert not may_be_beside(layers, inputs), register
        hook.remove()
    hook = nn.modules.module.register_module_forward_hook(lambda *_: None)
    assert not may_be_beside(layers, inputs)
    hook.remove()
    parametrised = nn.utils.parametrizations.weight_norm(nn.Linear(WIDTHS["b"], 128))
    assert not may_be_beside({**layers, "b": parametrised}, inputs), "its weight is computed anew each time"
    assert may_be_beside(layers, inputs)


@pytest.mark.usefixtures("two_threads")
def test_a_backward_pass_under_autocast_computes_as_autocast_says() -> None:
    found = []
    for function in (linear_values, alone):
        layers, inputs = made()
        loss = sum(value.pow(2).sum() for value in function(layers, inputs).values())
        with torch.autocast("cpu", torch.bfloat16):
            loss.backward()  # type: ignore[union-attr]
        found.append([layer.weight.grad for layer in layers.values()])
    assert all(torch.allclose(one, other) for one, other in zip(*found, strict=True))  # type: ignore[arg-type]


@pytest.mark.usefixtures("two_threads")
def test_a_value_may_be_changed_in_place() -> None:
    layers, inputs = made()
    values, expected = linear_values(layers, inputs), alone(layers, inputs)
    for name in layers:
        assert torch.equal(values[name].add_(1), expected[name].add_(1))


def test_the_largest_input_is_begun_first() -> None:
    begun: list[int] = []
    found = _by_size(
        lambda place: begun.append(place) or place, [torch.zeros(2), torch.zeros(9), torch.zeros(4)]
    )
    assert begun == [1, 2, 0]
    assert found == [0, 1, 2]


def test_a_block_is_a_linear_layer_where_nothing_follows_and_no_hook_sees_it() -> None:
    projection, shapes = OpSpec("projection"), [(8, 16)]
    block = make_block(projection, (), shapes)
    assert block.as_linear() is block.operation.linear
    assert make_block(projection, [OpSpec("layer_norm")], shapes).as_linear() is None
    for module in (block, block.operation):
        hook = module.register_forward_hook(lambda *_: None)
        assert block.as_linear() is None
        hook.remove()
    assert block.as_linear() is not None


def test_layers_stay_alone_outside_of_one_thread() -> None:
    assert not may_be_beside(*made())


class Other(Projection):
    """A projection with another value, which does not speak of its layer."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).relu()


class Same(Projection):
    """A projection by another name."""


def test_an_operation_with_a_forward_of_its_own_has_to_say_anew_that_it_is_a_linear_layer() -> None:
    plain, same, other = (kind([(8, 16)]) for kind in (Projection, Same, Other))
    assert linear_of(plain) is plain.linear
    assert linear_of(same) is same.linear
    assert linear_of(other) is None
    plain.forward = other.forward  # type: ignore[method-assign]
    assert linear_of(plain) is None
    assert linear_of(Projection([(16,)])) is None, "it changes the shape of a row"
    assert linear_of(nn.Linear(2, 2)) is None


def space() -> SearchSpace:
    """Return a space whose inputs, of the widths above, are projected."""
    space = SearchSpace("projected")
    sources = [
        space.add_input(name, (ROWS[1], width), OpSpec("projection")) for name, width in WIDTHS.items()
    ]
    fused = space.add_node("fused", choice=Choice("fusion", ("sum", "concat_fc"), "gamma"), ports=("x", "y"))
    for source in sources:
        space.connect(source, fused, "x", choice=Choice(f"{source} x", ("zero", "identity"), "alpha"))
        space.connect(source, fused, "y")
    space.add_node("head", OpSpec("head", {"outputs": 2}))
    space.connect(fused, "head")
    space.set_output("head")
    return space


@pytest.fixture
def beside_each_other(monkeypatch: pytest.MonkeyPatch) -> list[torch.dtype | None]:
    """Return the type of each group of products that is computed beside each other."""
    calls: list[torch.dtype | None] = []

    def counted(
        layers: Mapping[str, nn.Linear], inputs: Mapping[str, Tensor], dtype: Any
    ) -> dict[str, Tensor]:
        calls.append(dtype)
        return linear_values(layers, inputs, dtype)

    monkeypatch.setattr("nasframe.network.linear_values", counted)
    return calls


def searched(relaxation: Relaxation, threads: int, bfloat16: Any) -> tuple[dict[str, Tensor], list[Any]]:
    """Return the state of a supernet after a search, which began with so many threads, and its epochs."""
    torch.manual_seed(0)
    tensors = {name: torch.randn(160, ROWS[1], width) for name, width in WIDTHS.items()}
    task = TensorTask(tensors, torch.arange(160) % 2)
    options = SearchOptions(batch_size=ROWS[0], epochs=2, min_epochs=2, bfloat16=bfloat16)
    torch.set_num_threads(threads)
    search = Search(space(), task, task.data({}), relaxation, Bilevel(), options)
    search.fit()
    epochs = [{key: value for key, value in record.items() if key != "seconds"} for record in search.history]
    return search.supernet.state_dict(), epochs


@pytest.mark.parametrize("bfloat16", ["none", "projections"])
@pytest.mark.parametrize("relaxation", [GumbelRaoMonteCarlo(samples=10), Softmax()], ids=["one-hot", "dense"])
def test_a_search_ends_with_the_same_bits_on_one_thread_and_on_two(
    relaxation: Relaxation, bfloat16: str, beside_each_other: list[torch.dtype | None]
) -> None:
    alone, epochs = searched(relaxation, 1, bfloat16)
    assert not beside_each_other
    found, others = searched(relaxation, 2, bfloat16)
    assert (torch.bfloat16 in beside_each_other) == (bfloat16 == "projections")
    assert beside_each_other
    assert all(torch.equal(value, found[name]) for name, value in alone.items())
    assert epochs == others


def test_a_search_validates_batches_beside_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = []

    def counted(functions: Sequence[Callable[[], Any]]) -> list[Any]:
        passes.append(len(functions))
        return beside(functions)

    monkeypatch.setattr("nasframe.training.outputs.beside", counted)
    searched(Softmax(), 2, "none")
    assert 2 in passes


def test_a_built_network_has_the_values_and_gradients_of_one_thread(
    beside_each_other: list[torch.dtype | None],
) -> None:
    searched_space = space()
    chosen = {name: "identity" if "x" in name else "sum" for name in searched_space.choices}
    network = build(Architecture(searched_space, chosen), seed=0)
    inputs = {name: torch.randn(*ROWS, width) for name, width in WIDTHS.items()}
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        with one_thread():
            network.zero_grad()
            value = network(inputs)
            value.sum().backward()
            found.append([value, *(item.grad for item in network.parameters() if item.grad is not None)])
        assert len(beside_each_other) == threads - 1
    assert all(torch.equal(*pair) for pair in zip(*found, strict=True))
