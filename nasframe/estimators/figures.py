"""The figures of the paper's supplement, drawn from what was measured, and one of all relaxations.

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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasframe.estimators.conditional_bias import AVERAGED, BASELINE, ConditionalBias
from nasframe.estimators.measurement import Measurement, Samples
from nasframe.files import write_text
from nasframe.report.plots import STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_figures"]

_LEAST = 1e-3
"""Smaller errors stand at the edge of a logarithmic axis."""


def draw_figures(
    measurements: Sequence[Measurement], biases: Sequence[ConditionalBias], out: Path
) -> list[Path]:
    """Write what the measurements suffice for, as SVG, into `out`; returns the files."""
    measured = [entry for entry in measurements if entry.error is None]
    pair = [entry for entry in measured if entry.relaxation in (AVERAGED, BASELINE)]
    figures: dict[str, str] = {}
    if {entry.relaxation for entry in pair} == {AVERAGED, BASELINE}:
        for number, key, what in ((1, "variance", "variance"), (2, "mse", "mean squared error")):
            figures[f"proposition-{number}"] = _panels(
                pair,
                functools.partial(_over_k, key),
                f"Proposition {number}: {what} of the gradient over K",
                ("K, conditional draws of a gradient", f"{what}, relative"),
            )
    if biases:
        figures["proposition-3"] = _panels(
            biases,
            _bias_over_k,
            "Proposition 3: bias of the gradient over K",
            ("K, conditional draws of a gradient", "bias, relative"),
        )
    if measured:
        figures["all"] = _panels(
            measured,
            _of_all,
            "Mean squared error of every relaxation",
            ("mean squared error, relative", ""),
            height=0.9 + 0.19 * len({_label(entry) for entry in measured}),
            share=True,
        )
    files = []
    for name, svg in figures.items():
        files.append(out / f"{name}.svg")
        write_text(files[-1], svg)
    return files


def _panels(
    entries: Sequence[Any],
    draw: Callable[[Axes, Sequence[Any]], None],
    title: str,
    labels: tuple[str, str],
    height: float = 2.5,
    share: bool = False,
) -> str:
    """A grid of panels with one legend."""
    # Imported where it is used: it takes most of a second, and few commands draw.
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
    with rc_context(STYLE | {"svg.hashsalt": title, "font.size": 9}):
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
        # what belongs to one temperature stands in one column
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
    """A line over K for each temperature, and the level of the baseline at the same temperature, dashed."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    averaged = [entry for entry in entries if entry.relaxation == AVERAGED]
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
            if entry.relaxation == BASELINE and entry.temperature == temperature:
                _level(axes, getattr(entry, key), getattr(entry, f"{key}_interval"), color, temperature)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _bias_over_k(axes: Axes, entries: Sequence[ConditionalBias]) -> None:
    averaged = [entry for entry in entries if entry.estimator == AVERAGED]
    places = _places(axes, [entry.samples for entry in averaged if entry.samples is not None])
    for color, temperature in _colors(entries):
        here = [entry for entry in averaged if entry.temperature == temperature]
        _points(
            axes,
            [places[entry.samples] for entry in here if entry.samples is not None],
            [entry.bias for entry in here],
            [entry.bias_interval for entry in here],
            color=color,
            label=f"GRMC, D enumerated, τ = {temperature:g}",
        )
        for entry in entries:
            if entry.estimator == BASELINE and entry.temperature == temperature:
                _level(axes, entry.bias, entry.bias_interval, color, temperature)
    axes.set_ylim(bottom=0)


def _of_all(axes: Axes, entries: Sequence[Measurement]) -> None:
    """A point for each relaxation and K, in the color of its temperature."""
    labels = list(dict.fromkeys(map(_label, entries)))[::-1]
    colors = {temperature: color for color, temperature in _colors(entries)}
    for temperature in [*colors, None]:
        here = [entry for entry in entries if entry.temperature == temperature]
        if here:
            axes.scatter(
                [max(entry.mse or 0.0, _LEAST) for entry in here],
                [labels.index(_label(entry)) for entry in here],
                s=22,
                color="black" if temperature is None else colors[temperature],
                marker="D" if temperature is None else "o",
                label="no temperature" if temperature is None else f"τ = {temperature:g}",
                clip_on=False,
                zorder=3,
            )
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
    """K on a logarithmic axis; the exact limit stands a decade to the right of the last."""
    from matplotlib.ticker import NullLocator

    numbers = sorted({k for k in samples if isinstance(k, int)})
    places: dict[Samples, float] = {k: float(k) for k in numbers}
    if "exact" in samples:
        places["exact"] = 10.0 * (numbers[-1] if numbers else 1)
    axes.set_xscale("log")
    axes.set_xticks(list(places.values()), [f"{k}" for k in places])
    axes.xaxis.set_minor_locator(NullLocator())
    return places


def _points(
    axes: Axes, x: list[float], y: list[float], intervals: list[tuple[float, float]], **how: Any
) -> None:
    below = [max(0.0, value - low) for value, (low, _) in zip(y, intervals, strict=True)]
    above = [max(0.0, high - value) for value, (_, high) in zip(y, intervals, strict=True)]
    axes.errorbar(x, y, yerr=[below, above], marker=".", capsize=2, linewidth=1.2, **how)


def _level(axes: Axes, value: float, interval: tuple[float, float], color: str, temperature: float) -> None:
    axes.axhspan(*interval, color=color, alpha=0.15, linewidth=0)
    axes.axhline(value, color=color, linestyle="--", linewidth=1, label=f"STGS, τ = {temperature:g}")
