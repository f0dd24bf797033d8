"""The unbiased reference: the score-function estimator with a leave-one-out baseline.

From M independent outcomes D₁…D_M (Kool, van Hoof, Welling 2019; Williams 1992),

    G = 1/M Σₖ (f(Dₖ) - mean of the other f) ∇ log p(Dₖ) = 1/(M-1) Σₖ (f(Dₖ) - mean of all f) ∇ log p(Dₖ).

It needs M values of f for one gradient, and no derivative of f.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nasframe_estimators.functions import Function, one_hot_weights

__all__ = [
    "EVALUATIONS",
    "SCORE_FUNCTION",
    "draw_outcomes",
    "score_function_gradients",
    "score_function_once",
]

SCORE_FUNCTION = "score_function"
EVALUATIONS = 4
"""M, the values of f for one gradient."""


def draw_outcomes(function: Function, number: int, random: torch.Generator) -> Tensor:
    """Return independent outcomes `(number, choices)` under softmax(θ)."""
    columns = [
        torch.multinomial(row.softmax(-1), number, replacement=True, generator=random)
        for pack in function.packs
        for row in pack.logits
    ]
    return torch.stack(columns, dim=-1)


def score_function_gradients(
    function: Function, draws: int, random: torch.Generator, evaluations: int = EVALUATIONS
) -> Tensor:
    """Return draws of the estimator, `(draws, size)`, float64."""
    outcomes = draw_outcomes(function, draws * evaluations, random)
    values = function.values(outcomes).view(draws, evaluations)
    return _combine(function, outcomes, values)


def score_function_once(
    function: Function, random: torch.Generator, evaluations: int = EVALUATIONS
) -> Tensor:
    """Return one gradient `(size,)`; the function is evaluated as in a search."""
    outcomes = draw_outcomes(function, evaluations, random)
    weights = one_hot_weights(function.packs, outcomes)
    with torch.no_grad():
        values = [float(function.once([part[k] for part in weights], True)) for k in range(evaluations)]
    return _combine(function, outcomes, torch.tensor(values, dtype=torch.float64).view(1, -1))[0]


def _combine(function: Function, outcomes: Tensor, values: Tensor) -> Tensor:
    draws, evaluations = values.shape
    better = (values - values.mean(-1, keepdim=True)) / (evaluations - 1)
    scores = [
        (weights - pack.logits.softmax(-1)).flatten(1)
        for pack, weights in zip(function.packs, one_hot_weights(function.packs, outcomes), strict=True)
    ]
    return torch.einsum("dm,dms->ds", better, torch.cat(scores, -1).view(draws, evaluations, -1))
