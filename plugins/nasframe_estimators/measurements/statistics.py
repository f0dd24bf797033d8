"""Bias, variance and mean squared error of a gradient estimator from its draws, with confidence intervals.

All are in units of the exact gradient g: with G the estimator,

    bias      |E G - g| / |g|
    variance  E |G - E G|² / |g|²         the trace of the covariance
    mse       E |G - g|² / |g|²           = variance + bias²
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from attrs import frozen
from torch import Tensor

from nasframe.runtime import generator

__all__ = ["LEAST_DRAWS", "Interval", "Summary", "summarise"]

Interval = tuple[float, float]

LEAST_DRAWS = 100
"""With fewer draws there is no interval: it would hold the true value less often than 95 %."""

_NORMAL = 1.959964
"""Half the width of a 95 % interval of the normal distribution, in standard deviations."""

_TAIL = 0.025
_SIMULATED = 4000

_ROUNDING = 1e-6
"""Draws that differ by less than this share of their size differ by the rounding of float32 alone."""


@frozen
class Summary:
    """Estimates with 95 % confidence intervals, all relative to the exact gradient.

    `cosine` is that of the angle between the mean of the draws and the exact gradient; None where the mean is
    zero.

    The intervals are None where there are fewer than `LEAST_DRAWS` draws.
    """

    bias: float
    variance: float
    mse: float
    bias_interval: Interval | None = None
    variance_interval: Interval | None = None
    mse_interval: Interval | None = None
    cosine: float | None = None


def summarise(gradients: Tensor, exact: Tensor) -> Summary:
    """Return bias, variance and mean squared error of an estimator, from its draws.

    The squared bias is estimated without bias: the squared distance of the mean from the exact gradient,
    less the variance of that mean; where that is negative it is zero. Its interval holds the biases that
    a test does not reject, and the true one in at least 95 of 100 cases. The intervals of variance and mse
    are those of a mean, corrected for the skewness of its terms (Hall 1992). They are too narrow where a few
    rare outcomes dominate the mean and were not drawn.

    Args:
        gradients: `(draws, size)`, at least two draws.
        exact: `(size,)`, not zero.

    Raises:
        ValueError: fewer than two draws, an exact gradient of zero, or values that are not finite.
    """
    scale = float(exact.norm())
    if len(gradients) < 2:
        raise ValueError(f"needs at least 2 draws, found {len(gradients)}")
    if not 0 < scale < math.inf:
        what = "zero" if scale == 0 else "not finite"
        raise ValueError(f"the exact gradient is {what}, so nothing can be measured in units of it")
    if not gradients.isfinite().all():
        raise ValueError("the gradient is not finite")
    drawn, target = gradients.double() / scale, exact.double() / scale
    number, mean = len(drawn), drawn.mean(0)
    error, cosine = mean - target, _cosine(mean, target)
    if float((drawn - drawn[0]).abs().max()) <= _ROUNDING * max(1.0, float(mean.norm())):
        bias = float(error.norm())
        if number < LEAST_DRAWS:
            return Summary(bias, 0.0, bias**2, cosine=cosine)
        return Summary(bias, 0.0, bias**2, (bias, bias), (0.0, 0.0), (bias**2, bias**2), cosine)
    spread = (drawn - mean).square().sum(-1) * (number / (number - 1))
    missed = (drawn - target).square().sum(-1)
    variance, mse = float(spread.mean()), float(missed.mean())
    bias = math.sqrt(max(0.0, float(error @ error) - variance / number))
    if number < LEAST_DRAWS:
        return Summary(bias, variance, mse, cosine=cosine)
    return Summary(
        bias,
        variance,
        mse,
        bias_interval=_bias_interval(drawn - mean, error),
        variance_interval=_mean_interval(spread),
        mse_interval=_mean_interval(missed),
        cosine=cosine,
    )


def _cosine(mean: Tensor, target: Tensor) -> float | None:
    lengths = float(mean.norm() * target.norm())
    return float(mean @ target) / lengths if lengths else None


def _mean_interval(terms: Tensor) -> Interval:
    """Return the interval of the mean of positive terms, by Hall's cubic transformation.

    With t = (mean - μ) / s the studentised mean and γ the skewness, t + γ t²/3 + γ² t³/27 + γ/6n is normal
    with variance 1/n but for terms in 1/n. It is monotone in t, so the ends have a closed form.
    """
    number, mean = len(terms), float(terms.mean())
    centred = terms - terms.mean()
    deviation = float(centred.square().mean().sqrt())
    if deviation <= _ROUNDING**2 * mean:
        return mean, mean
    skewness = float((centred / deviation).pow(3).mean())

    def studentised(normal: float) -> float:
        share = normal / math.sqrt(number) - skewness / (6 * number)
        if abs(skewness) < _ROUNDING:
            return share
        return 3 * (math.cbrt(1 + skewness * share) - 1) / skewness

    low, high = mean - deviation * studentised(_NORMAL), mean - deviation * studentised(-_NORMAL)
    # the mean is positive; where few terms dominate it this end can be negative: use a logarithmic scale then
    return (low if low > 0 else mean * math.exp(-_NORMAL * deviation / math.sqrt(number) / mean)), high


def _bias_interval(centred: Tensor, error: Tensor) -> Interval:
    """Return the interval of |E G - g|, by inverting a test.

    The mean of n draws misses g by b + e, with b the bias and e normal with covariance Σ/n. For a bias of
    norm β in direction u, |b + e|² = β² + 2β u·e + |e|². A β is in the interval where neither tail of that,
    by simulation, leaves less than 2.5 % beyond the value found. Unlike a bootstrap of the norm it is right
    at β = 0, where the norm of the error is all noise.

    Where the error found is below its median under noise alone, the upper end is computed from that median: a
    small error found by luck does not make the interval narrow.

    The direction is known only up to e. Three are tried: that of the error found, and those of this error
    moved by plus and minus two standard deviations along the first principal axis of the noise. The one with
    the most noise is taken.
    """
    number, size = centred.shape
    covariance = centred.T @ centred / (number - 1) / number
    values, vectors = torch.linalg.eigh(covariance)
    deviations = values.clamp_min(0).sqrt()
    noise = torch.randn(_SIMULATED, size, generator=generator(0, "bias interval"), dtype=torch.float64)
    missed = noise * deviations @ vectors.T
    shift = 2 * deviations[-1] * vectors[:, -1]
    possible = torch.nn.functional.normalize(torch.stack((error, error + shift, error - shift)), dim=-1)
    direction = possible[(possible @ covariance * possible).sum(-1).argmax()]
    found, along, square = float(error @ error), missed @ direction, missed.square().sum(-1)

    def share_above(beta: float, value: float) -> float:
        return float((beta**2 + 2 * beta * along + square >= value).double().mean())

    most = 2 * math.sqrt(found) + 10 * float(deviations.norm())
    low = _first(lambda beta: share_above(beta, found) >= _TAIL, most)
    no_luck = max(found, float(square.median()))
    high = _first(lambda beta: 1 - share_above(beta, no_luck) < _TAIL, most)
    return low, max(low, high)


def _first(holds: Callable[[float], bool], most: float) -> float:
    """Return the least β in [0, most] from which on `holds` is true."""
    if holds(0.0):
        return 0.0
    low, high = 0.0, most
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
