"""Every shipped operation and the networks of every shipped space are exported with the same outputs."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from nasframe import Architecture, Choice, Network, OpSpec, SearchSpace, SpaceFactory, build, manager
from nasframe.exporting import FORMATS, write_exported
from nasframe.operations import arity_of, build_operation
from nasframe.tasks import Exported
from nasframe_bimodal.space import Bimodal
from nasframe_cells.darts import DARTS
from nasframe_cells.nas_bench_201 import NASBench201

MAPS = (6, 8)  # (length, channels) of nasframe_fusion
IMAGES, SEQUENCES = (4, 9, 9), (4, 9)
STRIDED = ("nor_conv_1", "nor_conv_3", "sep_conv_3", "sep_conv_5", "dil_conv_3", "dil_conv_5")
STRIDED += ("avg_pool_3", "max_pool_3", "skip_connect")


class Operations(nn.Module):
    """All shipped operations, each on an input of its shape: an output for each."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: dict[str, tuple[str, int]] = {}
        self.operations = nn.ModuleDict()
        for entry in manager().registered("operation"):
            if entry.plugin == "nasframe_cells":
                self._add(entry.name, "images", IMAGES, {"stride": 2} if entry.name in STRIDED else {})
                self._add(entry.name, "sequences", SEQUENCES, {})
            elif entry.plugin in ("nasframe", "nasframe_fusion"):
                self._add(entry.name, "maps", MAPS, {})

    def _add(self, name: str, taken: str, shape: tuple[int, ...], options: Mapping[str, int]) -> None:
        spec = OpSpec(name, dict(options))
        count = arity_of(spec) or 3
        key = f"{name} {taken} {options.get('stride', 1)}"
        self.taken[key] = taken, count
        self.operations[key] = build_operation(spec, [shape] * count)

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return {
            key: operation(*[inputs[self.taken[key][0]]] * self.taken[key][1])
            for key, operation in self.operations.items()
        }


class Networks(nn.Module):
    """Several networks that share inputs by the name of the space: an output for each."""

    def __init__(self, networks: Mapping[str, Network]) -> None:
        super().__init__()
        self.networks = nn.ModuleDict(networks)

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: network(inputs) for name, network in self.networks.items()}


def shift_statistics(module: nn.Module) -> None:
    """Give every normalisation running values that are not those of a new one."""
    generator = torch.Generator().manual_seed(1)
    for name, value in module.named_buffers():
        if value.is_floating_point():
            value.add_(torch.rand(value.shape, generator=generator) * (0.5 if "var" in name else 1.0))


def differences(module: nn.Module, shapes: Mapping[str, tuple[int, ...]], out: Path) -> dict[str, float]:
    """Export in every format; return file → the largest difference of its outputs from the module's."""
    shift_statistics(module)
    example = {name: torch.randn(2, *shape) for name, shape in shapes.items()}
    found = write_exported(Exported(module, example), out, {})
    assert list(found["files"]) == [item.file for item in FORMATS.values()]
    assert found["left_out"] == {}
    return {file: item["largest_difference"] for file, item in found["files"].items()}


def test_every_shipped_operation_is_exported_with_the_same_outputs(tmp_path: Path) -> None:
    operations = Operations()
    names = {entry.name for entry in manager().registered("operation") if entry.plugin == "nasframe_fusion"}
    assert {key.split()[0] for key in operations.taken} >= names
    assert len(operations.taken) > 35
    shapes = {"maps": MAPS, "images": IMAGES, "sequences": SEQUENCES}
    assert max(differences(operations, shapes, tmp_path / "out").values()) <= 1e-5


def drawn(factory: SpaceFactory, inputs: Mapping[str, tuple[int, ...]], seed: int) -> Network:
    space = factory.make(inputs, 3)
    return build(Architecture(space, space.decisions.sample(random.Random(seed))), seed=seed)


FEATURES = {"I1": (6, 5), "I2": (6, 7), "S1": (6, 5), "S2": (6, 3)}


def test_networks_of_every_shipped_space_are_exported_with_the_same_outputs(tmp_path: Path) -> None:
    networks = {
        f"bimodal {ports} {seed}": drawn(Bimodal(channels=4, ports=ports), FEATURES, seed)
        for seed, ports in enumerate(("shared", "distinct", "choose", "paired"))
    }
    for name, shape in (("images", (3, 8, 8)), ("sequences", (3, 12))):
        networks[f"darts {name}"] = drawn(DARTS(channels=4, cells=3, nodes=1), {name: shape}, 1)
        networks[f"nas_bench_201 {name}"] = drawn(NASBench201(channels=4, cells=1), {name: shape}, 2)
    shapes = {name: shape for network in networks.values() for name, shape in network.inputs.items()}
    assert max(differences(Networks(networks), shapes, tmp_path / "out").values()) <= 1e-5


def with_an_empty_port() -> Architecture:
    """An architecture in which nothing arrives at a port, and whose names torch would not take."""
    space = SearchSpace("odd")
    space.add_input("the left: a -> b", (6, 4))
    space.add_input("training", (6, 4))
    space.add_node("sum", OpSpec("sum"), ports=("x", "y"))
    space.connect("the left: a -> b", "sum", "x")
    space.connect("training", "sum", "y", choice=Choice("edge", ("zero", "identity"), "alpha"))
    dropped = OpSpec("dropout", {"rate": 0.5})
    space.add_node("eval", choice=Choice("drop", (dropped, OpSpec("layer_norm")), "gamma"))
    space.connect("sum", "eval")
    space.add_node("head", OpSpec("head", {"outputs": 2}))
    space.connect("eval", "head")
    space.set_output("head")
    return Architecture(space, {"edge": "zero", "drop": dropped.label})


def test_a_port_without_arrivals_and_names_with_dots_are_exported(tmp_path: Path) -> None:
    network = build(with_an_empty_port(), seed=0)
    found = differences(Networks({"odd": network}), network.inputs, tmp_path / "out")
    assert max(found.values()) <= 1e-5


@pytest.mark.parametrize("count", [1, 3])
def test_a_port_without_arrivals_receives_zeros_for_each_example(count: int) -> None:
    network = build(with_an_empty_port(), seed=0).eval()
    inputs = {name: torch.ones(count, *shape) for name, shape in network.inputs.items()}
    assert network(inputs).shape == (count, 2)
