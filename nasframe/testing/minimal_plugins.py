"""Minimal operations, networks and tasks, which the suites combine with the plugin under test."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from attrs import define
from torch import Tensor, nn

from nasframe.operations import Operation, Shape
from nasframe.tasks import Data, Splits, Task, TensorSplit

__all__ = ["EveryInput", "FirstInput", "FlatLinear", "SmallOutputs", "random_split"]


class FirstInput(Operation):
    """The first of any number of inputs."""

    arity = None

    def forward(self, *inputs: Tensor) -> Tensor:
        return inputs[0]


class FlatLinear(Operation):
    """A linear layer over its flattened input."""

    def __init__(self, shapes: Sequence[Shape], *, outputs: int = 1) -> None:
        super().__init__(shapes)
        self.linear = nn.Linear(math.prod(shapes[0]), outputs)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.linear(x.flatten(start_dim=1))
        return output


class EveryInput(nn.Module):
    """A network for any task: a linear layer over each input, added up."""

    def __init__(self, inputs: Mapping[str, Shape], outputs: int) -> None:
        super().__init__()
        self.inputs = dict(inputs)
        self.layers = nn.ModuleList(FlatLinear([shape], outputs=outputs) for shape in inputs.values())

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        parts = [layer(inputs[name]) for name, layer in zip(self.inputs, self.layers, strict=True)]
        return torch.stack(parts).sum(0)


@define
class SmallOutputs(Task):
    """Random inputs, and the mean square of the outputs, of any shape, as the loss."""

    shapes: Mapping[str, Shape]

    def data(self, folders: Mapping[str, Path]) -> Data:
        weights, architecture, validation, test = (random_split(self.shapes, 8, seed) for seed in range(4))
        return Data(self.shapes, 1, Splits(weights, architecture, validation, lambda: test))

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return outputs.square().mean()

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"accuracy": -float(self.loss(outputs, targets))}


def random_split(shapes: Mapping[str, Shape], examples: int, seed: int) -> TensorSplit:
    """Return a split of standard normal inputs without labels."""
    generator = torch.Generator().manual_seed(seed)
    inputs = {name: torch.randn((examples, *shape), generator=generator) for name, shape in shapes.items()}
    return TensorSplit(inputs, torch.zeros(examples), [f"{seed}/{index}" for index in range(examples)])
