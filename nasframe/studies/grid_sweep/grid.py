"""The grid of a sweep: its points, each with a run for every seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nasframe.studies.axes import (
    Axis,
    Point,
    experiments_at,
    experiments_with,
    given_values,
    point_name,
    points,
    stage_seed,
    with_given,
)
from nasframe.studies.variants import PlannedRun, Variant

__all__ = ["grid_variants", "shown_axes", "varies"]


def grid_variants(
    values: Mapping[str, Any], source: str, grid: Sequence[Axis], seeds: int, overrides: Iterable[str] = ()
) -> list[Variant]:
    """Return the points of a grid with their runs.

    Args:
        values: of the experiment, overridden.
        source: name of the file they were read from, for the error.
        grid: the axes.
        seeds: how many; they are consecutive.
        overrides: those of `values`. A point that names another plugin starts its section from the defaults;
            an override holds there too, where that plugin has the option.

    Raises:
        ConfigurationError: all problems of all runs.
    """
    named = {axis.key.removesuffix(".name") for axis in grid if axis.key.endswith(".name")}
    given = {
        key: value
        for key, value in given_values(overrides).items()
        if key.partition(".")[0] in named and key != f"{key.partition('.')[0]}.name"
    }
    places = points(grid)
    first = experiments_with(values, source, places, given)[0].seed
    if not varies(grid, "seed"):
        places = [{**place, "seed": first + step} for place in places for step in range(seeds)]
    whole = with_given(values, places, given)
    pairs = [(place, None) for place in whole]
    experiments = experiments_at(values, source, pairs, data_seed=stage_seed(values, source, whole[0]))
    keys = [axis.key for axis in shown_axes(grid)]
    runs: dict[str, list[PlannedRun]] = {}
    chosen: dict[str, Point] = {}
    for place, experiment in zip(places, experiments, strict=True):
        point = {key: place[key] for key in keys}
        name, run = point_name(point), point_name(place)
        chosen[name] = point
        runs.setdefault(name, []).append(PlannedRun(run, run, experiment))
    return [Variant(name, point, runs[name]) for name, point in chosen.items()]


def shown_axes(grid: Sequence[Axis]) -> list[Axis]:
    """Return the axes whose values are compared: a seed among others is no axis, but repeats each point."""
    return [axis for axis in grid if axis.key != "seed"] or list(grid)


def varies(grid: Sequence[Axis], key: str) -> bool:
    """Return True where an axis of the grid is that of a key."""
    return any(axis.key == key for axis in grid)
