"""Fixed networks to compare a searched fusion with: each stream alone, late fusion, concatenation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe import Baseline, Data
from nasframe_audiovisual import PICTURE_INPUTS, SOUND_INPUTS

__all__ = ["LateFusion", "Streams", "fixed_networks"]

Shapes = Mapping[str, Sequence[int | None]]

WIDTH = 32
"""Channels of the hidden layer, as many as the demo's space has."""


class Streams(nn.Module):
    """The concatenation of some inputs, a hidden layer at every step, then a linear layer over all steps.

    Args:
        names: of the inputs that are used, each `(batch, L, channels)`.
        shapes: name → `(L, channels)`.
        outputs: numbers for each clip.
    """

    def __init__(self, names: Sequence[str], shapes: Shapes, outputs: int) -> None:
        super().__init__()
        self.names = tuple(names)
        steps = {shapes[name][0] for name in names}.pop() or 0
        self.hidden = nn.Linear(sum(shapes[name][1] or 0 for name in names), WIDTH)
        self.output = nn.Linear(steps * WIDTH, outputs)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        hidden = self.hidden(torch.cat([inputs[name] for name in self.names], dim=2))
        output: Tensor = self.output(F.dropout(F.relu(hidden), 0.2, self.training).flatten(1))
        return output


class LateFusion(nn.Module):
    """A network for each stream alone; their outputs are added."""

    def __init__(self, shapes: Shapes, outputs: int) -> None:
        super().__init__()
        self.picture = Streams(PICTURE_INPUTS, shapes, outputs)
        self.sound = Streams(SOUND_INPUTS, shapes, outputs)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        output: Tensor = self.picture(inputs) + self.sound(inputs)
        return output


def fixed_networks(data: Data) -> dict[str, Baseline]:
    """Return the baselines by name. The names enter seeds and the names of files: never change them."""
    shapes, outputs = data.inputs, data.outputs
    return {
        "picture alone": Baseline(lambda: Streams(PICTURE_INPUTS, shapes, outputs), single_stream=True),
        "sound alone": Baseline(lambda: Streams(SOUND_INPUTS, shapes, outputs), single_stream=True),
        "late fusion": Baseline(lambda: LateFusion(shapes, outputs)),
        "concatenation": Baseline(lambda: Streams((*PICTURE_INPUTS, *SOUND_INPUTS), shapes, outputs)),
    }
