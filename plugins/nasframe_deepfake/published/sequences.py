"""The sequences of both streams, each step a vector of the same width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe_audiovisual import PICTURE_INPUTS, SOUND_INPUTS

__all__ = ["WIDTH", "Embedding", "Shapes", "genuine_rows", "steps_of"]

Shapes = Mapping[str, Sequence[int | None]]

WIDTH = 32
"""Channels of the hidden layers, as many as those of the other fixed networks."""


class Embedding(nn.Module):
    """All inputs of a stream, joined at every step: `(batch, L, channels)` to `(batch, L, WIDTH)`.

    Args:
        picture: the stream of pictures, not of sound.
        shapes: input → `(L, channels)`.
    """

    def __init__(self, *, picture: bool, shapes: Shapes) -> None:
        super().__init__()
        self.names = PICTURE_INPUTS if picture else SOUND_INPUTS
        self.first = nn.Linear(sum(shapes[name][1] or 0 for name in self.names), WIDTH)
        self.second = nn.Linear(WIDTH, WIDTH)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        hidden = F.relu(self.first(torch.cat([inputs[name] for name in self.names], dim=2)))
        found: Tensor = self.second(F.dropout(hidden, 0.2, self.training))
        return found


def steps_of(shapes: Shapes) -> int:
    """Return L, the steps of the inputs."""
    return shapes[PICTURE_INPUTS[0]][0] or 0


def genuine_rows(targets: Tensor) -> Tensor:
    """Return the rows of the genuine clips, `(rows,)`, given targets `(batch, 4)`; see `LABELS`."""
    return (targets[:, 0] == 0).nonzero().squeeze(1)
