"""The figures of the paper's supplement, drawn from measurements, and one of all relaxations.

- `proposition-1.svg`: variance of Gumbel-Rao Monte Carlo (GRMC) over K, beside straight-through
  Gumbel-softmax (STGS);
- `proposition-2.svg`: their mean squared error over K;
- `proposition-3.svg`: their bias over K;
- `all.svg`: mean squared error of every relaxation that was measured.

A figure has a panel for each function, and a row of them for each group of choices (alpha, gamma, …) that
has several.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nasframe.estimators.conditional_bias import (
    GRMC,
    GRMC_TARGET,
    STGS,
    STGS_TARGET,
    ConditionalBias,
)
from nasframe.estimators.measurement import Measurement
from nasframe.estimators.relaxation_settings import Samples
from nasframe.estimators.statistics import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["figures_of_biases", "figures_of_measurements"]

_STYLE: Any = {
    "svg.fonttype": "none",  # text stays text: it can be searched, and follows the page's font
    "svg.hashsalt": "nasframe",  # the same plot gives the same file
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
"""The style of every plot."""

_LEAST = 1e-3
"""Smaller errors stand at the edge of the axis of `all.svg`, as arrows."""

_ZERO = 1e-6
"""A variance or an error below this, in units of the exact gradient, is the rounding of float32."""


def figures_of_measurements(measurements: Sequence[Measurement]) -> dict[str, str]:
    """Return name → SVG of every figure that the measurements suffice for."""
    measured = [entry for entry in measurements if entry.error is None]
    pair = _of_proposition(measured)
    figures: dict[str, str] = {}
    if {entry.target for entry in pair} == {GRMC_TARGET, STGS_TARGET}:
        for number, key, what in ((1, "variance", "variance"), (2, "mse", "mean squared error")):
            figures[f"proposition-{number}"] = _panels(
                pair,
                functools.partial(_over_k, key),
                f"Proposition {number}: {what} of the gradient over K",
                ("K, conditional draws of a gradient", f"{what}, relative"),
            )
    if measured:
        beyond = any((entry.mse or 0.0) < _LEAST for entry in measured)
        figures["all"] = _panels(
            measured,
            _of_all,
            "Mean squared error of every relaxation" + (f" (◁ below {_LEAST:g})" if beyond else ""),
            ("mean squared error, relative", ""),
            height=0.9 + 0.19 * len({_label(entry) for entry in measured}),
            share=True,
        )
    return figures


def figures_of_biases(biases: Sequence[ConditionalBias]) -> dict[str, str]:
    """Return name → SVG of Proposition 3; empty where no bias could be measured."""
    measured = [entry for entry in biases if entry.error is None]
    if not measured:
        return {}
    labels = ("K, conditional draws of a gradient", "bias, relative")
    return {
        "proposition-3": _panels(measured, _bias_over_k, "Proposition 3: bias of the gradient over K", labels)
    }


def _of_proposition(measured: Sequence[Measurement]) -> list[Measurement]:
    """Return the measurements of the propositions' two estimators, each under its first name only."""
    name: dict[str | None, str] = {}
    for entry in measured:
        name.setdefault(entry.target, entry.relaxation)
    targets = (GRMC_TARGET, STGS_TARGET)
    return [entry for entry in measured if entry.target in targets and name[entry.target] == entry.relaxation]


def _panels(
    entries: Sequence[Any],
    draw: Callable[[Axes, Sequence[Any]], None],
    title: str,
    labels: tuple[str, str],
    height: float = 2.5,
    share: bool = False,
) -> str:
    """Return the SVG of a grid of panels with one legend."""
    # imported here: it takes most of a second, and few commands draw
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    rows: dict[str, list[str]] = {}
    for entry in entries:
        names = rows.setdefault(entry.group, [])
        if entry.function not in names:
            names.append(entry.function)
    columns = max(map(len, rows.values()))
    lines = list(rows.values())
    if columns == 1:  # one function a group: two groups stand beside each other
        names = [name for line in lines for name in line]
        columns, lines = min(2, len(names)), [names[first : first + 2] for first in range(0, len(names), 2)]
    with rc_context(_STYLE | {"svg.hashsalt": title, "font.size": 9}):
        figure = Figure(
            figsize=(max(5.2, 0.6 + 2.9 * columns), 0.8 + height * len(lines)), layout="constrained"
        )
        grid = figure.subplots(len(lines), columns, squeeze=False, sharey="row" if share else "none")
        legend: dict[str, Any] = {}
        for axes_of_row, names in zip(grid, lines, strict=True):
            for axes in axes_of_row[len(names) :]:
                axes.set_visible(False)
            for axes, name in zip(axes_of_row, names, strict=False):
                draw(axes, [entry for entry in entries if entry.function == name])
                axes.set_title(name, fontsize=9)
                axes.set_xlabel(labels[0])
                legend |= dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
            axes_of_row[0].set_ylabel(labels[1])
        figure.suptitle(title, fontsize=10)
        # one column of the legend for each temperature
        order = sorted(legend, key=lambda label: (label.partition("τ")[2], label))
        figure.legend(
            [legend[label] for label in order],
            order,
            loc="outside lower center",
            ncols=len({label.partition("τ")[2] for label in order}),
            frameon=False,
            fontsize=8,
        )
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", facecolor="white", metadata={"Date": None})
    content = buffer.getvalue()
    return content[content.index("<svg") :].replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)


