"""`sweep`: an experiment at every point of a grid of options, with one or several seeds each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import tomli_w
from attrs import frozen

from nasframe.errors import ConfigurationError
from nasframe.experiment import Experiment, overridden
from nasframe.jobs import PATIENCE
from nasframe.report import write_sweep_page
from nasframe.runtime import SILENT, Progress, fingerprint
from nasframe.studies.axes import (
    Axis,
    Point,
    check_trials,
    count_points,
    experiment_at,
    experiments_at,
    parse_axes,
    point_name,
    points,
    shared_plan,
    short_names,
    stage_seed,
    words_of,
)
from nasframe.studies.folder import reading_study
from nasframe.studies.grid_sweep.caveats import sweep_caveats
from nasframe.studies.procedure import BaseExperiment, Plan, Settings, Study, Work, recorded_call, run_study
from nasframe.studies.statistics import bounds_of
from nasframe.studies.variants import (
    PlannedRun,
    Variant,
    chosen,
    make_runs,
    measured,
    metrics_of,
    row_json,
    variant_rows,
)

__all__ = ["sweep"]


def sweep(
    experiment: BaseExperiment | Experiment | str | Path,
    axes: Iterable[str],
    overrides: Iterable[str] = (),
    *,
    out: str | Path | None = None,
    seeds: int = 1,
    relaxation: str | None = None,
    workers: int | None = 1,
    executor: str = "local",
    patience: float = PATIENCE,
    source: str | Path | None = None,
    seed: int | None = None,
    device: str | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Search, train and evaluate an experiment at every point of a grid of options.

    Finished trials are skipped: the same call goes on after an interruption. More seeds and more values of an
    axis may be given later; all else must be the same.

    Args:
        experiment: the one that is varied, or its TOML file. Its baselines are trained only where an override
            or an axis names them.
        axes: `temperature=0.1,0.5` each; see `parse_axes`.
        overrides: `dotted.key=value` each, for every point.
        out: folder of the sweep; None is `runs/NAME-sweep`.
        seeds: how many, beginning with the experiment's; all use the same data. An axis `seed=3,8` beside
            others names them one by one.
        relaxation: short for `relaxation.name=…`.
        seed, device: instead of those of the experiment.
        workers, executor, patience, source, overwrite, progress: see `Settings`.

    Returns:
        The content of `sweep.json`; docs/commands.md describes it. A trial that failed says why in `error`.

    Raises:
        ConfigurationError: all problems of all trials, before the first of them begins.
        RunError: `out` holds something else, or another experiment's sweep (with the difference); or the
            disk is full.
    """
    axes, overrides = words_of(axes), words_of(overrides)
    base = BaseExperiment.of(experiment)
    folder, given = base.folder(out, "sweep"), dict(base.values)
    if not any(word.startswith("baselines") for word in (*overrides, *axes)):
        given["baselines"] = {}  # they are the same for many trials, and no part of the grid
    settings = Settings(workers, executor, patience, source, overwrite, progress, base.recorded)
    shortcuts = {"relaxation": relaxation, "seed": seed, "device": device}
    call = recorded_call(
        "sweep",
        base,
        settings,
        overrides=overrides,
        seed=seed,
        device=device,
        axes=axes,
        seeds=seeds,
        relaxation=relaxation,
    )
    with reading_study(folder, overwrite=overwrite):
        values = overridden(given, base.source, overrides, relaxation=relaxation, seed=seed, device=device)
        grid = parse_axes(axes, values, base.source)
        _check(base.source, grid, seeds, _set_twice(grid, overrides, shortcuts))
        check_trials("sweep", "the points, times --seeds", count_points(grid), seeds)
        variants = _variants(values, base.source, grid, seeds)
        first = experiment_at(values, base.source, points(grid)[0])
        must_match = {
            "experiment": shared_plan(first, values, grid),
            "axes": sorted(axis.key for axis in grid),
        }
        title = f"{base.title(folder)}: {' × '.join(axis.key for axis in grid)}"
        experiments = [run.experiment for variant in variants for run in variant.runs]
        plan = SweepPlan(title, experiments, must_match, shown_axes(grid), variants)
        return run_study(plan, folder, settings, call)


