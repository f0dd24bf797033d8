"""`compare`: variants of an experiment side by side, each with the same data, training and seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from attrs import frozen

from nasframe.errors import ConfigurationError
from nasframe.experiment import Experiment, overridden
from nasframe.jobs import PATIENCE
from nasframe.report import write_comparison_page
from nasframe.runtime import SILENT, Progress
from nasframe.studies.axes import check_trials, count_points, parse_axes, shared_plan, words_of
from nasframe.studies.baseline_rows import baseline_rows
from nasframe.studies.baselines import BaselineGroup, make_baseline_groups, read_baselines
from nasframe.studies.comparison.caveats import comparison_caveats
from nasframe.studies.comparison.former_option import tables_or_census
from nasframe.studies.derivation_gap import gaps
from nasframe.studies.folder import reading_study
from nasframe.studies.paired_tests import paired_tests
from nasframe.studies.procedure import BaseExperiment, Plan, Settings, Study, Work, recorded_call, run_study
from nasframe.studies.statistics import UNBOUNDED, bounds_of
from nasframe.studies.table_comparison import (
    RANKINGS,
    compare_with_tables,
    default_table,
    fitting_tables,
    ranking_trials,
)
from nasframe.studies.variants import (
    Variant,
    chosen,
    make_runs,
    make_variants,
    measured,
    metrics_of,
    row_json,
    variant_rows,
)
from nasframe.tables import TabularBenchmark, load_table

__all__ = ["compare"]


def compare(
    experiment: BaseExperiment | Experiment | str | Path,
    out: str | Path | None = None,
    *,
    overrides: Iterable[str] = (),
    relaxations: Sequence[str] = (),
    vary: Iterable[str] = (),
    seeds: int = 5,
    random: int = 3,
    tables: Sequence[str | Path] | None = None,
    census: Sequence[str | Path] | None = None,
    workers: int | None = 1,
    executor: str = "local",
    patience: float = PATIENCE,
    source: str | Path | None = None,
    seed: int | None = None,
    device: str | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Search, train and evaluate each variant with each seed, and train their baselines.

    Finished trials are skipped: the same call goes on after an interruption, and more seeds, variants or
    random architectures are added to those that are there.

    Args:
        experiment: the one that is varied, or its TOML file. Of its section of baselines, `registered` holds.
        out: folder of the comparison; None is `runs/NAME-compare`.
        overrides: `dotted.key=value` each, for every variant that has the option.
        relaxations: names; each starts from its own defaults, but for the one that the experiment names.
        vary: `key=value,value…` each; with several, and with `relaxations`, every combination.
        seeds: how many, beginning with the experiment's; all use the same data.
        random: number of random architectures that are trained for each seed.
        tables: folders of tables of the spaces; None takes the one beside `out` that `nasframe tabulate`
            makes by itself, if it fits.
        census: the former name of `tables`.
        seed, device: instead of those of the experiment.
        workers, executor, patience, source, overwrite, progress: see `Settings`.

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
    overrides, base = words_of(overrides), BaseExperiment.of(experiment)
    relaxations, vary = words_of(relaxations), words_of(vary)
    settings = Settings(workers, executor, patience, source, overwrite, progress, base.recorded)
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


@frozen
class ComparisonPlan(Plan):
    """The plan of a comparison.

    Attributes:
        variants: that are compared.
        random: number of random architectures for each seed.
        registered: functions of plugins that bring baselines, as `[baselines] registered` names them.
        base: name of the experiment, by which its table is found at the default place.
        tables: those that were named; None takes that at the default place.
    """

    kind: ClassVar[str] = "comparison"
    files: ClassVar[Sequence[str]] = ("baselines", RANKINGS)

    variants: Sequence[Variant]
    random: int
    registered: Sequence[str]
    base: str
    tables: Sequence[TabularBenchmark] | None

    def work(self, study: Study) -> Work:
        """Make a run for every variant and seed, train their baselines, and rank tables by the supernets."""
        runs, objective, bounds = make_runs(self.variants, study), self.objective, bounds_of(self.experiments)
        default = default_table(study.folder.path, dict.fromkeys([self.title, self.base]))
        fitting = fitting_tables(self.variants, runs.prepared, self.tables, default, study.settings.progress)
        groups = make_baseline_groups(self.variants, runs.prepared, study, self.random, self.registered)
        outcomes = yield [*runs.trials, *(item.trial for item in groups)]
        results = runs.results(outcomes, study, objective)
        trained = [(item, read_baselines(item)) for item in groups]
        rankings = ranking_trials(study, runs.pairs, results, fitting)
        ranked = yield list(rankings.values())
        ended = {**outcomes, **ranked}
        metrics = metrics_of(objective, *_sample(study, results, trained))
        rows = [
            *variant_rows(self.variants, results, metrics),
            *baseline_rows(trained, objective, metrics, self.random),
        ]
        listed = [row_json(row, objective, bounds) for row in rows]
        found = {
            "objective": objective,
            "metrics": metrics,
            "seeds": list(self.variants[0].experiments),
            "variants": [{"name": variant.name, "point": dict(variant.point)} for variant in self.variants],
            "trials": results,
            "rows": listed,
            "chosen": chosen(listed, objective),
            "tests": paired_tests(rows, metrics, bounds),
            "gap": gaps(self.variants, results, bounds.get(objective, UNBOUNDED)),
            "baselines": [
                {
                    "kind": "registered" if "registered" in network else item.kind,
                    "group": item.label,
                    **network,
                }
                for item, networks in trained
                for network in networks
            ],
            "tables": compare_with_tables(results, rankings, ranked, fitting, objective),
            "failed": {name: item.error for name, item in ended.items() if item.status != "done"},
            "experiment": self.variants[0].first.to_toml(),
            "data": ",".join(dict.fromkeys(item for item in runs.data if item is not None)),
        }
        best_random = [row.name for row in rows if row.is_best_random]
        return {**found, "caveats": comparison_caveats(found, best_random)}

    def finish(self, record: Mapping[str, Any], folder: Path) -> None:
        """Write `report.html`."""
        write_comparison_page(record, folder)


def _sample(
    study: Study, results: Sequence[Mapping[str, Any]], trained: Sequence[tuple[BaselineGroup, Any]]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the metrics on validation and test of any network that was trained; none where all failed."""
    for network in (network for _, found in trained for network in found):
        return network["validation"], network["test"]
    return measured(results, study.folder.path)
