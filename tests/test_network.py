"""The built network: only what was kept, and what it costs."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from nasframe import Architecture, Choice, SearchSpace, build, cost_of
from nasframe.network import infer_shapes
from nasframe_bimodal.space import Bimodal

INPUTS = {"a": (4, 3), "b": (4, 5), "c": (4, 2)}


def architecture(seed: int = 0, **options: object) -> Architecture:
    space = Bimodal(channels=8, **options).build(INPUTS, 2)  # type: ignore[arg-type]
    return Architecture(space, space.sample(seed))


def test_it_holds_only_the_chosen_operation_of_each_node() -> None:
    found = architecture(3)
    network = build(found)
    for name, blocks in network.nodes.items():
        assert len(blocks) == 1  # type: ignore[arg-type]
        choice = found.space.wiring.nodes[name].choice
        if choice is not None:
            assert list(blocks) == [found.assignment[choice.name]]  # type: ignore[arg-type]


def test_the_same_seed_builds_the_same_parameters_and_leaves_the_global_generator_alone() -> None:
    state = torch.get_rng_state()
    first, second = build(architecture(), seed=3), build(architecture(), seed=3)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(map(torch.equal, first.parameters(), second.parameters()))
    assert not all(map(torch.equal, first.parameters(), build(architecture(), seed=4).parameters()))


def test_it_matches_a_network_written_by_hand() -> None:
    space = Bimodal(channels=8, cells=1, nodes=1, dropout=0.0, ports="choose").build(INPUTS, 2)
    choices = {"cell1.x": "a", "cell1.y": "c", "cell1/N1": "linear_glu", "cell1/N1.x": "y", "cell1/N1.y": "x"}
    network = build(Architecture(space, choices)).double()
    state = {name.removeprefix("nodes."): value for name, value in network.state_dict().items()}
    inputs = {name: torch.randn(5, *shape, dtype=torch.float64) for name, shape in INPUTS.items()}

    def linear(value: torch.Tensor, name: str) -> torch.Tensor:
        return value @ state[f"{name}.weight"].T + state.get(f"{name}.bias", 0)

    def norm(value: torch.Tensor, name: str) -> torch.Tensor:
        centred = value - value.mean(-1, keepdim=True)
        scaled = centred / (value.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
        return scaled * state[f"{name}.weight"] + state[f"{name}.bias"]

    x, y = (linear(inputs[name], f"{name}.fixed.operation.linear") for name in "ac")
    glu = "cell1/N1.linear_glu"
    inner = linear(y, f"{glu}.operation.value") * linear(x, f"{glu}.operation.gate").sigmoid()
    inner = norm(inner, f"{glu}.then.0.norm")
    (weight,) = (value for name, value in state.items() if "fusion" in name)
    cell = norm(x + weight * inner, "cell1/norm.fixed.operation.norm")
    expected = linear(cell.flatten(1), "head.fixed.operation.linear")
    torch.testing.assert_close(network(inputs), expected, rtol=1e-10, atol=1e-12)


def test_the_inputs_read_are_those_that_change_the_output_and_not_all_that_are_connected() -> None:
    space = SearchSpace("attention")
    space.add_input("a", (4, 8)), space.add_input("b", (4, 8)), space.add_input("c", (4, 8))
    space.add_node("attention", "attention", ports=("x", "y"))
    space.add_node("sum", "sum", ports=("x", "y"))
    space.connect("a", "attention", "x")
    space.connect("b", "attention", "y", choice=Choice("use b", ("zero", "identity"), "alpha"))
    space.connect("attention", "sum", "x")
    space.connect("c", "sum", "y")
    space.set_output("sum")
    whole = build(Architecture(space, {"use b": "identity"}))
    assert whole.inputs_read() == whole.inputs.keys() == {"a", "b", "c"}
    empty = build(Architecture(space, {}))  # attention to zeros is zero
    assert empty.inputs.keys() == {"a", "c"}
    assert empty.inputs_read() == {"c"}


def test_asking_for_the_inputs_read_leaves_the_network_and_the_generators_as_they_are() -> None:
    network = build(architecture(ports="distinct", cells=1, nodes=1, dropout=0.5, norm="batch_norm"))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    assert network.inputs_read() == network.inputs.keys() < INPUTS.keys()
    assert network.training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(value.equal(before[name]) for name, value in network.state_dict().items())


def test_its_cost_is_what_running_it_counts() -> None:
    for seed in range(5):
        found = architecture(seed)
        network = build(found).eval()
        assert cost_of(found).parameters == sum(parameter.numel() for parameter in network.parameters())
        assert cost_of(found).parameters == sum(network.parameters_by_part().values())
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            network({name: torch.randn(1, *shape) for name, shape in INPUTS.items()})
        assert cost_of(found).multiply_adds == counter.get_total_flops() // 2


def test_shapes_are_known_before_anything_is_computed() -> None:
    shapes = infer_shapes(Bimodal(channels=8, cells=2).build(INPUTS, 7))
    assert shapes.nodes["a"] == (4, 8)
    assert shapes.nodes["cell2/norm"] == (4, 8)
    assert shapes.nodes["concat"] == (4, 16)
    assert shapes.nodes["head"] == (7,)
    assert shapes.costs["cell1/N1", "concat_fc"].parameters == 16 * 8 + 8 + 16
    assert shapes.costs["cell1/N1", "concat_fc"].multiply_adds == 4 * 16 * 8
    assert shapes.costs["cell1/N1", "zero"].parameters == 0


def test_the_repr_of_a_network_is_a_line_and_that_of_its_modules_is_torch_s() -> None:
    network = build(architecture())
    count = sum(value.numel() for value in network.parameters())
    head = f"<Network of {network.architecture.space.name}, {network.architecture.fingerprint[:12]}"
    assert repr(network) == f"{head}: {count:,} parameters>"
    assert repr(network.nodes).startswith("ModuleDict(\n")
    assert "(nodes): ModuleDict(" in nn.Module.__repr__(network)
    assert repr(nn.Sequential(network)) == f"Sequential(\n  (0): {network!r}\n)"
