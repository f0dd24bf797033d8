"""The base of all suites: a `make` that the subclass writes, seeded randomness, tests of options."""

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
"""Marks a test that needs a GPU; it is skipped where there is none."""


def seeded(seed: int = 0, device: str = "cpu") -> torch.Generator:
    """Return a new generator with this seed."""
    return torch.Generator(device).manual_seed(seed)


class Suite:
    """Tests that a subclass inherits; each calls `make` for a new object."""

    @pytest.fixture(autouse=True)
    def _same_randomness_every_time(self) -> Iterator[None]:
        """Seed torch's global generators before each test, and restore them after it."""
        with forked_seed(0, "testing"):
            yield

    def _lacks(self, signature: str, example: str) -> NoReturn:
        """Fail with the code of the `make` that is missing."""
        pytest.fail(
            f"{type(self).__name__} does not say what to test; write in it\n\n"
            f"    def {signature}:\n        return {example}",
            pytrace=False,
        )


class PluginSuite(Suite):
    """Tests of a plugin whose options are the fields of an attrs class.

    Attributes:
        from_file: False for a plugin that is made in Python only, from objects that no file can hold; its
            options then need neither a help text nor a round trip.
    """

    from_file: bool = True

    @abstractmethod
    def make(self) -> Any:
        """Return the plugin to test."""

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
            pytest.skip("it is made in Python, from objects that no file can hold")
        made = self.make()
        plain = json.loads(json.dumps(unstructure(made), default=str))
        assert structure(type(made), plain, "its own options") == made

    def test_a_copy_equals_it(self) -> None:
        if not self.from_file:
            pytest.skip("it holds objects that cannot be compared")
        made = self.make()
        assert copy.deepcopy(made) == made
