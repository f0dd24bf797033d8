"""A network as other programs run it: a module with named inputs and outputs, and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from attrs import field, frozen
from torch import Tensor, nn

from nasframe.errors import ContractError

__all__ = ["Exported", "exported_network"]

_SEED = 0


@frozen
class Exported:
    """Everything between a decoded example and the outputs, for programs without nasframe.

    Attributes:
        module: takes one dictionary, input → `(batch, …)`, and returns one, output → `(batch, …)`. It is run
            in evaluation mode, and every example of a batch is independent of the others.
        example: the inputs of a batch of two, of the shapes, the types and about the values of real ones.
        settings: JSON-able: what a reader needs to make the inputs and to read the outputs, such as a rate, a
            threshold, the meaning of a score.
    """

    module: nn.Module
    example: Mapping[str, Tensor]
    settings: Mapping[str, Any] = field(factory=dict)


class _NamedOutputs(nn.Module):
    """A network whose only output has a name."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"outputs": self.network(inputs)}


def exported_network(network: nn.Module, settings: Mapping[str, Any]) -> Exported:
    """Return a network alone: it takes its inputs, and gives its raw outputs under the name `outputs`.

    Args:
        network: with `inputs`, name → shape of an example, as a built network has them.
        settings: see `Exported`.

    Raises:
        ContractError: the network does not say its inputs.
    """
    inputs = getattr(network, "inputs", None)
    if not isinstance(inputs, Mapping) or not inputs:
        raise ContractError(
            f"{type(network).__name__} cannot be exported by itself: `inputs` must be name → shape of an "
            f"example, found {inputs!r}"
        )
    random = torch.Generator().manual_seed(_SEED)
    example = {name: torch.randn((2, *shape), generator=random) for name, shape in inputs.items()}
    return Exported(_NamedOutputs(network), example, settings)
