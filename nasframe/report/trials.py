"""The trials of a search by proposals, on the page of its run: a table, and scores over the sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.display import Cell, Cloud, Column, Figure, ScatterChart, Table
from nasframe.runs import Run
from nasframe.runtime import counted

__all__ = ["best_trial", "trial_figures", "trial_table", "trials_of", "trials_verdict"]

_STAGE = "trial"

Trials = Sequence[Mapping[str, Any]]


def trials_of(run: Run) -> Trials:
    """Return the lines of the trials of a run; none where its search trained a supernet."""
    return run.history(_STAGE)


def trial_table(trials: Trials) -> Table:
    """Return a row for each trial, the best one marked."""
    columns = [
        Column("trial"),
        Column("network"),
        Column("epochs"),
        Column("score", "objective, validation"),
        Column("parameters", unit="count"),
        Column("multiply_adds", "multiply-adds", "count"),
        Column("cost", "cost so far", "short"),
        Column("seconds", unit="s"),
    ]
    rows: list[list[Cell]] = [
        [
            line["trial"],
            str(line.get("network", ""))[:8],
            line["epochs"],
            line["score"],
            line.get("parameters"),
            line.get("multiply_adds"),
            line["cost"],
            float(line["seconds"]),
        ]
        for line in trials
    ]
    best = best_trial(trials)
    marked = [place for place, line in enumerate(trials) if line is best]
    note = "" if best is None else f"Marked: trial {best['trial']}, the best one."
    return Table("trials", "The trials", columns, rows, note, marked, console_rows=30)


def trial_figures(trials: Trials) -> list[Figure]:
    """Return the front of the scores of the trials and both sizes of their networks."""
    scored = [line for line in trials if line["score"] is not None]
    return [_front(scored, key, title) for key, title in _SIZES.items()]


def trials_verdict(trials: Trials) -> list[str]:
    """Return sentences about the end of the search."""
    best, failed = best_trial(trials), sum("failed" in line for line in trials)
    networks = len({line.get("network") for line in trials})
    found = [
        f"{counted(len(trials), 'architecture was', 'architectures were')} tried, "
        f"{counted(networks, 'different network')}, "
        f"at the cost of {trials[-1]['cost']:.4g} full trainings. "
        "They learnt from the examples that the final network learns from; the validation split decided. The "
        "sections [relaxation] and [search] had no part in it."
    ]
    if best is not None:
        found.append(f"Trial {best['trial']} was the best of those that were trained longest.")
    if failed:
        found.append(f"{failed} of the trainings failed.")
    return found


_SIZES = {"parameters": "parameters", "multiply_adds": "multiply-adds of an example"}


def _front(trials: Trials, key: str, title: str) -> Figure:
    """Return scores over a size; those on the front have no smaller and better one."""
    points = [(float(line[key]), float(line["score"])) for line in trials if line.get(key) is not None]
    front = [
        point
        for point in dict.fromkeys(points)
        if not any(
            other[0] <= point[0] and other[1] >= point[1] and other != point
            for other in dict.fromkeys(points)
        )
    ]
    return ScatterChart(
        name=f"trials-by-{key.replace('_', '-')}",
        title=f"Objective on validation against {title}",
        x=title,
        y="objective, validation",
        clouds=[Cloud("front", front), Cloud("all trials", points, is_small=True)],
    )


def best_trial(trials: Trials) -> Mapping[str, Any] | None:
    """Return the line of the best of the trials that were trained longest; None where none has a score."""
    scored = [line for line in trials if line["score"] is not None]
    return max(scored, key=lambda line: (line["epochs"], line["score"]), default=None)
