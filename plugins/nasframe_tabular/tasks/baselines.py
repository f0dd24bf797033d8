"""Fixed networks to compare a searched one with; each takes inputs of any shape, flattened."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from nasframe import Baseline, Data, Shape

__all__ = ["LateFusion", "Perceptron", "fixed_networks"]

_WIDTH = 128
_DROPOUT = 0.2


class Perceptron(nn.Module):
    """The concatenation of some inputs, a hidden layer of ReLUs (none: a linear network), a linear layer.

    Args:
        names: of the inputs that are used.
        shapes: name → shape.
        outputs: numbers for each example.
        hidden: there is a hidden layer.
    """

    def __init__(
        self, names: Sequence[str], shapes: Mapping[str, Shape], outputs: int, hidden: bool = True
    ) -> None:
        super().__init__()
        self.names = tuple(names)
        size = sum(math.prod(length or 1 for length in shapes[name] or ()) for name in names)
        layers: list[nn.Module] = [nn.Linear(size, outputs)]
        if hidden:
            layers = [nn.Linear(size, _WIDTH), nn.ReLU(), nn.Dropout(_DROPOUT), nn.Linear(_WIDTH, outputs)]
        self.layers = nn.Sequential(*layers)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        output: Tensor = self.layers(torch.cat([inputs[name].flatten(1) for name in self.names], dim=1))
        return output


class LateFusion(nn.Module):
    """An MLP for each input alone; their outputs are averaged."""

    def __init__(self, shapes: Mapping[str, Shape], outputs: int) -> None:
        super().__init__()
        self.parts = nn.ModuleList(Perceptron([name], shapes, outputs) for name in shapes)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return torch.stack([part(inputs) for part in self.parts]).mean(0)


def fixed_networks(data: Data) -> dict[str, Baseline]:
    """Return the baselines by name. The names enter seeds and the names of files: never change them."""
    shapes, outputs = data.inputs, data.outputs
    found = {
        "linear": Baseline(lambda: Perceptron([*shapes], shapes, outputs, hidden=False)),
        "mlp": Baseline(lambda: Perceptron([*shapes], shapes, outputs)),
    }
    if len(shapes) > 1:
        found["late fusion"] = Baseline(lambda: LateFusion(shapes, outputs))
        for name in shapes:
            found[f"{name} alone"] = Baseline(_alone(name, shapes, outputs), single_stream=True)
    return found


def _alone(name: str, shapes: Mapping[str, Shape], outputs: int) -> Callable[[], nn.Module]:
    return lambda: Perceptron([name], shapes, outputs)
