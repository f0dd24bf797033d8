"""Architectures that several tests of pictures draw."""

from __future__ import annotations

import pytest

from nasframe import Architecture, Choice, OpSpec, SearchSpace


@pytest.fixture
def edges() -> Architecture:
    """Two arrows: through an operation that was chosen, and through one that was given."""
    space = SearchSpace("edges")
    space.add_input("x", (4, 8))
    space.add_node("mid", "identity")
    space.connect("x", "mid", choice=Choice("first", ("zero", "layer_norm"), "group"))
    space.add_node("out", OpSpec("head", {"outputs": 2}))
    space.connect("mid", "out", operation="layer_norm")
    space.set_output("out")
    return Architecture(space, {"first": "layer_norm"})
