"""The entropies of the searches of a comparison: Figure 2 of the paper, and when the stop rule was met.

    nasframe compare ... --out runs/figure2-small
    python benchmarks/entropies.py runs/figure2-small entropies.svg

Prints a table: for each search the first epoch after which the stop rule of its experiment holds, as if it
might have stopped from epoch 10 on, and the last entropies; then the means over the seeds at a few epochs.
Draws the means of all groups with the range of the seeds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import attrs

from nasframe import Run, load_experiment
from nasframe.display import Line, LineChart, PanelGrid
from nasframe.searching.gradient import has_converged

LEAST = 10
"""Epochs before the rule may hold, as by default; the searches of the figure go on to their last epoch."""


def main(folder: str, picture: str = "") -> None:
    """Print the tables, and write the picture where a file is named."""
    study = Path(folder)
    trials = json.loads((study / "comparison.json").read_text("utf-8"))["trials"]
    courses: dict[str, list[list[Mapping[str, Any]]]] = {}
    print("| search | rule met | last epoch | entropies |\n|---|---|---|---|")
    for trial in trials:
        run = Run.open(study / trial["folder"])
        history = run.history("search")
        courses.setdefault(trial["variant"], []).append([line["entropy"] for line in history])
        met = first_met(run, history)
        last = ", ".join(f"{group} {value:.3f}" for group, value in history[-1]["entropy"].items())
        print(f"| {trial['variant']}, seed {trial['seed']} | {met or 'never'} | {len(history)} | {last} |")
    groups = [*next(iter(courses.values()))[0][0]]
    epochs = max(len(course) for seeds in courses.values() for course in seeds)
    print("\n| group | relaxation | " + " | ".join(f"epoch {at}" for at in shown(epochs)) + " |")
    print("|---|---|" + "---|" * len(shown(epochs)))
    for group in groups:
        for name, seeds in courses.items():
            means = " | ".join(
                f"{fmean(at(course, epoch, group) for course in seeds):.2f}" for epoch in shown(epochs)
            )
            print(f"| {group} | {name} | {means} |")
    if picture:
        Path(picture).write_text(figure(courses, groups, epochs).to_svg(), "utf-8")


def first_met(run: Run, history: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the first epoch after which the stop rule holds; None where there is none."""
    options = attrs.evolve(load_experiment(run).search, min_epochs=LEAST)
    ends = range(1, len(history) + 1)
    return next((end for end in ends if has_converged(history[:end], options)), None)


def at(course: Sequence[Mapping[str, float]], epoch: int, group: str) -> float:
    """Return an entropy after an epoch; a search that stopped early keeps its last one."""
    return course[min(epoch, len(course)) - 1][group]


def shown(epochs: int) -> list[int]:
    return [round(epochs * share) for share in (0.2, 0.3, 0.4, 0.6, 0.8, 1.0)]


def figure(
    courses: Mapping[str, Sequence[Sequence[Mapping[str, float]]]], groups: Sequence[str], epochs: int
) -> PanelGrid:
    def line(name: str, group: str) -> Line:
        columns = [[at(course, epoch, group) for course in courses[name]] for epoch in range(1, epochs + 1)]
        points = [(float(epoch), fmean(column)) for epoch, column in enumerate(columns, start=1)]
        return Line(name, points, [*map(min, columns)], [*map(max, columns)])

    charts = [
        LineChart(
            name=group,
            title=group,
            x="epoch",
            y="entropy / log(candidates)",
            y_low=0.0,
            y_high=1.03,
            is_whole=True,
            lines=[line(name, group) for name in courses],
        )
        for group in groups
    ]
    title = "Mean normalised entropy over the epochs, mean and range of the seeds"
    return PanelGrid(name="entropies", title=title, figures=charts, columns=len(charts))


if __name__ == "__main__":
    main(*sys.argv[1:])
