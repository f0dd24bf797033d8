"""`sweep`: an experiment at every point of a grid of options, with one or several seeds each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.errors import ConfigurationError
from nasframe.experiment import Experiment, Overrides, overridden, override_words
from nasframe.jobs import PATIENCE
from nasframe.runtime import SILENT, Progress
from nasframe.studies.axes import (
    Axis,
    check_trials,
    count_points,
    parse_axes,
    shared_plan,
    words_of,
)
from nasframe.studies.folder import reading_study
from nasframe.studies.grid_sweep.grid import grid_variants, shown_axes, varies
from nasframe.studies.grid_sweep.sweep_plan import SweepPlan
from nasframe.studies.procedure import BaseExperiment, Settings, recorded_call, run_study

__all__ = ["sweep"]


def sweep(
    experiment: BaseExperiment | Experiment | str | Path,
    axes: Iterable[str],
    overrides: Overrides = (),
    *,
    out: str | Path | None = None,
    seeds: int = 1,
    relaxation: str | None = None,
    workers: int | None = 1,
    executor: str = "local",
    executor_options: Mapping[str, Any] | None = None,
    patience: float = PATIENCE,
    preset: str | None = None,
    source: str | Path | None = None,
    seed: int | None = None,
    device: str | None = None,
    overwrite: bool = False,
    progress: Progress | bool | None = SILENT,
) -> dict[str, Any]:
    """Search, train and evaluate an experiment at every point of a grid of options.

    Finished trials are skipped: the same call goes on after an interruption. More seeds and more values of an
    axis may be given later; all else must be the same.

    Args:
        experiment: the one that is varied, or its TOML file. Its baselines are trained only where an override
            or an axis names them.
        axes: `temperature=0.1,0.5` each; see `parse_axes`.
        overrides: `dotted.key=value` each, or a mapping of dotted key → value;
            for every point.
        out: folder of the sweep; None is `runs/NAME-sweep`.
        seeds: how many, beginning with the experiment's; all use the same data. An axis `seed=3,8` beside
            others names them one by one.
        relaxation: short for `relaxation.name=…`.
        preset: name of a registered preset, laid over the experiment and under the overrides.
        seed, device: instead of those of the experiment.
        workers, executor, executor_options, patience, source, overwrite, progress: see `Settings`.

    Returns:
        The content of `sweep.json`; docs/commands.md describes it. A trial that failed says why in `error`.

    Raises:
        ConfigurationError: all problems of all trials, before the first of them begins.
        RunError: `out` holds something else, or another experiment's sweep (with the difference); or the
            disk is full.
    """
    axes, overrides = words_of(axes), override_words(overrides)
    base = BaseExperiment.of(experiment, preset)
    folder, given = base.folder(out, "sweep"), dict(base.values)
    if not any(word.startswith("baselines") for word in (*overrides, *axes)):
        given["baselines"] = {}  # they are the same for many trials, and no part of the grid
    settings = Settings(
        workers,
        executor,
        patience,
        source,
        overwrite,
        progress,
        base.recorded,
        executor_options,
    )
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
        variants = grid_variants(values, base.source, grid, seeds, overrides)
        first = variants[0].runs[0].experiment
        must_match = {
            "experiment": shared_plan(first, values, grid),
            "axes": sorted(axis.key for axis in grid),
        }
        title = f"{base.title(folder)}: {' × '.join(axis.key for axis in grid)}"
        experiments = [run.experiment for variant in variants for run in variant.runs]
        plan = SweepPlan(title, experiments, must_match, shown_axes(grid), variants)
        return run_study(plan, folder, settings, call)


def _check(name: str, grid: Sequence[Axis], seeds: int, set_twice: Sequence[str]) -> None:
    """Refuse arguments that contradict each other."""
    problems = [f"{key}: is an axis, and is set to one value too" for key in set_twice]
    if not grid:
        problems.append("a sweep needs an axis, for example temperature=0.1,0.5")
    if seeds < 1:
        problems.append(f"--seeds: expected 1 or more, found {seeds}")
    if seeds > 1 and varies(grid, "seed"):
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
