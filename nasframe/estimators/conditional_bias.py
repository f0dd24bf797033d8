"""Proposition 3 as measured: whether the bias of Gumbel-Rao Monte Carlo goes to zero as K grows.

The paper's supplement says so. The mean of the estimator with K conditional draws is

    E G = Σ_d p(d) Σᵢ E[J̄ᵢ(dᵢ)]ᵀ ∂f/∂wᵢ(d),    J̄ᵢ(dᵢ) = 1/K Σₖ d softmax_τ(θᵢ + Gₖ | dᵢ)/dθ,

and averaging K terms of equal mean leaves the mean as it is. To show it with little noise, the outcomes d
are enumerated, and only the noise that they leave open is sampled; in the limit K → ∞ that is an integral,
and nothing is sampled at all. Beside it stands straight-through Gumbel-softmax (STGS), drawn as a search
draws it and sharing no code with the enumeration.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import torch
from torch import Tensor

from nasframe.estimators.draws import relaxed_gradients
from nasframe.estimators.function import (
    Function,
    Part,
    every_outcome,
    exact_gradient,
    log_probabilities,
    one_hot_weights,
)
from nasframe.estimators.measurement import Samples
from nasframe.estimators.statistics import Interval, Summary, summarise
from nasframe.progress import Progress
from nasframe.relaxations import StraightThroughGumbelSoftmax
from nasframe.relaxations.conditional import average, log_ratios
from nasframe.relaxations.exact import exact_jacobian
from nasframe.seeding import generator
from nasframe.threads import one_thread

__all__ = [
    "AVERAGED",
    "BASELINE",
    "ConditionalBias",
    "conditional_slopes",
    "enumerated_gradients",
    "measure_conditional_bias",
]

AVERAGED, BASELINE = "grmc", "stgs"
"""The two estimators of the proposition, by the names under which the core registers them."""

_NOISE = 40_000
"""Conditional draws of every outcome: with K draws a gradient, that many divided by K gradients."""

_DRAWS = 100_000
_AT_ONCE = 500_000
SILENT = Progress()


@attrs.frozen(kw_only=True)
class ConditionalBias:
    """The bias of one estimator.

    Attributes:
        function: what was differentiated.
        estimator: "grmc", with D enumerated, or "stgs", drawn.
        samples: K, or "exact" for the limit; None for STGS.
        temperature: τ.
        bias: norm of the mean's distance from the exact gradient, as a share of the latter's norm.
        bias_interval: 95 % confidence.
        draws: of the gradient; one where it has no noise.
    """

    function: str
    group: str
    estimator: str
    samples: Samples | None
    temperature: float
    bias: float
    bias_interval: Interval
    draws: int

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON-able values."""
        return attrs.asdict(self)


def measure_conditional_bias(
    functions: Sequence[Function],
    temperatures: Sequence[float],
    samples: Sequence[Samples],
    seed: int = 0,
    progress: Progress = SILENT,
) -> list[ConditionalBias]:
    """The bias at every K, and that of STGS, for every function, each group's part of it, and temperature.

    Args:
        functions: what is differentiated. A gradient, or a part of one, that is zero is left out.
        temperatures: of both estimators.
        samples: K; "exact" is the limit.
        seed: of all noise.
        progress: what to report to.
    """
    found: list[ConditionalBias] = []
    with one_thread(), progress.task("proposition 3", len(functions) * len(temperatures)) as advance:
        for function in functions:
            exact, slopes = exact_gradient(function), conditional_slopes(function)
            for temperature in temperatures:
                for (estimator, k), gradients in _gradients(function, slopes, temperature, samples, seed):
                    found += [
                        ConditionalBias(
                            function=part.name,
                            group=part.group,
                            estimator=estimator,
                            samples=k,
                            temperature=temperature,
                            bias=summary.bias,
                            bias_interval=summary.bias_interval,
                            draws=len(gradients),
                        )
                        for part, summary in _summaries(function, gradients, exact)
                    ]
                advance(1)
    return found


def _summaries(function: Function, gradients: Tensor, exact: Tensor) -> Iterator[tuple[Part, Summary]]:
    several = gradients if len(gradients) > 1 else gradients.expand(2, -1)
    for part in function.parts():
        if exact[part.entries].any():
            yield part, summarise(several[:, part.entries], exact[part.entries])


def _gradients(
    function: Function, slopes: Sequence[Tensor], temperature: float, samples: Sequence[Samples], seed: int
) -> Iterator[tuple[tuple[str, Samples | None], Tensor]]:
    where = ("proposition 3", function.name, str(temperature))
    stgs = StraightThroughGumbelSoftmax(temperature=temperature)
    yield (BASELINE, None), relaxed_gradients(stgs, function, _DRAWS, generator(seed, *where, "stgs"))
    for k in samples:
        number = 1 if k == "exact" else max(_NOISE // k, 40)
        random = generator(seed, *where, k)
        yield (AVERAGED, k), enumerated_gradients(function, slopes, temperature, k, number, random)


def conditional_slopes(function: Function) -> list[Tensor]:
    """E[∂f/∂wᵢ | Dᵢ = d] by enumeration: for each pack `(choices, candidates, candidates)`, first d."""
    outcomes = every_outcome(function.packs)
    probabilities = log_probabilities(function.packs, [p.logits for p in function.packs], outcomes).exp()
    weights = one_hot_weights(function.packs, outcomes)
    found = []
    for pack, drawn, slope in zip(function.packs, weights, function.slopes(weights, True), strict=True):
        together = torch.einsum("n,nid,nij->idj", probabilities, drawn, slope.double())
        found.append(together / pack.logits.softmax(-1).unsqueeze(-1))
    return found


def enumerated_gradients(
    function: Function,
    slopes: Sequence[Tensor],
    temperature: float,
    samples: Samples,
    number: int,
    random: torch.Generator,
) -> Tensor:
    """Gradients of Gumbel-Rao Monte Carlo averaged over D, `(number, size)`.

    Args:
        function: f, and θ.
        slopes: its `conditional_slopes`.
        temperature: τ.
        samples: K, the conditional draws of each outcome in each gradient; "exact" is their limit, without
            noise.
        number: of gradients, independent of each other.
        random: where the conditional noise comes from.
    """
    columns = []
    for pack, slope in zip(function.packs, slopes, strict=True):
        choices, candidates = pack.logits.shape
        log_p = pack.logits.log_softmax(-1)
        # a row for every choice and outcome
        given = log_p.repeat_interleave(candidates, 0)
        winner = torch.arange(candidates).repeat(choices).unsqueeze(-1)
        at_once = max(1, _AT_ONCE // (given.numel() * (samples if isinstance(samples, int) else 1)))
        parts = []
        for first in range(0, number, at_once):
            count = min(at_once, number - first)
            rows, winners = given.repeat(count, 1), winner.repeat(count, 1)
            jacobian = _jacobian(rows, winners, temperature, samples, random)
            jacobian = jacobian.view(count, choices, candidates, candidates, candidates)
            parts.append(torch.einsum("id,ide,nidej->nij", log_p.exp(), slope, jacobian).flatten(1))
        columns.append(torch.cat(parts))
    return torch.cat(columns, -1)


def _jacobian(
    log_p: Tensor, winner: Tensor, temperature: float, samples: Samples, random: torch.Generator
) -> Tensor:
    """Mean Jacobian of the tempered softmax given the winner, `(rows, candidates, candidates)`, float64."""
    if samples == "exact":
        return exact_jacobian(log_p, winner, temperature)
    rows = log_p.float()
    noise = log_ratios(rows, winner, samples, random)
    return average(rows, winner, noise, temperature).jacobian.double()
