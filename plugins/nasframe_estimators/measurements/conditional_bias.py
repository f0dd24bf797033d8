"""Proposition 3, measured: the bias of Gumbel-Rao Monte Carlo over K.

The paper's supplement says that it goes to zero as K grows. The mean of the estimator with K conditional
draws is

    E G = Σ_d p(d) Σᵢ E[J̄ᵢ(dᵢ)]ᵀ ∂f/∂wᵢ(d),    J̄ᵢ(dᵢ) = 1/K Σₖ d softmax_τ(θᵢ + Gₖ | dᵢ)/dθ,

and the average of K terms of equal mean has that same mean. To show it with little noise, the outcomes d
are enumerated, and only the noise given d is sampled; in the limit K → ∞ this is an integral, and nothing is
sampled. Straight-through Gumbel-softmax (STGS) is measured for comparison, drawn as in a search; it shares no
code with the enumeration.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import torch
from torch import Tensor

from nasframe.relaxations import (
    GumbelRaoMonteCarlo,
    StraightThroughGumbelSoftmax,
    conditional_average,
    conditional_log_ratios,
    exact_jacobian,
)
from nasframe.runtime import Progress, generator, one_thread
from nasframe_estimators.functions import (
    Function,
    distribution,
    exact_gradient,
    one_hot_weights,
)
from nasframe_estimators.gradients import Samples, class_path, relaxed_gradients
from nasframe_estimators.measurements.measurement import reason
from nasframe_estimators.measurements.statistics import LEAST_DRAWS, Interval, summarise

__all__ = [
    "GRMC",
    "GRMC_TARGET",
    "MOST_ENUMERATED",
    "STGS",
    "STGS_TARGET",
    "ConditionalBias",
    "conditional_slopes",
    "enumerated_gradients",
    "measure_conditional_bias",
]

GRMC, STGS = "grmc", "stgs"
"""The two estimators of the proposition, as named in its JSON file."""

GRMC_TARGET, STGS_TARGET = class_path(GumbelRaoMonteCarlo), class_path(StraightThroughGumbelSoftmax)
"""Their classes; a plugin may register them under other names."""

MOST_ENUMERATED = 10_000
"""Largest K that is measured with enumerated outcomes. Beyond it "exact", the limit, shows the same."""

_NOISE = 40_000
"""Conditional draws of every outcome; the number of gradients is this divided by K."""

_DRAWS = 100_000
_AT_ONCE = 500_000
"""About how many numbers are drawn at once, so that memory does not grow with K."""


@attrs.frozen(kw_only=True)
class ConditionalBias:
    """The bias of one estimator; None where it could not be measured.

    Attributes:
        function: name of the function, with the group where it is one group's part of the gradient.
        group: of the choices; several are joined by a plus sign.
        estimator: "grmc", with D enumerated, or "stgs", drawn.
        samples: K, or "exact" for the limit; None for STGS.
        temperature: τ.
        bias: norm of the mean's distance from the exact gradient, as a share of the latter's norm.
        bias_interval: 95 % confidence.
        draws: of the gradient; one where it has no noise.
        error: the reason where it could not be measured.
    """

    function: str
    group: str
    estimator: str
    samples: Samples | None
    temperature: float
    bias: float | None = None
    bias_interval: Interval | None = None
    draws: int = 0
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-able values."""
        return attrs.asdict(self)


def measure_conditional_bias(
    functions: Sequence[Function],
    temperatures: Sequence[float],
    samples: Sequence[Samples],
    seed: int,
    progress: Progress,
) -> list[ConditionalBias]:
    """Return the bias at every K, and of STGS, for every function, part of its gradient, and temperature.

    Args:
        functions: to differentiate. A gradient, or a group's part of one, that is zero is left out, and so
            are functions whose gradients are clipped: the proposition is on means.
        temperatures: of both estimators.
        samples: K; "exact" is the limit.
        seed: of all noise.
        progress: to report to.
    """
    found: list[ConditionalBias] = []
    functions = [function for function in functions if function.clipping is None]
    with one_thread(), progress.task("proposition 3", len(functions) * len(temperatures)) as advance:
        for function in functions:
            exact = exact_gradient(function)
            slopes = functools.cache(functools.partial(conditional_slopes, function))
            for temperature in temperatures:
                for k in (None, *samples):
                    found += _measured(function, exact, slopes, temperature, k, seed)
                advance(1)
    return found


