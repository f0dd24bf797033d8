"""The plan of a sweep: a run for every point and seed, and a row for every point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import tomli_w
from attrs import frozen

from nasframe.report import write_sweep_page
from nasframe.runtime import counted, escape_toml, fingerprint
from nasframe.studies.axes import Axis, short_names
from nasframe.studies.grid_sweep.caveats import sweep_caveats
from nasframe.studies.procedure import Plan, Study, Work
from nasframe.studies.statistics import bounds_of
from nasframe.studies.variants import Variant, chosen, make_runs, measured, metrics_of, row_json, variant_rows

__all__ = ["SweepPlan"]


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
        study.settings.progress.say(
            f"sweep: {counted(len(self.variants), 'point')}, {counted(len(runs.trials), 'trial')}"
        )
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
            "experiment": escape_toml(tomli_w.dumps(self.must_match["experiment"])),
            "data": known[0] if len(known) == 1 else fingerprint(known) if known else None,
        }
        return {**found, "caveats": sweep_caveats(found)}

    def finish(self, record: Mapping[str, Any], folder: Path) -> None:
        """Write `report.html`."""
        write_sweep_page(record, folder)
