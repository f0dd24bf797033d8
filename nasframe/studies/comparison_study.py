"""Variants of an experiment side by side: the same data, training and seeds for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.errors import ConfigurationError
from nasframe.experiment import Experiment, overridden, read_toml
from nasframe.jobs import full_disk_stops, worker_count
from nasframe.pipeline import keeping_old_run
from nasframe.report import write_comparison_page
from nasframe.runtime import Progress
from nasframe.studies.axes import parse_axes
from nasframe.studies.baselines import BaselineGroup, make_baseline_groups, read_baselines
from nasframe.studies.caveats import caveats
from nasframe.studies.census_comparison import (
    RANKINGS,
    census_beside,
    compare_with_censuses,
    fitting_censuses,
)
from nasframe.studies.census_table import load_census, versions
from nasframe.studies.comparison_runs import Runs, check_matching
from nasframe.studies.comparison_table import baseline_rows, gaps, paired_tests, row_json, variant_rows
from nasframe.studies.folder import open_study
from nasframe.studies.results import measured, metrics_of
from nasframe.studies.shared_plan import shared_plan
from nasframe.studies.variants import make_variants

__all__ = ["compare"]

SILENT = Progress()

_ALSO = ("baselines", RANKINGS)
"""Folders beside those of the runs."""


def compare(
    experiment: Experiment | str | Path,
    out: str | Path,
    *,
    overrides: Iterable[str] = (),
    relaxations: Sequence[str] = (),
    vary: Iterable[str] = (),
    seeds: int = 5,
    random: int = 3,
    census: Sequence[str | Path] | None = None,
    workers: int | None = 1,
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
        experiment: the one that is varied, or its TOML file.
        out: folder of the comparison.
        overrides: `dotted.key=value` each, for every variant that has the option.
        relaxations: names; each starts from its own defaults, but for the one that the experiment names.
        vary: `key=value,value…` each; with several, and with `relaxations`, every combination.
        seeds: how many, beginning with the experiment's; all use the same data.
        random: number of random architectures that are trained for each seed.
        census: folders of censuses of the spaces; None takes the one beside `out` that `nasframe census`
            makes by itself, if it fits.
        workers: processes; 1 is this one, None is one for each core, or 1 on a GPU.
        source: the user's data; None is the task's own.
        seed, device: instead of those of the experiment.
        overwrite: replace a comparison that is there.
        progress: hears of the progress.

    Returns:
        The content of `comparison.json`; docs/commands.md describes it.

    Raises:
        ConfigurationError: everything that is wrong with any variant, before any search starts.
        RunError: `out` holds something else, or a census that was named does not fit.
    """
    if seeds < 1 or random < 0:
        raise ConfigurationError(
            "compare", [f"needs at least 1 seed and 0 random, found {seeds} and {random}"]
        )
    overrides = list(overrides)
    if isinstance(experiment, Experiment):
        values, origin, title = experiment.to_dict(), "experiment", Path(out).name
    else:
        values, origin, title = read_toml(Path(experiment)), str(experiment), Path(experiment).stem
    axes = parse_axes(vary, values, origin)
    if relaxations:
        axes = [*parse_axes([f"relaxation.name={','.join(relaxations)}"], values, origin), *axes]
    variants = make_variants(values, origin, axes, overrides, seeds=seeds, seed=seed, device=device)
    objective = _only({variant.first.task.objective for variant in variants}, "objective of the task")
    given = None if census is None else [load_census(path) for path in census]
    data = None if source is None else Path(source)
    written = overridden(values, origin, overrides)
    plan = {
        "experiment": shared_plan(variants[0].first, written, axes, free=("seed",)),
        "axes": sorted(axis.key for axis in axes),
    }
    chosen = variants[0].first
    chosen.torch_device()
    size = worker_count(workers, chosen.device)
    with open_study(
        out, "comparison", plan, overwrite=overwrite, also=_ALSO, workers=size, device=chosen.device
    ) as study:
        runs = Runs(study.path, variants)
        with keeping_old_run(overwrite):
            prepared = runs.prepare(data, progress, overwrite)
        counted = fitting_censuses(variants, prepared, given, census_beside(study.path, title), progress)
        groups = make_baseline_groups(variants, prepared, study.path, data, random)
        trials = runs.trials(prepared, data)
        if not overwrite:
            check_matching(trials)
        study.begin()
        shown = [*trials, *(item.trial for item in groups)]
        outcomes = study.execute(shown, progress)
        results = runs.results(trials, outcomes, objective)
        trained = [(item, read_baselines(item)) for item in groups]
        metrics = metrics_of(objective, *_sample(study.path, results, trained))
        rows = [
            *variant_rows(variants, results, metrics),
            *baseline_rows(trained, objective, metrics, random),
        ]
        censuses, ranked = compare_with_censuses(study, results, counted, objective, progress)
        found: dict[str, Any] = {
            "kind": "comparison",
            "title": title,
            "objective": objective,
            "metrics": metrics,
            "seeds": list(variants[0].experiments),
            "variants": [{"name": variant.name, "point": dict(variant.point)} for variant in variants],
            "trials": results,
            "rows": [row_json(row) for row in rows],
            "tests": paired_tests(rows, metrics),
            "gap": gaps(variants, results),
            "baselines": [
                {"kind": item.kind, "group": item.label, **network}
                for item, networks in trained
                for network in networks
            ],
            "censuses": censuses,
            "failed": {
                name: item.error for name, item in {**outcomes, **ranked}.items() if item.status != "done"
            },
            "experiment": variants[0].first.to_toml(),
            "versions": versions(),
            "data": ",".join(dict.fromkeys(str(item.record["fingerprint"]) for item in prepared.values())),
        }
        found["caveats"] = caveats(found, [row.name for row in rows if row.is_best_random])
        found = study.save(found)
        with full_disk_stops(study.path):
            write_comparison_page(found, study.path)
    return found


def _only(values: set[str], what: str) -> str:
    if len(values) > 1:
        raise ConfigurationError(
            "compare", [f"the variants differ in the {what}: {', '.join(sorted(values))}"]
        )
    return values.pop()


def _sample(
    folder: Path, results: Sequence[Mapping[str, Any]], trained: Sequence[tuple[BaselineGroup, Any]]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the metrics on validation and test of any network that was trained; none where all failed."""
    for network in (network for _, found in trained for network in found):
        return network["validation"], network["test"]
    return measured(results, folder)