def _over_k(key: str, axes: Axes, entries: Sequence[Measurement]) -> None:
    """Draw a line over K for each temperature, and the level of STGS at the same temperature, dashed."""
    averaged = [entry for entry in entries if entry.target == GRMC_TARGET]
    places = _places(axes, [entry.samples for entry in averaged if entry.samples is not None])
    for color, temperature in _colors(entries):
        here = [entry for entry in averaged if entry.temperature == temperature and entry.samples in places]
        _points(
            axes,
            [places[entry.samples] for entry in here if entry.samples is not None],
            [getattr(entry, key) for entry in here],
            [getattr(entry, f"{key}_interval") for entry in here],
            color=color,
            label=f"GRMC, τ = {temperature:g}",
        )
        for entry in entries:
            if entry.target == STGS_TARGET and entry.temperature == temperature:
                _level(axes, getattr(entry, key), getattr(entry, f"{key}_interval"), color, temperature)
    _scale(axes, [getattr(entry, key) for entry in entries])


def _scale(axes: Axes, values: Sequence[float]) -> None:
    """Make the axis logarithmic; linear below the least value that is not about zero, where one is."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    positive = [value for value in values if value > _ZERO]
    if not positive:
        axes.set_ylim(0, 1)
    elif len(positive) < len(values):
        axes.set_yscale("symlog", linthresh=min(positive))
        axes.set_ylim(bottom=0)
    else:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())


def _bias_over_k(axes: Axes, entries: Sequence[ConditionalBias]) -> None:
    averaged = [entry for entry in entries if entry.estimator == GRMC]
    places = _places(axes, [entry.samples for entry in averaged if entry.samples is not None])
    for color, temperature in _colors(entries):
        here = [entry for entry in averaged if entry.temperature == temperature]
        _points(
            axes,
            [places[entry.samples] for entry in here if entry.samples is not None],
            [entry.bias or 0.0 for entry in here],
            [entry.bias_interval for entry in here],
            color=color,
            label=f"GRMC, D enumerated, τ = {temperature:g}",
        )
        for entry in entries:
            if entry.estimator == STGS and entry.temperature == temperature:
                _level(axes, entry.bias, entry.bias_interval, color, temperature)
    axes.set_ylim(bottom=0)


def _of_all(axes: Axes, entries: Sequence[Measurement]) -> None:
    """Draw a point for each relaxation and K, in the color of its temperature."""
    labels = list(dict.fromkeys(map(_label, entries)))[::-1]
    colors = {temperature: color for color, temperature in _colors(entries)}
    for temperature in [*colors, None]:
        here = [entry for entry in entries if entry.temperature == temperature]
        color = "black" if temperature is None else colors[temperature]
        how: dict[str, Any] = {
            "color": color,
            "markersize": 4.5,
            "linestyle": "none",
            "zorder": 3,
        }
        seen = [entry for entry in here if (entry.mse or 0.0) >= _LEAST]
        if here:  # one entry in the legend, whether or not a value is within the axis
            _points(
                axes,
                [entry.mse or 0.0 for entry in seen],
                [labels.index(_label(entry)) for entry in seen],
                [_within(entry.mse_interval) for entry in seen],
                horizontal=True,
                marker="D" if temperature is None else "o",
                label="no temperature" if temperature is None else f"τ = {temperature:g}",
                **how,
            )
        beyond = [labels.index(_label(entry)) for entry in here if entry not in seen]
        if beyond:
            edge = [_LEAST] * len(beyond)
            axes.plot(edge, beyond, marker="<", markerfacecolor="none", clip_on=False, **how)
    axes.set_xscale("log")
    axes.set_xlim(left=_LEAST)
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    axes.set_ylim(-0.6, len(labels) - 0.4)
    axes.grid(axis="y", linewidth=0.4, alpha=0.5)


def _label(entry: Measurement) -> str:
    if entry.samples is None:
        return entry.relaxation
    return f"{entry.relaxation}, {'exact' if entry.samples == 'exact' else f'K = {entry.samples}'}"


def _colors(entries: Sequence[Any]) -> list[tuple[str, float]]:
    temperatures = sorted({entry.temperature for entry in entries if entry.temperature is not None})
    return [(f"C{index % 10}", temperature) for index, temperature in enumerate(temperatures)]


def _places(axes: Axes, samples: Sequence[Samples]) -> dict[Samples, float]:
    """Return the places of K on a logarithmic axis; the exact limit is a decade to the right of the last."""
    from matplotlib.ticker import NullLocator

    numbers = sorted({k for k in samples if isinstance(k, int)})
    places: dict[Samples, float] = {k: float(k) for k in numbers}
    if "exact" in samples:
        places["exact"] = 10.0 * (numbers[-1] if numbers else 1)
    axes.set_xscale("log")
    axes.set_xticks(list(places.values()), [f"{k}" for k in places])
    axes.xaxis.set_minor_locator(NullLocator())
    return places


def _within(interval: Interval | None) -> Interval | None:
    return None if interval is None else (max(_LEAST, interval[0]), interval[1])


def _points(
    axes: Axes,
    x: list[float],
    y: list[float],
    intervals: Sequence[Interval | None],
    horizontal: bool = False,
    **how: Any,
) -> None:
    """Draw points with those intervals that are given."""
    values = x if horizontal else y
    ends = [interval or (value, value) for value, interval in zip(values, intervals, strict=True)]
    below = [max(0.0, value - low) for value, (low, _) in zip(values, ends, strict=True)]
    above = [max(0.0, high - value) for value, (_, high) in zip(values, ends, strict=True)]
    errors: dict[str, Any] = {"xerr" if horizontal else "yerr": [below, above]}
    axes.errorbar(x, y, **errors, **{"marker": ".", "capsize": 2, "linewidth": 1.2, **how})


def _level(
    axes: Axes, value: float | None, interval: Interval | None, color: str, temperature: float
) -> None:
    if interval is not None:
        axes.axhspan(*interval, color=color, alpha=0.15, linewidth=0)
    if value is not None:
        axes.axhline(value, color=color, linestyle="--", linewidth=1, label=f"STGS, τ = {temperature:g}")
