"""The contract of every search space, checked on the bimodal one in the settings that differ in kind."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from nasframe import OpSpec, Shape, SpaceFactory
from nasframe.testing import SearchSpaceSuite
from nasframe_bimodal.space import Bimodal

TWO: Mapping[str, Shape] = {"a": (4, 3), "b": (4, 5)}
THREE: Mapping[str, Shape] = {**TWO, "c": (4, 2)}


class BimodalSuite(SearchSpaceSuite):
    """Settings, each with its factory and its inputs."""

    factory: Bimodal

    def make(self) -> SpaceFactory:
        return self.factory


EXACT: dict[str, tuple[Bimodal, Mapping[str, Shape]]] = {
    "distinct": (Bimodal(channels=6), THREE),
    "distinct, tied": (Bimodal(channels=6, ports="distinct", tied=True, nodes=3), THREE),
    "choose": (Bimodal(channels=6, ports="choose"), THREE),
    "paired": (Bimodal(channels=6, ports="paired"), TWO),
    "shared, summed": (Bimodal(channels=6, ports="shared", derive="sum"), TWO),
    "choose, tied, enumerable": (
        Bimodal(channels=4, ports="choose", nodes=1, tied=True, operations=("zero", "sum"), dropout=0.0),
        TWO,
    ),
    "choose, candidates with options": (
        Bimodal(
            channels=4,
            ports="choose",
            cells=1,
            operations=("zero", "sum", *(OpSpec("weighted_fusion", {"total": n}) for n in (2, 4))),
        ),
        TWO,
    ),
    "choose, batch norm": (Bimodal(channels=4, ports="choose", cells=1, norm="batch_norm"), TWO),
}
DEALT: dict[str, tuple[Bimodal, Mapping[str, Shape]]] = {
    "shared": (Bimodal(channels=6, ports="shared"), THREE),
    "shared, five cells": (Bimodal(channels=4, cells=5, ports="shared"), THREE),
}


class TestExact(BimodalSuite):
    """A derived architecture computes what the search computed."""

    @pytest.fixture(autouse=True, params=EXACT.values(), ids=EXACT.keys())
    def _setting(self, request: pytest.FixtureRequest) -> None:
        self.factory, self.inputs = request.param


class TestDealt(BimodalSuite):
    """The search adds sources up that derivation deals out: not exact, by construction."""

    exact = False

    @pytest.fixture(autouse=True, params=DEALT.values(), ids=DEALT.keys())
    def _setting(self, request: pytest.FixtureRequest) -> None:
        self.factory, self.inputs = request.param
