"""The experiments at points of axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.errors import ConfigurationError, NasframeError
from nasframe.experiment import Experiment, in_toml
from nasframe.pipeline import check_plan
from nasframe.runtime import format_names
from nasframe.studies.axes.points import Point, point_name

__all__ = ["experiment_at", "experiments_at", "stage_seed"]


def stage_seed(values: Mapping[str, Any], source: str, point: Point) -> int:
    """Return the seed of the task's stages: all trials share it, also where they have different seeds."""
    kept = {key: value for key, value in point.items() if key != "seed"}
    return experiment_at(values, source, kept).stage_seed


def experiment_at(
    values: Mapping[str, Any],
    source: str,
    point: Point,
    *,
    seed: int | None = None,
    data_seed: int | None = None,
) -> Experiment:
    """Return the experiment of one trial.

    Args:
        values: of the experiment, as its TOML file gives them, or `overridden`.
        source: name of the file they were read from, for the error.
        point: options that the trial sets; naming another plugin starts that section from its defaults.
        seed: of the trial; None takes that of the point, else of the experiment.
        data_seed: of the task's stages, unless the point sets one; None takes that of the experiment.

    Raises:
        ConfigurationError: everything that is wrong.
    """
    chosen = dict(point)
    if seed is not None:
        chosen["seed"] = seed
    if data_seed is not None:
        chosen.setdefault("data_seed", data_seed)
    return Experiment.parse(values, source, [f"{key}={in_toml(value)}" for key, value in chosen.items()])


def experiments_at(
    values: Mapping[str, Any],
    source: str,
    trials: Sequence[tuple[Point, int | None]],
    *,
    data_seed: int | None = None,
    shown: Sequence[Point] | None = None,
    trains: bool = True,
) -> list[Experiment]:
    """Return the experiments of all trials, each checked as far as it can be without data.

    Args:
        values, source, data_seed: see `experiment_at`.
        trials: point and seed of each.
        shown: the part of each point that the user varied, for the errors; None is the whole.
        trains: see `nasframe.pipeline.check_plan`.

    Raises:
        ConfigurationError: all problems of all of them; a problem that every point has is there once.
    """
    experiments: list[Experiment] = []
    wrong: dict[str, list[str]] = {}
    parts = [point for point, _ in trials] if shown is None else shown
    for (point, seed), part in zip(trials, parts, strict=True):
        try:
            experiment = experiment_at(values, source, point, seed=seed, data_seed=data_seed)
            experiment.torch_device()
            check_plan(experiment, trains=trains)
            experiments.append(experiment)
        except NasframeError as error:
            problems = error.problems if isinstance(error, ConfigurationError) else [str(error)]
            for problem in problems:
                wrong.setdefault(problem, []).append(point_name(part))
    if wrong:
        count = len(set(map(point_name, parts)))
        raise ConfigurationError(source, [_where(problem, names, count) for problem, names in wrong.items()])
    return experiments


def _where(problem: str, names: Sequence[str], count: int) -> str:
    """Return a problem; where only some points have it, with their names."""
    different = list(dict.fromkeys(names))
    if len(different) == count:
        return problem
    return f"{problem} (at {format_names(different, between=' and ')})"
