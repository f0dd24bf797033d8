"""The figures of the paper's supplement, made of measurements, and one of all relaxations.

- `proposition-1`: variance of Gumbel-Rao Monte Carlo (GRMC) over K, beside straight-through
  Gumbel-softmax (STGS);
- `proposition-2`: their mean squared error over K;
- `proposition-3`: their bias over K;
- `all`: mean squared error of every relaxation that was measured.

A figure has a panel for each function, those of one group of choices (alpha, gamma, …) after each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from attrs import frozen

from nasframe.display import Estimate, Figure, Interval, IntervalChart, Level, Line, LineChart, PanelGrid
from nasframe_estimators.gradients import Samples
from nasframe_estimators.measurements import GRMC_TARGET, STGS, STGS_TARGET, ConditionalBias, Measurement
from nasframe_estimators.results.tables import estimate

__all__ = ["figures_of_biases", "figures_of_measurements"]

_LEAST = 1e-3
"""Smaller errors stand at the edge of the axis of `all`, as arrows."""

_ZERO = 1e-6
"""A variance or an error below this, in units of the exact gradient, is the rounding of float32."""

_ROW = 19.0
"""Height of a row of `all`, in pixels."""


@frozen(kw_only=True)
class _Point:
    """A number of one of the propositions' two estimators.

    Attributes:
        function, group: see `Measurement`.
        samples: K of GRMC; None for STGS.
        temperature: τ.
        estimate: the number with its interval, relative to the exact gradient.
    """

    function: str
    group: str
    samples: Samples | None
    temperature: float
    estimate: Estimate


_Entry = TypeVar("_Entry", _Point, Measurement)


def figures_of_measurements(measurements: Sequence[Measurement]) -> list[Figure]:
    """Return every figure that the measurements suffice for."""
    measured = [entry for entry in measurements if entry.error is None]
    pair = _of_proposition(measured)
    figures: list[Figure] = []
    if {entry.target for entry in pair} == {GRMC_TARGET, STGS_TARGET}:
        variances = [_point(entry, estimate(entry.variance, entry.variance_interval)) for entry in pair]
        errors = [_point(entry, estimate(entry.mse, entry.mse_interval)) for entry in pair]
        figures += [
            _over_k(1, "variance", variances, is_log=True),
            _over_k(2, "mean squared error", errors, is_log=True),
        ]
    return [*figures, _of_all(measured)] if measured else figures


def figures_of_biases(biases: Sequence[ConditionalBias]) -> list[Figure]:
    """Return the figure of Proposition 3; empty where no bias could be measured."""
    points = [
        _Point(
            function=entry.function,
            group=entry.group,
            samples=None if entry.estimator == STGS else entry.samples,
            temperature=entry.temperature,
            estimate=estimate(entry.bias, entry.bias_interval),
        )
        for entry in biases
        if entry.error is None
    ]
    return [_over_k(3, "bias", points, grmc="GRMC, D enumerated")] if points else []


def _of_proposition(measured: Sequence[Measurement]) -> list[Measurement]:
    """Return the measurements of the propositions' two estimators, each under its first name only."""
    name: dict[str | None, str] = {}
    for entry in measured:
        name.setdefault(entry.target, entry.relaxation)
    targets = (GRMC_TARGET, STGS_TARGET)
    return [entry for entry in measured if entry.target in targets and name[entry.target] == entry.relaxation]


def _point(entry: Measurement, value: Estimate) -> _Point:
    assert entry.temperature is not None
    return _Point(
        function=entry.function,
        group=entry.group,
        samples=entry.samples,
        temperature=entry.temperature,
        estimate=value,
    )


def _panels(
    name: str,
    title: str,
    caption: str,
    entries: Sequence[_Entry],
    panel: Callable[[str, Sequence[_Entry]], Figure],
) -> Figure:
    """Return a panel for each function; the functions of the largest group fill a row."""
    groups: dict[str, dict[str, list[_Entry]]] = {}
    for entry in entries:
        groups.setdefault(entry.group, {}).setdefault(entry.function, []).append(entry)
    columns = max(map(len, groups.values()))
    return PanelGrid(
        name=name,
        title=title,
        caption=caption,
        figures=[panel(function, here) for group in groups.values() for function, here in group.items()],
        columns=columns if columns > 1 else 2,  # of one function a group, two groups stand beside each other
    )


# -- the propositions -----------------------------------------------------------------------------------


