"""The unbiased reference: the score-function estimator with a leave-one-out baseline.

From M independent outcomes D₁…D_M (Kool, van Hoof, Welling 2019; Williams 1992),

    G = 1/M Σₖ (f(Dₖ) - mean of the other f) ∇ log p(Dₖ) = 1/(M-1) Σₖ (f(Dₖ) - mean of all f) ∇ log p(Dₖ).

It needs M values of f for one gradient, and no derivative of f. p is that of `distribution`: where choices
are drawn again, ∇ log p has a part for the probability that an outcome stands.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from nasframe_estimators.functions import (
    Function,
    contexts,
    every_outcome,
    log_probabilities,
    one_hot_weights,
)

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
    """Return independent outcomes `(number, choices)` under softmax(θ); see `Function.drawn_again`."""

    def draw(number: int) -> Tensor:
        columns = [
            torch.multinomial(row.softmax(-1), number, replacement=True, generator=random)
            for pack in function.packs
            for row in pack.logits
        ]
        return torch.stack(columns, dim=-1)

    outcomes = draw(number)
    while (again := function.drawn_again(outcomes)).any():
        which = again.any(-1)
        outcomes[which] = torch.where(again[which], draw(int(which.sum())), outcomes[which])
    return outcomes


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
    every = torch.cat(scores, -1) - _scores_of_standing(function, outcomes)
    return torch.einsum("dm,dms->ds", better, every.view(draws, evaluations, -1))


def _scores_of_standing(function: Function, outcomes: Tensor) -> Tensor:
    """Return ∇ log p(A | c) for outcomes, `(n, size)`, with A and c those of `distribution`.

    It is E[D | c, A] - E[D | c], D one-hot: by how much standing raises the probability of each candidate.
    """
    every = every_outcome(function.packs)
    again = function.drawn_again(every)
    if not again.any():
        return torch.zeros((), dtype=torch.float64)
    p = log_probabilities(function.packs, [pack.logits for pack in function.packs], every).exp()
    context = contexts(every, again)
    weights = torch.cat([part.flatten(1) for part in one_hot_weights(function.packs, every)], -1)
    means = []
    for chance in (p * ~again.any(-1), p):
        shape = (int(context.max()) + 1,)
        total = p.new_zeros(shape).index_add(0, context, chance)
        sums = p.new_zeros((*shape, function.size)).index_add(0, context, chance[:, None] * weights)
        means.append(sums / total[:, None])
    # `every_outcome` counts the outcomes, the last choice first
    sizes = [pack.logits.shape[1] for pack in function.packs for _ in pack.logits]
    steps = torch.tensor([math.prod(sizes[place + 1 :]) for place in range(len(sizes))])
    return (means[0] - means[1])[context[outcomes @ steps]]
