"""The page of a folder of runs and studies: a line for each, and the curves of its runs over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from nasframe.display import Cell, Column, Figure, Line, LineChart, Table
from nasframe.report.page import Page, make_page
from nasframe.runtime import counted

__all__ = ["Watched", "overview_page"]

_LOOKS = 6  # looks of lines
_MOST = 12
"""Runs whose curves are drawn over each other: those that changed last."""

Points = Sequence[tuple[float, float]]


@frozen
class Watched:
    """A run or a study as it is now.

    Attributes:
        name: its path, relative to the folder.
        address: of its page, relative to the overview.
        kind: `run`, `comparison`, `sweep`, `table`.
        state: `running`, `interrupted`, `done`, `failed` or `unreadable`.
        steps: how far it has come, in words.
        begun, changed: how long ago, in words.
        objective: name of the metric that counts; empty where nobody knows.
        validation: the best value so far.
        test: the value on the test split, where it was evaluated.
        searched, trained, tried: the objective by epoch of the search and of the training, and the best one
            by trial.
        entropy: mean normalised entropy by epoch.
        problem: why it cannot be read, in words; empty where it can.
    """

    name: str
    address: str
    kind: str
    state: str
    steps: str = ""
    begun: str = ""
    changed: str = ""
    objective: str = ""
    validation: float | None = None
    test: float | None = None
    searched: Points = ()
    trained: Points = ()
    tried: Points = ()
    entropy: Points = ()
    problem: str = field(default="")


def overview_page(title: str, about: str, found: Sequence[Watched], links: Mapping[str, str]) -> Page:
    """Return the page of a folder.

    Args:
        title, about: of the page.
        found: its runs and studies, those that changed last first.
        links: address → words, above the page.
    """
    runs = [item for item in found if item.kind == "run"]
    drawn = [item for item in runs if item.searched or item.trained or item.tried]
    notes = []
    if len(drawn) > _MOST:
        notes.append(f"Of {len(drawn)} runs the {_MOST} that changed last are drawn.")
    if len(drawn) > _LOOKS:
        notes.append(f"A look comes again after {_LOOKS} runs.")
    return make_page(
        "overview.html",
        title=title,
        about=about,
        tables=[_table(found)] if found else [],
        figures=_figures(drawn[:_MOST]),
        links=links,
        note=" ".join(notes),
        problems={item.name: item.problem for item in found if item.problem},
    )


def _table(found: Sequence[Watched]) -> Table:
    columns = [
        Column("name"),
        Column("kind"),
        Column("state"),
        Column("steps"),
        Column("metric"),
        Column("validation", "best on validation"),
        Column("test"),
        Column("begun"),
        Column("changed"),
    ]
    rows: list[list[Cell]] = [
        [
            item.name,
            item.kind,
            item.state,
            item.steps,
            item.objective,
            item.validation,
            item.test,
            item.begun,
            item.changed,
        ]
        for item in found
    ]
    running = [place for place, item in enumerate(found) if item.state == "running"]
    links = {place: item.address for place, item in enumerate(found)}
    return Table(
        "overview",
        f"{counted(len(found), 'run or study', 'runs and studies')}, the last change first; those that run "
        "are marked",
        columns,
        rows,
        marked=running,
        links=links,
        console_rows=40,
    )


def _figures(runs: Sequence[Watched]) -> list[Figure]:
    """Return the curves of the runs: a chart for each objective and stage, and one of the entropies."""
    charts: list[Figure] = []
    for objective in dict.fromkeys(run.objective for run in runs):
        own = [run for run in runs if run.objective == objective]
        stages = (
            ("search", "epoch", "supernet in the search", {run.name: run.searched for run in own}),
            ("trials", "trial", "best trial of the search so far", {run.name: run.tried for run in own}),
            ("training", "epoch", "derived network in its training", {run.name: run.trained for run in own}),
        )
        for stage, x, subject, lines in stages:
            title = f"{objective or 'objective'} on validation, {subject}"
            charts.append(_chart(f"{stage}-{objective}", title, x, objective, lines))
    entropies = {run.name: run.entropy for run in runs}
    title = "Mean normalised entropy of the choices"
    charts.append(_chart("entropy", title, "epoch", "entropy / log(candidates)", entropies, low=0.0))
    return [chart for chart in charts if not chart.is_empty]


def _chart(
    name: str, title: str, x: str, y: str, lines: Mapping[str, Points], low: float | None = None
) -> LineChart:
    # a run has the same look in every chart
    drawn = [Line(run, points, series=place) for place, (run, points) in enumerate(lines.items()) if points]
    return LineChart(name=name, title=title, x=x, y=y, lines=drawn, is_whole=True, y_low=low)