@frozen
class SweepPlan(Plan):
    """The plan of a sweep.

    Attributes:
        axes: of its grid; see `shown_axes`.
        variants: its points.
    """

    kind: ClassVar[str] = "sweep"

    axes: Sequence[Axis]
    variants: Sequence[Variant]

    def work(self, study: Study) -> Work:
        """Make a run for every point and seed. One without data fails, and the others are done."""
        runs, objective = make_runs(self.variants, study), self.objective
        study.settings.progress.say(f"sweep: {len(self.variants)} points, {len(runs.trials)} trials")
        results = runs.results((yield runs.trials), study, objective)
        metrics = metrics_of(objective, *measured(results, study.folder.path))
        bounds = bounds_of(self.experiments)
        rows = [
            {**row_json(row, objective, bounds), "point": dict(variant.point)}
            for row, variant in zip(
                variant_rows(self.variants, results, metrics, "point"), self.variants, strict=True
            )
        ]
        titles = short_names([axis.key for axis in self.axes])
        seeds_alone = [axis.key for axis in self.axes] == ["seed"]
        known = sorted({item for item in runs.data if item is not None})
        found = {
            "objective": objective,
            "metrics": metrics,
            "axes": [
                {"key": axis.key, "title": titles[axis.key], "values": list(axis.values)}
                for axis in self.axes
            ],
            "seeds": sorted({one.seed for one in self.experiments}),
            "trials": results,
            "rows": rows,
            "chosen": None if seeds_alone else chosen(rows, objective),
            "experiment": tomli_w.dumps(self.must_match["experiment"]),
            "data": known[0] if len(known) == 1 else fingerprint(known) if known else None,
        }
        return {**found, "caveats": sweep_caveats(found)}

    def finish(self, record: Mapping[str, Any], folder: Path) -> None:
        """Write `report.html`."""
        write_sweep_page(record, folder)


def _variants(values: Mapping[str, Any], source: str, grid: Sequence[Axis], seeds: int) -> list[Variant]:
    """Return the points of a grid with their runs.

    Raises:
        ConfigurationError: all problems of all runs.
    """
    places = points(grid)
    experiments_at(values, source, [(place, None) for place in places])  # raises all problems at once
    first = experiment_at(values, source, places[0]).seed
    if not _varies(grid, "seed"):
        places = [{**place, "seed": first + step} for place in places for step in range(seeds)]
    pairs = [(place, None) for place in places]
    experiments = experiments_at(values, source, pairs, data_seed=stage_seed(values, source, places[0]))
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


def _check(name: str, grid: Sequence[Axis], seeds: int, set_twice: Sequence[str]) -> None:
    """Refuse arguments that contradict each other."""
    problems = [f"{key}: is an axis, and is set to one value too" for key in set_twice]
    if not grid:
        problems.append("a sweep needs an axis, for example temperature=0.1,0.5")
    if seeds < 1:
        problems.append(f"--seeds: expected 1 or more, found {seeds}")
    if seeds > 1 and _varies(grid, "seed"):
        problems.append("--seeds: seed is an axis; say one of the two")
    if problems:
        raise ConfigurationError(name, problems)


def _set_twice(
    grid: Sequence[Axis], overrides: Sequence[str], shortcuts: Mapping[str, str | int | None]
) -> list[str]:
    keys = {word.partition("=")[0].strip() for word in overrides}
    given = {key for key, value in shortcuts.items() if value is not None}
    keys |= {"relaxation.name" if key == "relaxation" else key for key in given}
    return [axis.key for axis in grid if axis.key in keys]


def _varies(grid: Sequence[Axis], key: str) -> bool:
    return any(axis.key == key for axis in grid)
