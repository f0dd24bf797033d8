"""The contract of every operation, on those of the plugin, for images and for sequences."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from nasframe import Operation, Shape
from nasframe.testing import OperationSuite
from nasframe_cells.convolutions import DilConv3, DilConv5, NorConv1, NorConv3, SepConv3, SepConv5
from nasframe_cells.pooling import AvgPool3, MaxPool3
from nasframe_cells.reductions import ResidualReduction, SkipConnect
from nasframe_cells.skeleton import ConcatChannels, PooledHead, Stem

IMAGE, SEQUENCE = (4, 5, 6), (4, 9)

# Each operation on an image and on a sequence, one of them with stride 2.
OPERATIONS: dict[str, tuple[Any, Shape]] = {
    "nor_conv_1, image": (NorConv1, IMAGE),
    "nor_conv_1, sequence, stride 2": (partial(NorConv1, stride=2), SEQUENCE),
    "nor_conv_3, image, not affine": (partial(NorConv3, channels=3, stride=2, affine=False), IMAGE),
    "nor_conv_3, sequence": (NorConv3, SEQUENCE),
    "sep_conv_3, image": (SepConv3, IMAGE),
    "sep_conv_3, sequence, stride 2": (partial(SepConv3, stride=2), SEQUENCE),
    "sep_conv_5, image, stride 2": (partial(SepConv5, stride=2), IMAGE),
    "sep_conv_5, sequence": (SepConv5, SEQUENCE),
    "dil_conv_3, image, stride 2": (partial(DilConv3, stride=2), IMAGE),
    "dil_conv_3, sequence": (DilConv3, SEQUENCE),
    "dil_conv_5, image": (DilConv5, IMAGE),
    "dil_conv_5, sequence, stride 2": (partial(DilConv5, stride=2), SEQUENCE),
    "avg_pool_3, image": (AvgPool3, IMAGE),
    "avg_pool_3, sequence, stride 2": (partial(AvgPool3, stride=2), SEQUENCE),
    "max_pool_3, image, stride 2, with norm": (partial(MaxPool3, stride=2, norm=True), IMAGE),
    "max_pool_3, sequence": (MaxPool3, SEQUENCE),
    "skip_connect, image, stride 2": (partial(SkipConnect, stride=2, channels=3), IMAGE),
    "skip_connect, sequence": (SkipConnect, SEQUENCE),
    "skip_connect, sequence, stride 2": (partial(SkipConnect, stride=2), SEQUENCE),
    "residual_reduction, image": (ResidualReduction, IMAGE),
    "residual_reduction, sequence": (partial(ResidualReduction, channels=3, affine=False), SEQUENCE),
    "stem, image": (partial(Stem, channels=3), IMAGE),
    "stem, sequence": (partial(Stem, channels=3), SEQUENCE),
    "pooled_head, image": (partial(PooledHead, outputs=2, norm=True), IMAGE),
    "pooled_head, sequence": (partial(PooledHead, outputs=2), SEQUENCE),
}


class TestOperations(OperationSuite):
    kind: Any

    @pytest.fixture(autouse=True, params=OPERATIONS.values(), ids=OPERATIONS.keys())
    def _kind(self, request: pytest.FixtureRequest) -> None:
        self.kind, shape = request.param
        self.shapes = (shape,)

    def make(self, shapes: Sequence[Shape]) -> Operation:
        made: Operation = self.kind(shapes)
        return made


class TestConcatChannels(OperationSuite):
    shapes = (IMAGE, (2, *IMAGE[1:]))

    def make(self, shapes: Sequence[Shape]) -> Operation:
        return ConcatChannels(shapes)
