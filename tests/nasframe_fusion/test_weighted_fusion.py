"""The weighted fusion of a cell, before and after some of its nodes are gone."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from nasframe.errors import SpaceError
from nasframe.operations import OpSpec, build_operation
from nasframe_fusion.weighted_fusion import WeightedFusion


def test_it_adds_the_weighted_nodes_to_the_first_input(maps: Any) -> None:
    x, first, second = maps(3)
    operation = WeightedFusion([(5, 6)] * 3).double()
    torch.testing.assert_close(operation(x, first, second), x + first / 2 + second / 2)
    with torch.no_grad():
        operation.weights["N1"].fill_(-2.0)
        operation.weights["N2"].fill_(0.25)
    torch.testing.assert_close(operation(x, first, second), x - 2 * first + second / 4)


def test_the_gradient_reaches_inputs_and_weights(maps: Any) -> None:
    operation = WeightedFusion([(5, 6)] * 3).double()
    assert torch.autograd.gradcheck(
        lambda x, a, b, *_: operation(x, a, b), (*maps(3, (2, 5, 6)), *operation.parameters())
    )


def test_parameters_are_named_after_the_ports() -> None:
    operation = build_operation(OpSpec("weighted_fusion"), [(5, 6)] * 3, ("x", "N1", "N3"))
    assert set(operation.state_dict()) == {"weights.N1", "weights.N3"}


def test_a_derived_network_inherits_the_weights_of_the_nodes_that_stayed(maps: Any) -> None:
    x, _, second, third = maps(4)
    searched = WeightedFusion([(5, 6)] * 4, ports=("x", "N1", "N2", "N3")).double()
    with torch.no_grad():
        for index, weight in enumerate(searched.weights.values()):
            weight.fill_(index + 1.0)
    derived = WeightedFusion([(5, 6)] * 3, ports=("x", "N2", "N3"), total=3).double()
    kept = {name: value for name, value in searched.state_dict().items() if name in derived.state_dict()}
    derived.load_state_dict(kept)
    torch.testing.assert_close(
        derived(x, second, third), searched(x, torch.zeros_like(x), second, third), rtol=1e-12, atol=0
    )


def test_with_the_total_given_first_values_do_not_depend_on_what_was_removed() -> None:
    derived = WeightedFusion([(5, 6)] * 2, ports=("x", "N2"), total=4)
    assert float(derived.weights["N2"].detach()) == 0.25


def test_without_nodes_the_input_passes(maps: Any) -> None:
    (x,) = maps(1)
    assert torch.equal(WeightedFusion([(5, 6)])(x), x)


@pytest.mark.parametrize(
    ("shapes", "options", "ports", "message"),
    [
        ([(5, 6), (5, 7)], {}, ("x", "N1"), "expected inputs of one shape"),
        (
            [(5, 6)] * 3,
            {"total": 1},
            ("x", "N1", "N2"),
            "total must be at least the 2 weighted inputs, found 1",
        ),
        ([(5, 6)] * 3, {}, ("x", "N1", "N1"), "expected 3 different ports, found x, N1, N1"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(shapes: Any, options: Any, ports: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        build_operation(OpSpec("weighted_fusion", options), shapes, ports)


@pytest.mark.parametrize("name", ["N.1", "training", "_parameters", "keys", "get", "", "100%", "N%2E1"])
def test_a_port_may_have_any_name(name: str) -> None:
    found = build_operation(OpSpec("weighted_fusion", {}), [(5, 6)] * 3, ("x", name, "N1"))
    assert len(found.state_dict()) == 2
    x, first, second = torch.rand(3, 2, 5, 6)
    assert torch.allclose(found(x, first, second), x + (first + second) / 2)
