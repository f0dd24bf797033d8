"""The weights and buffers of a supernet while the architecture is updated: they stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import torch
from attrs import define, field
from torch import Tensor, nn

__all__ = ["HeldNetwork"]


@define
class HeldNetwork:
    """The weights and buffers of a network as they are now.

    Inside a `with` block no weight gets a gradient; after it, those that learnt before learn again, and the
    buffers have their values back.

    Args:
        weights: of the network.
        places: module and name of each buffer. An operation may put a new tensor in the place of a buffer, so
            they are found by name each time.

    Attributes:
        learning: the weights that learn.
    """

    weights: Sequence[nn.Parameter]
    places: Sequence[tuple[nn.Module, str]]
    learning: list[nn.Parameter] = field(init=False)
    _buffers: list[Tensor] = field(init=False)
    _values: list[Tensor] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.learning = [parameter for parameter in self.weights if parameter.requires_grad]
        self._buffers = [getattr(module, name) for module, name in self.places]
        self._values = [buffer.clone() for buffer in self._buffers]

    def __enter__(self) -> Self:
        self.learn(False)
        return self

    def __exit__(self, *_: object) -> None:
        self.learn(True)
        self.put_buffers_back()

    def learn(self, does: bool) -> None:
        """Let the weights that learn have gradients, or not."""
        for parameter in self.learning:
            parameter.requires_grad_(does)

    def put_buffers_back(self) -> None:
        """Give every buffer its tensor and its values back."""
        for (module, name), buffer, value in zip(self.places, self._buffers, self._values, strict=True):
            buffer.copy_(value)
            if getattr(module, name) is not buffer:
                setattr(module, name, buffer)

    def set_weights(self, values: Sequence[Tensor]) -> None:
        """Copy a value into each weight that learns."""
        with torch.no_grad():
            for parameter, value in zip(self.learning, values, strict=True):
                parameter.copy_(value)
