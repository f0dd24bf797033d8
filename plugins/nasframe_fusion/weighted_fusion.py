"""The output of a cell: its input and what its nodes add to it, each with a weight that is learnt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from nasframe import Operation, Shape
from nasframe_fusion.shapes import same_shape

__all__ = ["WeightedFusion"]


class WeightedFusion(Operation):
    """x + Σ wᵢ Nᵢ: the first input and the weighted others; each wᵢ is a free number, 1/M at first.

    The weights are named after the input ports, and M can be given, so that a network derived from a
    search, in which some nodes are gone, has the parameters of those that stayed under the same names
    and with the same first values.
    """

    arity: ClassVar[int | None] = None
    names_ports: ClassVar[bool] = True

    def __init__(
        self, shapes: Sequence[Shape], *, ports: Sequence[str] = (), total: int | None = None
    ) -> None:
        """
        Args:
            shapes: of x and of N1, N2, …, all `(length, channels)` and equal.
            ports: name of each input; nothing is x, N1, N2, ….
            total: M, the number of weighted inputs before any was removed; None counts those given.

        Raises:
            ValueError: shapes that differ, ports that do not match them, a total below their number.
        """
        super().__init__(shapes)
        same_shape(shapes)
        weighted = len(shapes) - 1
        names = tuple(ports) or ("x", *(f"N{i + 1}" for i in range(weighted)))
        if len(names) != len(shapes) or len(set(names)) != len(names):
            raise ValueError(f"expected {len(shapes)} different ports, found {', '.join(names)}")
        if any("." in name for name in names):
            raise ValueError(f"a port's name cannot have a dot in it, found {', '.join(names)}")
        if total is not None and total < max(weighted, 1):
            raise ValueError(f"total must be at least the {weighted} weighted inputs, found {total!r}")
        first = 1 / (total or max(weighted, 1))
        self.names = names[1:]
        self.weights = nn.ParameterDict({name: nn.Parameter(torch.tensor(first)) for name in self.names})

    def forward(self, *inputs: Tensor) -> Tensor:
        output, *others = inputs
        for name, other in zip(self.names, others, strict=True):
            output = torch.addcmul(output, self.weights[name], other)
        return output
