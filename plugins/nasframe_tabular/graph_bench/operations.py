"""The operations of NAS-Bench-Graph as symbols: a table knows their results, and nothing here builds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NoReturn

from torch import Tensor

from nasframe import Operation, Shape
from nasframe.errors import SpaceError
from nasframe_tabular.graph_bench.codes import OPERATIONS, SKIP

__all__ = ["NAMES", "GraphOperation", "GraphOutput"]

NAMES = {name: "identity" if name == SKIP else f"gnn_{name}" for name in OPERATIONS}
"""Operation of the benchmark → its name here."""


class GraphOperation(Operation):
    """One layer on a graph, such as a graph convolution. It can be looked up and not built."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        _refuse()

    def forward(self, x: Tensor) -> Tensor:
        return x


class Gat(GraphOperation):
    """Graph attention, two heads."""


class Gcn(GraphOperation):
    """Graph convolution."""


class Gin(GraphOperation):
    """Graph isomorphism layer."""


class Cheb(GraphOperation):
    """Chebyshev convolution."""


class Sage(GraphOperation):
    """GraphSAGE, by the mean."""


class Arma(GraphOperation):
    """Convolution by an auto-regressive moving-average filter."""


class KGraph(GraphOperation):
    """Layer of a k-GNN."""


class FullyConnected(GraphOperation):
    """A layer that does not look at the graph."""


class GraphOutput(Operation):
    """The values of all nodes that nobody takes, side by side. It can be looked up and not built."""

    arity: ClassVar[int | None] = None

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        _refuse()

    @classmethod
    def interchangeable(cls, ports: Sequence[str]) -> Sequence[Sequence[str]]:
        return [ports]

    def forward(self, *inputs: Tensor) -> Tensor:
        return inputs[0]


def _refuse() -> NoReturn:
    raise SpaceError(
        "it is a symbol of the table NAS-Bench-Graph: its results are looked up, and nasframe neither builds "
        "nor trains it; search with `nasframe compare --on TABLE` and a loop that proposes architectures"
    )
