"""Names of a space in torch: any name works, different names stay apart, and old checkpoints are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import nasframe
from nasframe import (
    Architecture,
    Choice,
    Experiment,
    SearchOptions,
    SearchSpace,
    Supernet,
    TensorTask,
    TrainOptions,
    build,
    module_key,
)
from nasframe.errors import SpaceError
from nasframe.module_names import with_own_names
from nasframe.network import inherit
from nasframe.relaxations import Softmax
from nasframe.runs import load_checkpoint
from nasframe_bimodal.space import Bimodal

ATTRIBUTES = sorted({*dir(nn.ModuleDict()), *dir(nn.ParameterDict()), "training", "_modules", "_keys"})
SIGNS = st.text(st.sampled_from("a%.:>25E3AuD8\udc80_"), max_size=8)


def names_of(name: str, other: str) -> Supernet:
    """A supernet whose input, node, candidate, choice, group and port all have a name."""
    space = SearchSpace("strange")
    space.add_input(name, (4, 6))
    space.add_input(other, (4, 6))
    for node in (f"{name} ", f"{other} "):
        space.add_node(node, choice=Choice(node, ("sum", "concat_fc"), name), ports=(name, "y"))
        space.connect(name, node, name, choice=Choice(f"to {node}", ("zero", "layer_norm"), other))
        space.connect(other, node, "y")
    space.add_node("out", "weighted_fusion")
    for source in (name, f"{name} ", f"{other} "):
        space.connect(source, "out", source)
    space.set_output("out")
    return Supernet(space)


@pytest.mark.parametrize("holder", [nn.ModuleDict, nn.ParameterDict])
def test_no_attribute_of_torch_is_a_key(holder: type[nn.Module]) -> None:
    for name in ATTRIBUTES:
        assert not hasattr(holder(), module_key(name, holder))


@given(SIGNS, SIGNS)
def test_different_names_have_different_keys(first: str, second: str) -> None:
    assert (module_key(first) == module_key(second)) == (first == second)
    assert "." not in module_key(first)
    module_key(first).encode()


def test_an_ordinary_name_is_its_own_key() -> None:
    for name in ("video", "cell1/N2", "a->cell1", "mic:1", "mic_1", "gate(bias=false)", "東京", "100"):
        assert module_key(name) == name


@pytest.mark.parametrize(
    "name",
    ["training", "_modules", "forward", "type", "keys", "get", "_keys", "%", "a>b", "a:b:c", "ü", "[b]"],
)
def test_a_space_of_strange_names_is_searched_derived_and_loaded(name: str) -> None:
    net = names_of(name, "other")
    inputs = {key: torch.rand(3, 4, 6) for key in net.space.inputs}
    net(inputs, net.logits.sample(Softmax())).sum().backward()
    architecture = Architecture(net.space, net.space.sample(0))
    network = build(architecture)
    assert inherit(network, net.state_dict()) == []
    one_hot = net.eval()(inputs, net.logits.one_hot(architecture.assignment))
    assert torch.allclose(one_hot, network.eval()(inputs), atol=1e-6)
    other = names_of(name, "other")
    other.load_state_dict(net.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(other.parameters(), net.parameters(), strict=True))


def test_names_that_look_alike_have_modules_of_their_own() -> None:
    net = names_of("mic:1", "mic_1")
    assert {"mic:1 ", "mic_1 "} <= set(net.nodes)
    assert len(net.edges) == 2


def test_edges_whose_names_would_meet_have_modules_of_their_own() -> None:
    space = SearchSpace("edges")
    for name in ("a", "a>b"):
        space.add_input(name, (4, 6))
    for name in ("b>c", "c"):
        space.add_node(name, "sum", ports=("x", "y"))
    for source, target in (("a", "b>c"), ("a>b", "c")):
        space.connect(source, target, "x", operation="layer_norm")
    space.connect("a>b", "b>c", "y")
    space.connect("b>c", "c", "y")
    space.set_output("c")
    assert set(Supernet(space).edges) == {"a>b>c:x", "a%253Eb>c:x"}


def test_groups_whose_names_would_meet_have_logits_of_their_own() -> None:
    space = SearchSpace("groups")
    space.add_input("x", (4, 6))
    space.add_node("sum", "sum", ports=("x", "y"))
    nodes = [
        ("alpha", "layer_norm"),
        ("alpha", "identity"),
        ("alpha:1", "layer_norm"),
        ("alpha:2", "identity"),
    ]
    for place, (group, candidate) in enumerate(nodes):
        choice = Choice(f"n{place}", ("zero", candidate), group)
        space.add_node(f"n{place}", choice=choice)
        space.connect("x", f"n{place}")
        space.connect(f"n{place}", "sum", "xy"[place % 2])
    space.set_output("sum")
    logits = Supernet(space).logits
    assert len(logits.values) == len(logits.tables) == 4
    assert all(logits.values[table.key].shape == (1, 2) for table in logits.tables)


def test_a_tie_that_is_called_as_another_cell_is_refused() -> None:
    cell = SearchSpace("cell")
    cell.add_input("x")
    cell.add_node("n", choice=Choice("n", ("identity", "layer_norm"), "g"))
    cell.connect("x", "n")
    cell.set_output("n")
    space = SearchSpace("ties")
    space.add_input("x", (4, 6))
    space.add_cell("one", cell, tied="two")
    space.add_cell("two", cell)
    space.connect("x", "one")
    space.connect("one", "two")
    space.set_output("two")
    with pytest.raises(SpaceError, match="one: is tied as 'two', which is the name of another cell"):
        space.check()


def test_a_state_that_another_version_of_torch_named_is_loaded() -> None:
    net, other = names_of("training", "other"), names_of("training", "other")
    state = net.state_dict()
    older = {
        key.replace("%training", "training").replace("nodes.other ", "nodes.%other "): v
        for key, v in state.items()
    }
    assert older.keys() != state.keys()
    other.load_state_dict(older)
    assert all(torch.equal(value, state[key]) for key, value in other.state_dict().items())
    network = build(Architecture(net.space, net.space.sample(0)))
    assert inherit(network, older) == []


def test_a_state_of_an_edge_that_an_earlier_version_named_is_loaded() -> None:
    net, other = names_of("a>b", "other"), names_of("a>b", "other")
    state = net.state_dict()
    older = {key.replace("%253E", ">"): value for key, value in state.items()}
    assert older.keys() != state.keys()
    other.load_state_dict(older)
    assert all(torch.equal(value, state[key]) for key, value in other.state_dict().items())


def test_names_that_mean_two_keys_are_not_guessed() -> None:
    state = {"%copy": 1, "other": 2}
    assert with_own_names(state, ["copy", "%25copy"]) == {"copy": 1, "other": 2}
    assert with_own_names({"%a": 1, "a": 2}, ["%a"]) == {"%a": 1, "a": 2}
    assert with_own_names({"%a": 1, "%%a": 2}, ["a"]) == {"a": 1, "%%a": 2}


@pytest.mark.parametrize("name", ["training", "_modules", "mic:1"])
def test_a_run_with_such_an_input_is_made_and_goes_on(name: str, tmp_path: Path) -> None:
    tensors = {key: torch.rand(48, 4, 3) for key in (name, "mic_1")}
    experiment: dict[str, Any] = {
        "task": TensorTask(tensors, torch.arange(48) % 2),
        "space": Bimodal(channels=4, cells=1, nodes=1),
        "search": SearchOptions(epochs=1, min_epochs=1, batch_size=16),
        "train": TrainOptions(epochs=1),
        "device": "cpu",
    }
    run = nasframe.run_experiment(Experiment.of(**experiment), tmp_path / "run")
    found = load_checkpoint(run.checkpoints, "search")
    assert found is not None
    key = module_key(name)
    assert any(tensor.startswith(f"supernet.nodes.{key}.fixed.") for tensor in found.tensors)
    assert set(nasframe.load_supernet(run).space.inputs) == {name, "mic_1"}
