"""`tabulate`: networks of a search space, each trained from scratch and scored after every epoch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from nasframe.errors import ConfigurationError
from nasframe.experiment import Experiment, Overrides, override_words
from nasframe.jobs import PATIENCE
from nasframe.runtime import SILENT, Progress
from nasframe.studies.axes import Point, check_trials, count_points, parse_axes, points, words_of
from nasframe.studies.folder import reading_study
from nasframe.studies.procedure import BaseExperiment, Settings, recorded_call, run_study
from nasframe.studies.tabulation.table_plan import TablePlan
from nasframe.studies.tabulation.trainings import Training, from_scratch, training_at
from nasframe.tables import TabularBenchmark, load_table

__all__ = ["tabulate"]


def tabulate(
    experiment: BaseExperiment | Experiment | str | Path,
    out: str | Path | None = None,
    *,
    overrides: Overrides = (),
    architectures: int = 300,
    exhaustive: bool = False,
    seeds: int = 1,
    vary: str | Iterable[str] = (),
    yes: bool = False,
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
) -> TabularBenchmark:
    """Train networks of an experiment's space, each as a searched one is trained, and keep all their curves.

    Trainings that have ended are kept: the same call goes on after an interruption, and a larger number, more
    seeds or more points add to them. A smaller number, fewer seeds or fewer points take nothing away.

    Args:
        experiment: its space, task, training options and seed; or its TOML file. Its search does not
            matter.
        out: folder of the table; None is `runs/NAME-table`.
        overrides: `dotted.key=value` each, or a mapping of dotted key → value.
        architectures: how many different networks are drawn; all where the space has fewer.
        exhaustive: all networks of the space.
        seeds: training seeds of each network, from the experiment's own upward; they share their data.
        vary: `key=value,value` each, options of the task or the training: each network is trained at every
            point, with every seed.
        yes: train all networks of a large space too.
        preset: name of a registered preset, laid over the experiment and under the overrides.
        seed, device: instead of those of the experiment.
        workers, executor, executor_options, patience, source, overwrite, progress: see `Settings`.

    Returns:
        The table, with those that could be trained; `record["failed"]` says why the others could not.

    Raises:
        ConfigurationError: everything that is wrong with the experiment.
        RunError: `out` holds something else, or the table of something else; or the whole of a space would
            take long, and `yes` was not said.
        SpaceError: the space is not registered, so nobody could name its architectures.
    """
    for name, value in (("--architectures", architectures), ("--seeds", seeds)):
        if value < 1:
            raise ConfigurationError("tabulate", [f"{name}: expected 1 or more, found {value}"])
    base = BaseExperiment.of(experiment, preset)
    folder, overrides, vary = base.folder(out, "table"), override_words(overrides), words_of(vary)
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
    call = recorded_call(
        "tabulate",
        base,
        settings,
        overrides=overrides,
        exhaustive=exhaustive,
        seeds=seeds,
        vary=vary,
        yes=yes,
        seed=seed,
        device=device,
        architectures=architectures,
    )
    with reading_study(folder, overwrite=overwrite):
        given = Experiment.parse(base.values, base.source, overrides, seed=seed, device=device)
        axes = parse_axes(vary, given.to_dict(), base.source)
        _check_axes(axis.key for axis in axes)
        if not exhaustive:
            check_trials("tabulate", "--architectures", architectures)
        check_trials("tabulate", "--seeds, times the points", seeds, count_points(axes))
        each = seeds * count_points(axes)
        if not exhaustive and each > 1:
            check_trials("tabulate", "--architectures, times the trainings of each", architectures, each)
        chosen = from_scratch(attrs.evolve(given, data_seed=given.stage_seed))
        values = chosen.to_dict()

        def training_of(point: Point, seed: int) -> Training:
            return point, training_at(chosen, base, overrides, point, seed)

        trainings = [
            training_of(point, chosen.seed + number) for point in points(axes) for number in range(seeds)
        ]
        must_match = {
            "experiment": {key: values[key] for key in ("seed", "data_seed", "task", "space", "train")}
        }
        plan = TablePlan(
            base.title(folder),
            [item for _, item in trainings],
            must_match,
            chosen,
            trainings,
            architectures,
            exhaustive,
            yes,
            training_of,
        )
        run_study(plan, folder, settings, call)
        return load_table(folder)


def _check_axes(keys: Iterable[str]) -> None:
    wrong = [key for key in keys if key.partition(".")[0] not in ("task", "train", "data_seed")]
    if wrong:
        expected = "data_seed, or an option of [task] or [train]: a table is of one space"
        problem = f"--vary {wrong[0]}: expected {expected}"
        raise ConfigurationError("tabulate", [problem])
