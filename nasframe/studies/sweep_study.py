"""A sweep: an experiment at every point of a grid of options, with several seeds each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomli_w

from nasframe.errors import ConfigurationError
from nasframe.experiment import overridden, read_toml
from nasframe.jobs import Outcome, full_disk_stops, worker_count
from nasframe.pipeline import keeping_old_run
from nasframe.report import write_sweep_page
from nasframe.runtime import Progress, fingerprint
from nasframe.studies.axes import (
    Axis,
    Point,
    experiment_at,
    experiments_at,
    parse_axes,
    point_name,
    points,
    stage_seed,
)
from nasframe.studies.census_table import versions
from nasframe.studies.data_preparation import prepare_data
from nasframe.studies.folder import open_study
from nasframe.studies.results import measured, metrics_of, read_result
from nasframe.studies.run_trial import make_run_trial
from nasframe.studies.shared_plan import shared_plan

__all__ = ["sweep"]


def sweep(
    experiment: str | Path,
    axes: Sequence[str],
    overrides: Sequence[str] = (),
    *,
    seeds: int = 1,
    workers: int | None = 1,
    out: str | Path | None = None,
    source: str | Path | None = None,
    overwrite: bool = False,
    relaxation: str | None = None,
    seed: int | None = None,
    device: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Run an experiment at every point of a grid, and write `sweep.json` and `report.html`.

    Finished trials are kept and skipped: the same call goes on after an interruption. More seeds and more
    values of an axis may be given later; all else must be the same.

    Args:
        experiment: a TOML file.
        axes: `temperature=0.1,0.5` each; see `parse_axes`.
        overrides: `search.epochs=3` each, for every trial.
        seeds: how many, from that of the experiment upward. They share their data.
        workers: processes; 1 is this one, None is one for each core, or 1 on a GPU.
        out: the folder; None is `runs/NAME-sweep`.
        source: the user's data; None is the task's own.
        overwrite: replace a sweep that is there.
        relaxation, seed, device: short-cuts for `relaxation.name=…`, `seed=…` and `device=…`.
        progress: hears of the progress.

    Returns:
        The content of `sweep.json`: `kind`, `title`, `objective`, `metrics` (names), `axes` (`key` and
        `values` of each), `seeds`, `trials` (what `read_result` returns of each), `experiment` (TOML: what
        all trials share), `versions`, `data` (fingerprint). A trial that failed says why in `error`.

    Raises:
        ConfigurationError: all problems of all trials, before the first of them begins.
        RunError: the folder holds something else, or another experiment's sweep (with the difference); or the
            disk is full.
    """
    path, shown = Path(experiment), progress or Progress()
    name = str(path)
    given = read_toml(path)
    if not any(word.startswith("baselines") for word in (*overrides, *axes)):
        given["baselines"] = {}  # they are the same for many trials, and no part of the grid
    values = overridden(given, name, overrides, relaxation=relaxation, seed=seed, device=device)
    grid = parse_axes(axes, values, name)
    set_twice = _set_twice(grid, overrides, relaxation, seed, device)
    _check(name, grid, seeds, set_twice, source)
    places = points(grid)
    experiments_at(values, name, [(place, None) for place in places])  # raises all problems at once
    shared = stage_seed(values, name, places[0])
    # A seed that is an axis is in the point.
    first = experiment_at(values, name, places[0]).seed
    numbers = [None] if _varies(grid, "seed") else [first + step for step in range(seeds)]
    pairs = [(point, number) for point in places for number in numbers]
    experiments = experiments_at(values, name, pairs, data_seed=shared)
    names = [_trial_name(point, number, len(numbers)) for point, number in pairs]
    folder = Path(out) if out is not None else Path("runs") / f"{path.stem}-sweep"
    plan: dict[str, Any] = {
        "experiment": shared_plan(experiment_at(values, name, places[0]), values, grid),
        "axes": sorted(axis.key for axis in grid),
    }
    data = None if source is None else Path(source)
    size = worker_count(workers, experiments[0].device)
    devices = {one.device for one in experiments}
    device = devices.pop() if len(devices) == 1 else None
    with open_study(folder, "sweep", plan, overwrite=overwrite, workers=size, device=device) as study:
        folders = [study.trial_folder(item) for item in names]
        with keeping_old_run(overwrite):
            prints = prepare_data(experiments, folders, data, shown, replaces=overwrite)
        study.begin()
        shown.say(f"sweep: {len(places)} points, {len(pairs)} trials")
        trials = [
            make_run_trial(item, place, one, data, print_)
            for item, place, one, print_ in zip(names, folders, experiments, prints, strict=True)
        ]
        outcomes = study.execute(trials, shown)
        objective = experiments[0].task.objective
        results = [
            read_result(
                trial,
                outcomes.get(trial.name, Outcome("open")),
                study=folder,
                objective=objective,
                seed=one.seed,
                variant=point_name(point),
                point=point,
            )
            for trial, one, (point, _) in zip(trials, experiments, pairs, strict=True)
        ]
        known = sorted({item for item in prints if item is not None})
        with full_disk_stops(folder):
            result = study.save(
                {
                    "kind": "sweep",
                    "title": f"{path.stem}: {' × '.join(axis.key for axis in grid)}",
                    "objective": objective,
                    "metrics": metrics_of(objective, *measured(results, folder)),
                    "axes": [{"key": axis.key, "values": list(axis.values)} for axis in grid],
                    "seeds": sorted({one.seed for one in experiments}),
                    "trials": results,
                    "experiment": tomli_w.dumps(plan["experiment"]),
                    "versions": versions(),
                    "data": known[0] if len(known) == 1 else fingerprint(known) if known else None,
                }
            )
            write_sweep_page(result, folder)
    return result


def _check(
    name: str, grid: Sequence[Axis], seeds: int, set_twice: Sequence[str], source: str | Path | None
) -> None:
    """Refuse arguments that contradict each other."""
    problems = [f"{key}: is an axis, and is set to one value too" for key in set_twice]
    if not grid:
        problems.append("a sweep needs an axis, for example temperature=0.1,0.5")
    if seeds < 1:
        problems.append(f"--seeds: expected 1 or more, found {seeds}")
    if seeds > 1 and _varies(grid, "seed"):
        problems.append("--seeds: seed is an axis; say one of the two")
    if source is not None and not Path(source).exists():
        problems.append(f"--data {source}: no such file or folder")
    if problems:
        raise ConfigurationError(name, problems)


def _set_twice(
    grid: Sequence[Axis],
    overrides: Sequence[str],
    relaxation: str | None,
    seed: int | None,
    device: str | None,
) -> list[str]:
    keys = {word.partition("=")[0].strip() for word in overrides}
    shortcuts = {"relaxation.name": relaxation, "seed": seed, "device": device}
    keys |= {key for key, value in shortcuts.items() if value is not None}
    return [axis.key for axis in grid if axis.key in keys]


def _varies(grid: Sequence[Axis], key: str) -> bool:
    return any(axis.key == key for axis in grid)


def _trial_name(point: Point, seed: int | None, seeds: int) -> str:
    return point_name(point) if seed is None else point_name({**point, "seed": seed})
