"""The page of a folder of runs and studies: a line for each, and the curves of its runs over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from nasframe.display import Cell, Column, Figure, Line, LineChart, PanelGrid, Table
from nasframe.report.page import Page, make_page
from nasframe.report.trial_links import TRIAL_FOLDERS
from nasframe.runtime import counted

__all__ = ["Watched", "overview_page"]

_MOST = 12
"""Runs whose curves are drawn over each other: those that changed last."""

_MOST_COURSES = 4
"""Studies whose own courses are drawn: those that changed last."""

Points = Sequence[tuple[float, float]]


@frozen
class Watched:
    """A run or a study as it is now.

    Attributes:
        name: its path, relative to the folder.
        address: of its page, relative to the overview.
        kind: `run`, `comparison`, `sweep`, `table`.
        state: `running`, `interrupted`, `failed`, `done` or `unreadable`.
        steps: how far it has come, in words.
        begun, changed: how long ago, in words.
        objective: name of the metric that counts; empty where nobody knows.
        validation: the best value so far; of a study that has ended, that of the chosen variant.
        test: the value on the test split, where it was evaluated; of a study likewise.
        searched, trained, tried: the objective by epoch of the search and of the training, and the best one
            by trial.
        entropy: mean normalised entropy by epoch.
        problem: why it cannot be read, in words; empty where it can.
        study: name of the study of which it is a trial; None where it is of none.
        courses: of a table, the best value by the number of networks; of loops on a table, by name of the
            searches, their mean best value by cost.
        reason: why it failed, in words; empty where it did not.
        failed: name → reason of the trials of a study that failed.
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
    study: str | None = None
    courses: Mapping[str, Points] = field(factory=dict)
    reason: str = ""
    failed: Mapping[str, str] = field(factory=dict)


def overview_page(
    title: str,
    about: str,
    found: Sequence[Watched],
    links: Mapping[str, str],
    looks: dict[str, int] | None = None,
) -> Page:
    """Return the page of a folder.

    Args:
        title, about: of the page.
        found: its runs and studies, those that changed last first.
        links: address → words, above the page.
        looks: run → number of the look of its curves, on the page of a moment ago; it is kept as long as
            the run is drawn, and this becomes what is on the page now. None for a page that is made once.
    """
    drawn = [item for item in found if item.kind == "run" and (item.searched or item.trained or item.tried)]
    searched = [item for item in found if item.courses]
    studies = searched[:_MOST_COURSES]
    notes = [
        f"Of {count} {things} the {most} that changed last are drawn."
        for count, most, things in (
            (len(drawn), _MOST, "runs"),
            (len(searched), _MOST_COURSES, "studies with a course"),
        )
        if count > most
    ]
    note = " ".join(notes)
    names = {item.name for item in found}
    first = [item for item in found if item.study not in names]
    folded = [
        _table(own, f"trials-{number}", f"Trials of {study.name}")
        for number, study in enumerate(first, 1)
        if (own := [item for item in found if item.study == study.name])
    ]
    return make_page(
        "overview.html",
        title=title,
        about=about,
        tables=[*([_table(first, "overview", _title(first))] if first else []), *folded],
        figures=[*_figures(drawn[:_MOST], {} if looks is None else looks), *map(_course_chart, studies)],
        links=links,
        note=note,
        folded=[table.name for table in folded],
        failed={item.name: item.reason for item in found if item.reason} | _failed_trials(found),
        problems={item.name: item.problem for item in found if item.problem},
    )


def _failed_trials(found: Sequence[Watched]) -> dict[str, str]:
    """Return the reasons of trials that have no line to tell them, as those that are no runs."""
    told = {(item.study, _short(item)) for item in found if item.reason}
    return {
        f"{item.name}, {name}": why
        for item in found
        for name, why in item.failed.items()
        if (item.name, name) not in told
    }


def _title(found: Sequence[Watched]) -> str:
    many = counted(len(found), "run or study", "runs and studies")
    return f"{many}, the last change first; those that run are marked"


def _table(found: Sequence[Watched], name: str, title: str) -> Table:
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
            _short(item),
            item.kind,
            item.state,
            item.steps or None,
            item.objective or None,
            item.validation,
            item.test,
            item.begun or None,
            item.changed or None,
        ]
        for item in found
    ]
    running = [place for place, item in enumerate(found) if item.state == "running"]
    links = {place: item.address for place, item in enumerate(found)}
    return Table(name, title, columns, rows, marked=running, links=links, console_rows=40, stacks=True)


def _short(item: Watched) -> str:
    """Return the name of a trial without that of its study."""
    beginning = "" if item.study is None else f"{item.study}/"
    name = item.name.removeprefix(beginning)
    for folder in TRIAL_FOLDERS if item.study is not None else ():
        name = name.removeprefix(f"{folder}/")
    return name


def _course_chart(study: Watched) -> LineChart:
    """Return the course of a table, or of the loops that are compared on one."""
    is_table = study.kind != "comparison"
    x = "networks" if is_table else "cost, in epochs of a median network"
    subject = "best network so far" if is_table else "best architecture so far, mean of the searches"
    return LineChart(
        name=f"course-{study.name}",
        title=f"{study.objective or 'objective'} on validation, {subject}: {study.name}",
        x=x,
        y=study.objective,
        lines=[Line(name, points) for name, points in study.courses.items()],
        is_whole=is_table,
    )


def _keep_looks(runs: Sequence[Watched], looks: dict[str, int]) -> None:
    """Take the looks of runs that are not drawn any more; give each new run the first one that is free."""
    names = [run.name for run in runs]
    for name in looks.keys() - {*names}:
        del looks[name]
    free = (number for number in range(len(names)) if number not in {*looks.values()})
    looks.update(zip([name for name in names if name not in looks], [*free], strict=False))


def _figures(runs: Sequence[Watched], looks: dict[str, int]) -> list[Figure]:
    """Return the curves of the runs: a chart for each objective and stage, and one of the entropies.

    Several have one legend, as a run has the same look in each of them.
    """
    _keep_looks(runs, looks)
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
            charts.append(_chart(f"{stage}-{objective}", title, x, objective, lines, looks))
    entropies = {run.name: run.entropy for run in runs}
    title = "Mean normalised entropy of the choices"
    charts.append(_chart("entropy", title, "epoch", "entropy / log(candidates)", entropies, looks, low=0.0))
    known = [chart for chart in charts if not chart.is_empty]
    return known if len(known) < 2 else [PanelGrid(name="runs", title="The runs", figures=known)]


def _chart(
    name: str,
    title: str,
    x: str,
    y: str,
    lines: Mapping[str, Points],
    looks: Mapping[str, int],
    low: float | None = None,
) -> LineChart:
    drawn = [Line(run, points, series=looks[run]) for run, points in lines.items() if points]
    return LineChart(name=name, title=title, x=x, y=y, lines=drawn, is_whole=True, y_low=low)
