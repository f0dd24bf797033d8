"""What all suites share: a `make` that the subclass writes, randomness of its own, options that explain
themselves."""

from __future__ import annotations

import copy
import json
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, NoReturn

import attrs
import pytest
import torch

from nasframe.options import options_of, structure, unstructure
from nasframe.runtime import forked_seed

__all__ = ["PluginSuite", "Suite", "on_a_gpu", "seeded"]

on_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
"""Of a test that runs on a GPU, and is skipped where there is none."""


def seeded(seed: int = 0, device: str = "cpu") -> torch.Generator:
    """A generator of its own."""
    return torch.Generator(device).manual_seed(seed)


class Suite:
    """Tests that a subclass takes over; every one calls `make` for a fresh object."""

    @pytest.fixture(autouse=True)
    def _same_randomness_every_time(self) -> Iterator[None]:
        """Torch's global generators start from a fixed seed and are given back after each test."""
        with forked_seed(0, "testing"):
            yield

    def _lacks(self, signature: str, example: str) -> NoReturn:
        """Fail with what to write in place of the `make` that is not there."""
        pytest.fail(
            f"{type(self).__name__} does not say what to test; write in it\n\n"
            f"    def {signature}:\n        return {example}",
            pytrace=False,
        )


class PluginSuite(Suite):
    """Of a plugin whose attrs fields are its options.

    Attributes:
        from_file: False for a plugin that is made in Python only, from what no file can hold; its options
            then need neither a help text nor a round trip.
    """

    from_file: bool = True

    @abstractmethod
    def make(self) -> Any:
        """What is tested."""

    def test_its_options_are_the_fields_of_an_attrs_class(self) -> None:
        kind = type(self.make())
        assert attrs.has(kind), f"{kind.__name__} must be an attrs class: its fields are its options"

    def test_every_option_has_a_help_text(self) -> None:
        if not self.from_file:
            pytest.skip("it is made in Python, so nobody lists its options")
        for option in options_of(type(self.make())):
            assert option.description, f'option {option.name}: give it a help text, option(..., help="...")'

    def test_its_options_survive_a_round_trip_through_plain_values(self) -> None:
        if not self.from_file:
            pytest.skip("it is made in Python, from what no file can hold")
        made = self.make()
        plain = json.loads(json.dumps(unstructure(made), default=str))
        assert structure(type(made), plain, "its own options") == made

    def test_a_copy_equals_it(self) -> None:
        if not self.from_file:
            pytest.skip("it holds what cannot be compared")
        made = self.make()
        assert copy.deepcopy(made) == made
