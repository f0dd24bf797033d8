"""The exact gradient, in three ways: enumeration, the closed form and finite differences."""

from __future__ import annotations

import itertools

import pytest
import torch

from nasframe_estimators import Function, Pack, exact_gradient
from nasframe_estimators.functions.function import every_outcome, one_hot_weights
from nasframe_estimators.functions.standard import FUNCTIONS, StandardFunction, standard_functions

STANDARD = {function.name: function for function in standard_functions()}


def expectation(function: StandardFunction, theta: torch.Tensor) -> float:
    """E f(D) with loops and nothing else."""
    p = theta.softmax(-1).tolist()
    choices, candidates = theta.shape
    total = 0.0
    for outcome in itertools.product(range(candidates), repeat=choices):
        weights = torch.zeros(1, choices, candidates, dtype=torch.float64)
        chance = 1.0
        for choice, candidate in enumerate(outcome):
            weights[0, choice, candidate] = 1.0
            chance *= p[choice][candidate]
        total += chance * float(function.value(weights))
    return total


def test_the_standard_functions_are_of_alpha_and_gamma_and_known_by_name() -> None:
    assert tuple(STANDARD) == FUNCTIONS
    assert {function.groups for function in STANDARD.values()} == {("alpha",), ("gamma",)}
    shapes = {
        function.packs[0].group: tuple(function.packs[0].logits.shape) for function in STANDARD.values()
    }
    assert shapes == {"alpha": (6, 2), "gamma": (3, 5)}
    assert all(float(exact_gradient(function).norm()) > 0.05 for function in STANDARD.values())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_is_the_difference_quotient_of_the_enumerated_expectation(name: str) -> None:
    function = STANDARD[name]
    theta, exact, step = function.packs[0].logits, exact_gradient(function), 1e-5
    # three entries are enough, and each costs two enumerations in a loop
    for place in (0, 3, theta.numel() - 1):
        shift = torch.zeros(theta.numel(), dtype=torch.float64)
        shift[place] = step
        shift = shift.view_as(theta)
        quotient = (expectation(function, theta + shift) - expectation(function, theta - shift)) / (2 * step)
        assert quotient == pytest.approx(float(exact[place]), abs=1e-8)


@pytest.mark.parametrize("name", ["alpha-linear", "gamma-linear"])
def test_of_a_linear_function_it_is_that_of_the_mean_weights(name: str) -> None:
    function = STANDARD[name]
    theta = function.packs[0].logits.clone().requires_grad_()
    (mean,) = torch.autograd.grad(function.value(theta.softmax(-1).unsqueeze(0)).sum(), theta)
    assert torch.allclose(exact_gradient(function), mean.flatten(), atol=1e-14)


def test_outcomes_of_packs_of_different_sizes_are_enumerated_once_each() -> None:
    packs = [Pack("alpha", torch.zeros(2, 2)), Pack("gamma", torch.zeros(1, 3))]
    outcomes = every_outcome(packs)
    assert outcomes.shape == (12, 3)
    assert len({tuple(row) for row in outcomes.tolist()}) == 12
    alpha, gamma = one_hot_weights(packs, outcomes)
    assert alpha.shape == (12, 2, 2)
    assert gamma.shape == (12, 1, 3)
    assert (gamma.argmax(-1)[:, 0] == outcomes[:, 2]).all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_slopes_are_those_of_the_function(name: str) -> None:
    function: Function = STANDARD[name]
    (pack,) = function.packs
    weights = torch.rand(4, *pack.logits.shape, generator=torch.Generator().manual_seed(0)).double()
    (slopes,) = function.slopes([weights], False)
    leaf = weights[2].clone().requires_grad_()
    (alone,) = torch.autograd.grad(function.once([leaf], False), leaf)
    assert torch.allclose(slopes[2], alone, atol=1e-14)


def test_values_at_outcomes_are_the_function_at_one_hot_weights() -> None:
    for function in STANDARD.values():
        outcomes = every_outcome(function.packs)
        (weights,) = one_hot_weights(function.packs, outcomes)
        assert torch.equal(function.values(outcomes), function.value(weights))
