"""The course of searches by proposals: the best validation score so far, over trainings and over seconds."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from attrs import frozen

from nasframe.display import Figure, Line, LineChart
from nasframe.errors import NasframeError
from nasframe.report.trials import trials_of
from nasframe.report.variant_settings import first_run

__all__ = ["Step", "course_figures", "steps_of", "study_courses"]

_COSTS = {"trainings": "cost, in full trainings", "seconds": "computing time of the trainings, in seconds"}

_MOST = 12
"""Lines of a chart of a study."""

Trials = Sequence[Mapping[str, Any]]


@frozen
class Step:
    """The best score of a search when a training had ended.

    Attributes:
        trainings: the cost so far, in full trainings.
        seconds: of all trainings so far; None where one was not measured.
        score: of this training on the validation split.
        best: the best score so far.
    """

    trainings: float
    seconds: float | None
    score: float
    best: float


def steps_of(trials: Trials) -> list[Step]:
    """Return the steps of a search, for the lines of its trials."""
    found: list[Step] = []
    seconds: float | None = 0.0
    for line in trials:
        own = line.get("seconds")
        seconds = None if own is None or seconds is None else seconds + own
        if (score := line["score"]) is not None:
            best = max(score, found[-1].best) if found else score
            found.append(Step(line["cost"], seconds, score, best))
    return found


def study_courses(data: Mapping[str, Any], folder: Path | None) -> dict[str, list[list[Step]]]:
    """Return name of a variant → the steps of the searches of its seeds; none where no search proposes.

    Beside them stands the random search of the baselines, where there is one.

    Args:
        data: the record of a study, with current names.
        folder: of the study, in whose runs the steps stand.
    """
    found: dict[str, list[list[Step]]] = {}
    for trial in data["trials"]:
        if folder is None or not (trial.get("search") or {}).get("trials"):
            continue
        run = first_run([trial], folder)
        try:
            steps = [] if run is None else steps_of(trials_of(run))
        except NasframeError:  # a damaged file of one run; its own page says so
            continue
        if steps:
            found.setdefault(trial.get("variant") or trial["name"], []).append(steps)
    return {**found, **_random(data)} if found else {}


def course_figures(
    courses: Mapping[str, Sequence[Sequence[Step]]], objective: str, *, with_dots: bool = False
) -> list[Figure]:
    """Return a chart over the trainings and one over the seconds.

    Args:
        courses: name of a line → the steps of the searches of its seeds.
        objective: its name.
        with_dots: every score too, not the best ones alone.
    """
    shown = dict(itertools.islice(courses.items(), _MOST))
    several = any(len(seeds) > 1 for seeds in shown.values())
    caption = "Scores on the validation split, by which the search decides; no score of the test split."
    caption += " Each dot is a training." if with_dots else ""
    if several:
        caption += " The mean over the seeds; the band reaches from the lowest seed to the highest."
    if len(shown) < len(courses):
        caption += f" These are the first {len(shown)} of {len(courses)}."
    return [
        LineChart(
            name=f"course-{cost}",
            title=f"Best {objective} on validation so far, over the {cost}",
            x=title,
            y=f"{objective}, validation",
            x_low=0.0,
            lines=[_line(name, seeds, cost, with_dots=with_dots) for name, seeds in shown.items()],
            caption=caption,
        )
        for cost, title in _COSTS.items()
    ]


def _random(data: Mapping[str, Any]) -> dict[str, list[list[Step]]]:
    """Return the random search of each group of baselines: so many full trainings, one after the other."""
    own: dict[str, dict[Any, list[Mapping[str, Any]]]] = {}
    for network in data["baselines"]:
        if network.get("kind") == "random":
            label = f" [{network['group']}]" if network.get("group") else ""
            seeds = own.setdefault(f"random search{label}", {})
            seeds.setdefault(network.get("seed"), []).append(network)
    lines = {
        name: [
            [
                {
                    "cost": float(place),
                    "seconds": network.get("seconds"),
                    "score": (network.get("validation") or {}).get(data["objective"]),
                }
                for place, network in enumerate(networks, 1)
            ]
            for networks in seeds.values()
        ]
        for name, seeds in own.items()
    }
    return {name: [steps for each in seeds if (steps := steps_of(each))] for name, seeds in lines.items()}


def _line(name: str, seeds: Sequence[Sequence[Step]], cost: str, *, with_dots: bool) -> Line:
    known = [
        [(at, step) for step in steps if (at := getattr(step, cost)) is not None] for steps in seeds if steps
    ]
    courses = [course for course in known if course]
    if not courses:
        return Line(name, [])
    # where every seed has a score; a search that has ended keeps its best one
    places = sorted({at for course in courses for at, _ in course})
    places = [at for at in places if at >= max(course[0][0] for course in courses)]
    values = [[_best(course, at) for course in courses] for at in places]
    several = len(courses) > 1
    return Line(
        name,
        _stairs(list(zip(places, map(fmean, values), strict=True))),
        [low for _, low in _stairs(list(zip(places, map(min, values), strict=True)))] if several else (),
        [high for _, high in _stairs(list(zip(places, map(max, values), strict=True)))] if several else (),
        [(at, step.score) for course in courses for at, step in course] if with_dots else (),
        is_bare=True,
        is_range=several,
    )


def _best(course: Sequence[tuple[float, Step]], at: float) -> float:
    return max(step.best for place, step in course if place <= at)


def _stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return points between which a line keeps its height until the next one."""
    made = [*points[:1]]
    for (_, before), (x, y) in itertools.pairwise(points):
        made += [(x, before), (x, y)]
    return made