def _over_k(
    number: int, values: str, points: Sequence[_Point], *, grmc: str = "GRMC", is_log: bool = False
) -> Figure:
    """Return a line over K for each temperature, and the level of STGS at the same temperature, dashed."""
    series = _series(points)
    places = _places([point.samples for point in points if point.samples is not None])

    def panel(function: str, here: Sequence[_Point]) -> Figure:
        lines, levels = [], []
        for temperature, color in series.items():
            of_grmc = [
                (places[point.samples], _rounded(point.estimate))
                for point in here
                if point.temperature == temperature and point.samples is not None
            ]
            lines.append(
                Line(
                    f"{grmc}, τ = {temperature:g}",
                    [(place, _mean(found)) for place, found in of_grmc],
                    low=[_ends(found)[0] for _, found in of_grmc],
                    high=[_ends(found)[1] for _, found in of_grmc],
                    series=color,
                    has_bars=True,
                )
            )
            levels += [
                Level(f"STGS, τ = {temperature:g}", found.mean, found.low, found.high, series=color)
                for point in here
                if point.temperature == temperature and point.samples is None
                for found in [_rounded(point.estimate)]
            ]
        return LineChart(
            name=function,
            title=function,
            lines=lines,
            levels=levels,
            x="K, conditional draws of a gradient",
            y=f"{values}, relative",
            x_scale="log",
            x_names=[(place, str(samples)) for samples, place in places.items()],
            y_scale="log" if is_log else "linear",
            y_low=None if is_log else 0.0,
        )

    title = f"Proposition {number}: {values} of the gradient over K"
    caption = (
        "Relative to the exact gradient, with 95 % intervals, bars and bands. The dashed lines are STGS at "
        "the same temperature; exact is the limit of large K."
    )
    return _panels(f"proposition-{number}", title, caption, points, panel)


def _places(samples: Sequence[Samples]) -> dict[Samples, float]:
    """Return the places of K on a logarithmic axis; the exact limit is a decade to the right of the last."""
    numbers = sorted({k for k in samples if isinstance(k, int)})
    places: dict[Samples, float] = {k: float(k) for k in numbers}
    if "exact" in samples:
        places["exact"] = 10.0 * (numbers[-1] if numbers else 1)
    return places


def _rounded(value: Estimate) -> Estimate:
    """Return an estimate in which everything that is about zero is zero, so that an axis can show it."""
    mean, low, high = (
        None if number is None else 0.0 if number < _ZERO else number
        for number in (value.mean, value.low, value.high)
    )
    return Estimate(mean, low, high)


def _mean(value: Estimate) -> float:
    return value.mean or 0.0


def _ends(value: Estimate) -> tuple[float, float]:
    """Return the interval; the mean twice where there is none."""
    return value.interval or (_mean(value), _mean(value))


# -- all relaxations ------------------------------------------------------------------------------------


def _of_all(measured: Sequence[Measurement]) -> Figure:
    """Return a point for each relaxation, K and temperature."""
    rows = list(dict.fromkeys(map(_row, measured)))
    series = _series(measured)

    def panel(function: str, here: Sequence[Measurement]) -> Figure:
        return IntervalChart(
            name=function,
            title=function,
            intervals=[
                Interval(
                    _row(entry),
                    estimate(entry.mse, entry.mse_interval),
                    series=len(series) if entry.temperature is None else series[entry.temperature],
                    kind="no temperature" if entry.temperature is None else f"τ = {entry.temperature:g}",
                )
                for entry in sorted(here, key=lambda entry: rows.index(_row(entry)))
            ],
            x="mean squared error, relative",
            unit="short",
            scale="log",
            low=_LEAST,
            row=_ROW,
        )

    beyond = any((entry.mse or 0.0) < _LEAST for entry in measured)
    title = "Mean squared error of every relaxation" + (f" (◁ below {_LEAST:g})" if beyond else "")
    return _panels("all", title, "Relative to the exact gradient, with 95 % intervals.", measured, panel)


def _row(entry: Measurement) -> str:
    if entry.samples is None:
        return entry.relaxation
    return f"{entry.relaxation}, {'exact' if entry.samples == 'exact' else f'K = {entry.samples}'}"


def _series(entries: Sequence[_Entry]) -> dict[float, int]:
    """Return temperature → number of its colour."""
    temperatures = sorted({entry.temperature for entry in entries if entry.temperature is not None})
    return {temperature: number for number, temperature in enumerate(temperatures)}