def _measured(
    function: Function,
    exact: Tensor,
    slopes: Callable[[], Sequence[Tensor]],
    temperature: float,
    k: Samples | None,
    seed: int,
) -> Iterator[ConditionalBias]:
    """Yield the entries of one estimator, with K = `k`, or of STGS where that is None."""
    gradients, error = None, None
    try:
        gradients = _gradients(function, slopes, temperature, k, seed)
        if not gradients.isfinite().all():
            raise ValueError("the gradient is not finite")
    except (Exception, SystemExit) as raised:  # for example too little memory; the others go on
        gradients, error = None, reason(raised)
    for part in function.parts():
        if not exact[part.entries].any():
            continue
        entry = ConditionalBias(
            function=part.name,
            group=part.group,
            estimator=STGS if k is None else GRMC,
            samples=k,
            temperature=temperature,
            error=error,
        )
        yield (
            entry if gradients is None else _with_bias(entry, gradients[:, part.entries], exact[part.entries])
        )


def _with_bias(entry: ConditionalBias, gradients: Tensor, exact: Tensor) -> ConditionalBias:
    if len(gradients) == 1:
        bias = float((gradients[0] - exact).norm() / exact.norm())
        return attrs.evolve(entry, bias=bias, bias_interval=(bias, bias), draws=1)
    summary = summarise(gradients, exact)
    return attrs.evolve(entry, bias=summary.bias, bias_interval=summary.bias_interval, draws=len(gradients))


def _gradients(
    function: Function,
    slopes: Callable[[], Sequence[Tensor]],
    temperature: float,
    k: Samples | None,
    seed: int,
) -> Tensor:
    where = ("proposition 3", function.name, str(temperature))
    if k is None:
        stgs = StraightThroughGumbelSoftmax(temperature=temperature)
        return relaxed_gradients(stgs, function, _DRAWS, generator(seed, *where, "stgs"))
    number = 1 if k == "exact" else max(_NOISE // k, LEAST_DRAWS)
    return enumerated_gradients(function, slopes(), temperature, k, number, generator(seed, *where, k))


def conditional_slopes(function: Function) -> list[Tensor]:
    """Return E[∂f/∂wᵢ | Dᵢ = d] by enumeration: `(choices, candidates, candidates)` a pack, d before w.

    Where choices are drawn again, so that the probability of Dᵢ = d is q in place of the softmax's p, it is
    this times q/p.
    """
    outcomes, log_q = distribution(function, [pack.logits for pack in function.packs])
    probabilities = log_q.exp()
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
    """Return gradients of Gumbel-Rao Monte Carlo averaged over D, `(number, size)`.

    Args:
        function: f, and θ.
        slopes: its `conditional_slopes`.
        temperature: τ.
        samples: K, the conditional draws of each outcome in each gradient; "exact" is their limit, without
            noise.
        number: of gradients, independent of each other.
        random: generator of the conditional noise.

    Raises:
        ValueError: K is above `MOST_ENUMERATED`.
    """
    if isinstance(samples, int) and samples > MOST_ENUMERATED:
        raise ValueError(
            f"K = {samples:,} is above {MOST_ENUMERATED:,}, the most that are drawn of every outcome; "
            "'exact' is the limit"
        )
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
    """Return the mean Jacobian of the tempered softmax given the winner, `(rows, candidates, candidates)`,
    float64."""
    if samples == "exact":
        return exact_jacobian(log_p, winner, temperature)
    rows, total = log_p.float(), torch.zeros((), dtype=torch.float64)
    at_once = max(1, _AT_ONCE // rows.numel())
    for first in range(0, samples, at_once):
        count = min(at_once, samples - first)
        noise = conditional_log_ratios(rows, winner, count, random)
        total = total + conditional_average(rows, winner, noise, temperature).jacobian.double() * (
            count / samples
        )
    return total
