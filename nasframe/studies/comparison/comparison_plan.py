"""The plan of a comparison: runs and baselines are made, and tests and tables compare them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from attrs import frozen

from nasframe.report import write_comparison_page
from nasframe.studies.comparison.baseline_rows import baseline_rows
from nasframe.studies.comparison.baselines import BaselineGroup, make_baseline_groups, read_baselines
from nasframe.studies.comparison.caveats import comparison_caveats
from nasframe.studies.comparison.cost_curves import cost_curves
from nasframe.studies.comparison.derivation_gap import gaps
from nasframe.studies.comparison.fitting_tables import default_table, fitting_tables
from nasframe.studies.comparison.paired_tests import paired_tests
from nasframe.studies.comparison.table_comparison import RANKINGS, compare_with_tables, ranking_trials
from nasframe.studies.procedure import Plan, Study, Work
from nasframe.studies.statistics import UNBOUNDED, bounds_of
from nasframe.studies.variants import Variant, chosen, make_runs, measured, metrics_of, row_json, variant_rows
from nasframe.tables import TabularBenchmark

__all__ = ["ComparisonPlan"]


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
            "cost_curves": cost_curves(rows, trained, objective, bounds.get(objective, UNBOUNDED)),
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
