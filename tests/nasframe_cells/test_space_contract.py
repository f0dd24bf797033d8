"""The contract of every search space, on those of the plugin, for images and for sequences."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from nasframe import OpSpec, Shape, SpaceFactory
from nasframe.testing import SearchSpaceSuite
from nasframe_cells.darts import DARTS
from nasframe_cells.nas_bench_201 import NASBench201

SPACES: dict[str, tuple[SpaceFactory, Shape]] = {
    "NAS-Bench-201, image": (NASBench201(channels=2, cells=1, stages=2), (3, 6, 5)),
    "NAS-Bench-201, sequence, enumerable": (
        NASBench201(
            channels=2,
            cells=2,
            stages=1,
            nodes=3,
            operations=("none", "skip_connect", "nor_conv_3", OpSpec("max_pool_3", {"norm": True})),
            affine=False,
        ),
        (2, 7),
    ),
    "DARTS, image": (DARTS(channels=2, cells=2, reductions=1, nodes=2, stem_channels=1), (1, 5, 6)),
    "DARTS, sequence, enumerable": (
        DARTS(
            channels=2,
            cells=3,
            nodes=2,
            operations=("zero", "identity", "avg_pool_3"),
            affine=False,
        ),
        (2, 9),
    ),
}


class TestSpaces(SearchSpaceSuite):
    """A derived architecture computes what the search computed, in both spaces."""

    factory: SpaceFactory

    @pytest.fixture(autouse=True, params=SPACES.values(), ids=SPACES.keys())
    def _setting(self, request: pytest.FixtureRequest) -> None:
        self.factory, shape = request.param
        self.inputs: Mapping[str, Shape] = {"x": shape}

    def make(self) -> SpaceFactory:
        return self.factory
