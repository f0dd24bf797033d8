"""The measurement of one estimator, in one setting, on one function."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import attrs
from torch import Tensor

from nasframe.errors import NasframeError
from nasframe.runtime import forked_seed, generator
from nasframe_estimators.functions import Function
from nasframe_estimators.gradients import (
    EVALUATIONS,
    Samples,
    Setting,
    relaxed_gradient,
    relaxed_gradients,
    samples_one_hot,
    score_function_gradients,
    score_function_once,
)
from nasframe_estimators.measurements.statistics import Interval, summarise

__all__ = ["Measurement", "measure", "reason"]

_DRAWS, _FEWEST, _NOISE = 20_000, 2_000, 1_000_000
"""Draws by default: 20,000; fewer where K is large, so that draws times K is about a million, but not fewer
than 2,000."""

_NOISE_OF_A_LIMIT = 250
"""The K whose cost is assumed for the exact limit."""

_REPEATS, _WARM_UP, _PATIENCE = 15, 3, 0.5
"""Calls that are timed, calls before them, and seconds after which no more are made."""


@attrs.frozen(kw_only=True)
class Measurement:
    """Bias, variance, squared error and time of one estimator; None where it could not be measured.

    Attributes:
        relaxation: its registered name; or `score_function`, the unbiased reference.
        target: the registered class, `module:name`; two plugins may use one name for different classes. None
            for `score_function`, and where it cannot be loaded.
        samples: its option of that name, K; None where it has none.
        temperature: its option of that name; None where it has none.
        function: its name; `name:group` is one group's part of the same gradient.
        group: of the choices; several are joined by a plus sign.
        bias: norm of the mean's distance from the exact gradient, as a share of `scale`.
        variance: trace of the covariance, as a share of `scale` squared.
        mse: mean squared distance from the exact gradient, as a share of `scale` squared.
        bias_interval, variance_interval, mse_interval: 95 % confidence; None where there are too few draws.
        cosine: of the angle between the mean gradient and the exact one; None where the mean is zero.
        time_ms: one gradient, forward and backward, in milliseconds; the median of several.
        draws: of the gradient, from which all this was estimated.
        evaluations: of the function, for one gradient.
        scale: norm of the exact gradient.
        error: the reason where it could not be measured.
    """

    relaxation: str
    target: str | None = None
    samples: Samples | None
    temperature: float | None
    function: str
    group: str
    bias: float | None = None
    variance: float | None = None
    mse: float | None = None
    bias_interval: Interval | None = None
    variance_interval: Interval | None = None
    mse_interval: Interval | None = None
    cosine: float | None = None
    time_ms: float | None = None
    draws: int = 0
    evaluations: int = 1
    scale: float | None = None
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-able values."""
        return attrs.asdict(
            self, value_serializer=lambda _, __, value: list(value) if isinstance(value, tuple) else value
        )


@attrs.frozen
class _Drawn:
    gradients: Tensor
    time_ms: float
    evaluations: int = 1


def measure(
    function: Function, exact: Tensor, setting: Setting, draws: int | None, seed: int
) -> Iterator[Measurement]:
    """Yield one entry, and where the choices are in several groups, one for each group's part.

    Args:
        function: f, and θ.
        exact: its exact gradient.
        setting: the estimator.
        draws: their number; None is the default.
        seed: of the noise, with the names of function and setting.
    """
    drawn, error = None, None
    try:
        drawn = _draw(function, setting, draws, seed)
    except (Exception, SystemExit) as raised:  # a plugin may raise anything; the others go on
        error = reason(raised)
    for part in function.parts():
        entry = Measurement(
            relaxation=setting.relaxation,
            target=setting.target,
            samples=setting.samples,
            temperature=setting.temperature,
            function=part.name,
            group=part.group,
            error=error,
        )
        yield entry if drawn is None else _summarised(entry, drawn, exact, part.entries)


def reason(error: BaseException) -> str:
    """Return an error's text; with its type, where the error is not one of nasframe's."""
    return str(error) if isinstance(error, NasframeError) else f"{type(error).__name__}: {error}"


def _summarised(entry: Measurement, drawn: _Drawn, exact: Tensor, entries: Tensor) -> Measurement:
    entry = attrs.evolve(
        entry, time_ms=drawn.time_ms, draws=len(drawn.gradients), evaluations=drawn.evaluations
    )
    try:
        summary = summarise(drawn.gradients[:, entries], exact[entries])
    except ValueError as error:
        return attrs.evolve(entry, error=str(error))
    return attrs.evolve(entry, scale=float(exact[entries].norm()), **attrs.asdict(summary))


def _draw(function: Function, setting: Setting, draws: int | None, seed: int) -> _Drawn:
    where = (function.name, setting.relaxation, str(setting.samples), str(setting.temperature))
    random, clock = generator(seed, "estimators", *where), generator(seed, "time of estimators", *where)
    if setting.make is None:
        return _Drawn(
            score_function_gradients(function, draws or _DRAWS, random),
            _milliseconds(lambda: score_function_once(function, clock)),
            EVALUATIONS,
        )
    noise = setting.samples if isinstance(setting.samples, int) else 1
    if setting.samples == "exact":
        noise = _NOISE_OF_A_LIMIT
    number = draws or max(_FEWEST, min(_DRAWS, _NOISE // noise))
    with forked_seed(seed, *where):  # a plugin may draw from torch's global generator
        relaxation = setting.make()
        is_one_hot = samples_one_hot(relaxation, function, clock)
        if not is_one_hot and function.soft_draws is not None:
            number = min(number, function.soft_draws)
        gradients = relaxed_gradients(relaxation, function, number, random, noise)
        return _Drawn(gradients, _milliseconds(lambda: relaxed_gradient(relaxation, function, clock)))


def _milliseconds(call: Callable[[], object]) -> float:
    """Return the median time of a call, in ms. Slow ones are repeated less often."""
    times: list[float] = []
    started = time.perf_counter()
    for _ in range(_WARM_UP + _REPEATS):
        before = time.perf_counter()
        call()
        times.append(time.perf_counter() - before)
        if len(times) > _WARM_UP and time.perf_counter() - started > _PATIENCE:
            break
    return 1e3 * statistics.median(times[_WARM_UP:])
