"""`compare`: variants of an experiment side by side, each with the same data, training and seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.errors import ConfigurationError
from nasframe.experiment import Experiment, Overrides, overridden, override_words
from nasframe.jobs import PATIENCE
from nasframe.runtime import SILENT, Progress
from nasframe.studies.axes import check_trials, count_points, parse_axes, shared_plan, words_of
from nasframe.studies.comparison.comparison_plan import ComparisonPlan
from nasframe.studies.comparison.former_option import tables_or_census
from nasframe.studies.folder import reading_study
from nasframe.studies.procedure import BaseExperiment, Settings, recorded_call, run_study
from nasframe.studies.variants import make_variants
from nasframe.tables import load_table

__all__ = ["compare"]


def compare(
    experiment: BaseExperiment | Experiment | str | Path,
    out: str | Path | None = None,
    *,
    overrides: Overrides = (),
    relaxations: Sequence[str] = (),
    vary: Iterable[str] = (),
    seeds: int = 5,
    random: int = 3,
    tables: Sequence[str | Path] | None = None,
    census: Sequence[str | Path] | None = None,
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
    """Search, train and evaluate each variant with each seed, and train their baselines.

    Finished trials are skipped: the same call goes on after an interruption, and more seeds, variants or
    random architectures are added to those that are there.

    Args:
        experiment: the one that is varied, or its TOML file. Of its section of baselines, `registered` holds.
        out: folder of the comparison; None is `runs/NAME-compare`.
        overrides: `dotted.key=value` each, or a mapping of dotted key → value;
            for every variant that has the option.
        relaxations: names; each starts from its own defaults, but for the one that the experiment names. They
            make no variants of a loop that does not relax.
        vary: `key=value,value…` each; with several, and with `relaxations`, every combination.
        seeds: how many, beginning with the experiment's; all use the same data.
        random: number of random architectures that are trained for each seed.
        tables: folders of tables of the spaces; None takes the one beside `out` that `nasframe tabulate`
            makes by itself, if it fits.
        census: the former name of `tables`.
        preset: name of a registered preset, laid over the experiment and under the overrides.
        seed, device: instead of those of the experiment.
        workers, executor, executor_options, patience, source, overwrite, progress: see `Settings`.

    Returns:
        The content of `comparison.json`; docs/commands.md describes it.

    Raises:
        ConfigurationError: everything that is wrong with any variant, before any search starts.
        RunError: `out` holds something else, or a table that was named does not fit.
    """
    named = tables_or_census(tables, census)
    if seeds < 1 or random < 0:
        raise ConfigurationError(
            "compare", [f"needs at least 1 seed and 0 random, found {seeds} and {random}"]
        )
    overrides, base = override_words(overrides), BaseExperiment.of(experiment, preset)
    relaxations, vary = words_of(relaxations), words_of(vary)
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
        "compare",
        base,
        settings,
        overrides=overrides,
        seed=seed,
        device=device,
        relaxations=relaxations,
        vary=vary,
        seeds=seeds,
        random=random,
        tables=None if named is None else [str(Path(path).resolve()) for path in words_of(named)],
    )
    values, origin, folder = base.values, base.source, base.folder(out, "compare")
    with reading_study(folder, overwrite=overwrite):
        written = overridden(values, origin, overrides)
        own = written.get("baselines")  # whatever the user wrote: it is checked with the variants below
        asked = own.get("random", random) if isinstance(own, Mapping) else random
        if asked != random:
            settings.progress.warn(
                f"baselines.random = {asked} is not used here: a comparison trains as many random "
                f"architectures as --random, in Python random=, says: {random}"
            )
        named_relaxations = [f"relaxation.name={','.join(relaxations)}"] if relaxations else []
        axes = parse_axes([*named_relaxations, *vary], written, origin)
        check_trials("compare", "the variants, times --seeds", count_points(axes), seeds)
        check_trials("compare", "--random, times --seeds", random, seeds)
        variants = make_variants(values, origin, axes, overrides, seeds=seeds, seed=seed, device=device)
        objectives = {variant.first.task.objective for variant in variants}
        if len(objectives) > 1:
            differ = f"the variants differ in the objective of the task: {', '.join(sorted(objectives))}"
            raise ConfigurationError("compare", [differ])
        must_match = {
            "experiment": shared_plan(variants[0].first, written, axes, free=("seed",)),
            "axes": sorted(axis.key for axis in axes),
        }
        registered = tuple(written.get("baselines", {}).get("registered", ()))
        given = None if named is None else [load_table(path) for path in words_of(named)]
        experiments = [run.experiment for variant in variants for run in variant.runs]
        plan = ComparisonPlan(
            base.title(folder), experiments, must_match, variants, random, registered, base.short_name, given
        )
        return run_study(plan, folder, settings, call)
