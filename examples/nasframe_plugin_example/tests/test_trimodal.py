"""`trimodal`, held against the contract of search spaces."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from nasframe import Shape, SpaceFactory
from nasframe.errors import SpaceError
from nasframe.testing import SearchSpaceSuite
from nasframe_plugin_example.trimodal import Trimodal


class TestTrimodal(SearchSpaceSuite):
    inputs: Mapping[str, Shape] = {"picture": (4, 6), "sound": (4, 5), "text": (4, 3)}
    exact = True

    def make(self) -> SpaceFactory:
        return Trimodal(channels=8)


def test_two_inputs_are_refused() -> None:
    with pytest.raises(SpaceError, match="takes three inputs, found 2: picture, sound"):
        Trimodal().build({"picture": (4, 6), "sound": (4, 5)}, 2)
