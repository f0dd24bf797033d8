"""The output of a cell: its input plus the outputs of its nodes, each with a learned weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from nasframe import Operation, Shape, module_key
from nasframe_fusion.shapes import same_shape

__all__ = ["WeightedFusion"]


class WeightedFusion(Operation):
    """x + Σ wᵢ Nᵢ: the first input plus the weighted others; each wᵢ is a free number, 1/M at first.

    The weights have the names of the input ports, and M can be given. So a derived network, which lacks some
    nodes of the search, has parameters of the same names and first values for those that it kept.
    """

    arity: ClassVar[int | None] = None
    names_ports: ClassVar[bool] = True

    def __init__(
        self, shapes: Sequence[Shape], *, ports: Sequence[str] = (), total: int | None = None
    ) -> None:
        """
        Args:
            shapes: of x and of N1, N2, …, all `(length, channels)` and equal.
            ports: name of each input; empty: x, N1, N2, ….
            total: M, the number of weighted inputs before any was removed; None: the number of those given.

        Raises:
            ValueError: shapes differ, ports do not match them, or the total is below the number of inputs.
        """
        super().__init__(shapes)
        same_shape(shapes)
        weighted = len(shapes) - 1
        names = tuple(ports) or ("x", *(f"N{i + 1}" for i in range(weighted)))
        if len(names) != len(shapes) or len(set(names)) != len(names):
            raise ValueError(f"expected {len(shapes)} different ports, found {', '.join(names)}")
        if total is not None and total < max(weighted, 1):
            raise ValueError(f"total must be at least the {weighted} weighted inputs, found {total!r}")
        first = 1 / (total or max(weighted, 1))
        self.names = tuple(module_key(name, nn.ParameterDict) for name in names[1:])
        self.weights = nn.ParameterDict({name: nn.Parameter(torch.tensor(first)) for name in self.names})

    @classmethod
    def interchangeable(cls, ports: Sequence[str]) -> Sequence[Sequence[str]]:
        return [ports[1:]]

    def forward(self, *inputs: Tensor) -> Tensor:
        output, *others = inputs
        for name, other in zip(self.names, others, strict=True):
            output = torch.addcmul(output, self.weights[name], other)
        return output
