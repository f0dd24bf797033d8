"""A toy problem whose best architecture is known: every node must apply its own function of the input."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from attrs import define, frozen
from torch import Tensor
from torch.nn import functional as F

from nasframe import (
    Choice,
    Data,
    Operation,
    SearchSpace,
    Shape,
    SpaceFactory,
    Splits,
    Task,
    TensorSplit,
    hookimpl,
)

FUNCTIONS = {
    "toy_sine": torch.sin,
    "toy_square": torch.square,
    "toy_negate": torch.neg,
    "toy_absolute": torch.abs,
}
NODES = 8
BEST = {f"n{index}": list(FUNCTIONS)[index * 7 % len(FUNCTIONS)] for index in range(NODES)}


def _operation(function: Any) -> type[Operation]:
    class Apply(Operation):
        """One function of the input, without parameters."""

        def forward(self, x: Tensor) -> Tensor:
            result: Tensor = function(x)
            return result

    return Apply


@frozen
class ToySpace(SpaceFactory):
    """Independent nodes, each with a choice of function."""

    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        space = SearchSpace("toy")
        space.add_input("x", inputs["x"])
        space.add_node("out", "concat")
        for name in BEST:
            space.add_node(name, choice=Choice(name, tuple(FUNCTIONS), "gamma"), ports=("x",))
            space.connect("x", name)
            space.connect(name, "out", port=name)
        space.set_output("out")
        return space


@define
class ToyTask(Task):
    """Regression onto the outputs of the best architecture."""

    objective = "closeness"
    examples: int = 256

    def data(self, folders: Mapping[str, Path]) -> Data:
        x = torch.randn(self.examples, 3, 2, generator=torch.Generator().manual_seed(0))
        y = torch.cat([FUNCTIONS[name](x) for name in BEST.values()], dim=-1)
        parts = torch.arange(self.examples).chunk(4)
        splits = [TensorSplit({"x": x[rows]}, y[rows], [str(int(row)) for row in rows]) for rows in parts]
        return Data({"x": (3, 2)}, 1, Splits(splits[0], splits[1], splits[2], lambda: splits[3]))

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.mse_loss(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"closeness": -float(F.mse_loss(outputs, targets))}


class ToyPlugin:
    """Registers the functions."""

    @hookimpl
    def register_operations(self) -> dict[str, Any]:
        return {name: _operation(function) for name, function in FUNCTIONS.items()}

    @hookimpl
    def register_search_spaces(self) -> dict[str, Any]:
        return {"toy": ToySpace}

    @hookimpl
    def register_tasks(self) -> dict[str, Any]:
        return {"toy": ToyTask}
