"""The contract of every operation, checked on those of the plugin."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from torch import Tensor

from nasframe import Operation, Shape
from nasframe.testing import OperationSuite
from nasframe_fusion.fusion import Attention, ConcatFC, LinearGLU, Sum
from nasframe_fusion.regularization import BatchNorm, Dropout, LayerNorm
from nasframe_fusion.structural import Concat, Head, Projection
from nasframe_fusion.weighted_fusion import WeightedFusion


class TestFusion(OperationSuite):
    """The candidates of a fusion node."""

    shapes = ((5, 6), (5, 6))
    kind: type[Operation]

    @pytest.fixture(autouse=True, params=[Sum, Attention, LinearGLU, ConcatFC])
    def _kind(self, request: pytest.FixtureRequest) -> None:
        self.kind = request.param

    def make(self, shapes: Sequence[Shape]) -> Operation:
        return self.kind(shapes)


class TestRegularization(OperationSuite):
    shapes = ((5, 6),)
    kind: type[Operation]

    @pytest.fixture(autouse=True, params=[LayerNorm, BatchNorm, Dropout])
    def _kind(self, request: pytest.FixtureRequest) -> None:
        self.kind = request.param

    def make(self, shapes: Sequence[Shape]) -> Operation:
        return self.kind(shapes)


class TestProjection(OperationSuite):
    shapes = ((5, 6),)

    def make(self, shapes: Sequence[Shape]) -> Operation:
        return Projection(shapes, channels=3)


class Rectified(Projection):
    """A projection with another value, which says nothing of its layer."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).relu()


class TestSubclassWithAForwardOfItsOwn(OperationSuite):
    shapes = ((5, 6),)

    def make(self, shapes: Sequence[Shape]) -> Operation:
        return Rectified(shapes, channels=3)


class TestHead(OperationSuite):
    shapes = ((5, 6),)

    def make(self, shapes: Sequence[Shape]) -> Operation:
        return Head(shapes, outputs=2)


class TestConcat(OperationSuite):
    shapes = ((5, 6), (5, 2))

    def make(self, shapes: Sequence[Shape]) -> Operation:
        return Concat(shapes)


class TestWeightedFusion(OperationSuite):
    shapes = ((5, 6),) * 3

    def make(self, shapes: Sequence[Shape], *, ports: Sequence[str] = ()) -> Operation:
        return WeightedFusion(shapes, ports=ports)
