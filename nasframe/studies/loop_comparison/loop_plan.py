"""The plan of a comparison of loops: their searches are made, and their courses set side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from nasframe.errors import RunError, in_lines
from nasframe.jobs import Outcome, Trial
from nasframe.report import write_loop_page
from nasframe.runtime import counted, file_name
from nasframe.searching import ProposalLoop, SearchProblem, ended_early
from nasframe.studies.loop_comparison.course import course_of_loop, ends_of_loop
from nasframe.studies.loop_comparison.judged_loop import JudgedLoop
from nasframe.studies.loop_comparison.looked_up_search import LookedUpSearches, Trace
from nasframe.studies.loop_comparison.loop_tests import loop_tests
from nasframe.studies.loop_comparison.loop_trial import make_loop_trial, read_traces
from nasframe.studies.procedure import Plan, Study, Work
from nasframe.studies.statistics import UNBOUNDED, bounds_of
from nasframe.tables import TabularBenchmark, least_of_top, load_table

__all__ = ["LoopPlan"]

_EQUAL = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # costs in full trainings, at which loops are set side by side


@frozen
class LoopPlan(Plan):
    """The plan of a comparison of loops on a table.

    Attributes:
        table: by which they are judged.
        loops: that are.
        train_missing: train what the table does not hold.
        other_versions: also under other versions than those of the table.
    """

    kind: ClassVar[str] = "comparison"

    table: TabularBenchmark
    loops: Sequence[JudgedLoop]
    train_missing: bool
    other_versions: bool

    def work(self, study: Study) -> Work:
        """Make the searches of every loop, and set their courses side by side."""
        if any(not item.is_looked_up for item in self.loops):
            study.prepare(
                [at for item in self.loops if not item.is_looked_up for at in item.at_points.values()]
            )
        trials = {item.name: self._trials(item, study) for item in self.loops}
        outcomes = yield [trial for own in trials.values() for trial in own]
        searches = LookedUpSearches(load_table(self.table.path))  # with all that was added to it since
        traces = {item.name: _traces(trials[item.name], outcomes, searches.place_of) for item in self.loops}
        failed = {name: item.error for name, item in outcomes.items() if item.status != "done"}
        if not any(traces.values()):
            raise RunError(in_lines("no search could be made", *dict.fromkeys(failed.values())))
        bounds = bounds_of(self.experiments).get(self.objective, UNBOUNDED)
        test = np.array(
            [np.nan if value is None else value for value in searches.test_scores()], dtype=np.float64
        )
        own = test[searches.own]  # searches chose those that were trained on demand
        ends = {name: ends_of_loop(found, test).tolist() for name, found in traces.items() if found}
        full = searches.epochs
        longest = max(trace.cost for found in traces.values() for trace in found) / full
        equal = [cost for cost in _EQUAL if cost <= longest]
        return {
            "on": {
                "name": self.table.title,
                "path": str(self.table.path),
                "networks": len(own),
                "trainings": len(self.table.trainings),
                "epochs": full,
                "epoch_seconds": None if np.isnan(searches.epoch_seconds) else searches.epoch_seconds,
                "best": float(np.nanmax(own)),
                "median": float(np.nanmedian(own)),
                "top": least_of_top(own),
            },
            "equal": equal,
            "loops": [
                course_of_loop(item, traces[item.name], test, own, full, equal, bounds)
                for item in self.loops
                if traces[item.name]
            ],
            "tests": loop_tests(ends, self.objective, bounds),
            "failed": failed,
            "data": ",".join(dict.fromkeys(item.data[:16] for item in self.table.trainings)),
            "experiment": self.experiments[0].to_toml(),
            "caveats": _caveats(self.loops, traces, searches.problem),
        }

    def _trials(self, item: JudgedLoop, study: Study) -> list[Trial]:
        found = []
        for part in item.chunks():
            point, experiment = item.of_seed(part.start)
            name = ",".join(filter(None, (item.name, point)))
            found.append(
                make_loop_trial(
                    f"{name}, seed {part.start}" + (f" to {part.stop - 1}" if len(part) > 1 else ""),
                    study.folder.trial_folder(f"{file_name(name)},seed={part.start}-{part.stop - 1}"),
                    experiment,
                    self.table,
                    part,
                    study,
                    train_missing=self.train_missing,
                    other_versions=self.other_versions,
                )
            )
        return found

    def finish(self, record: Mapping[str, Any], folder: Path) -> None:
        """Write `report.html`."""
        write_loop_page(record, folder)


def _traces(
    trials: Sequence[Trial], outcomes: Mapping[str, Outcome], place: Callable[[str], int]
) -> list[Trace]:
    return [
        trace
        for trial in trials
        if outcomes[trial.name].status == "done"
        for trace in read_traces(trial.folder, place)
    ]


def _caveats(
    loops: Sequence[JudgedLoop], traces: Mapping[str, Sequence[Trace]], problem: SearchProblem
) -> list[str]:
    found = []
    for item in loops:
        loop = item.experiment.loop
        if isinstance(loop, ProposalLoop):
            most = loop.most(problem)
            fewer = [trace.trials for trace in traces[item.name] if trace.trials < most]
            if fewer:
                many = f"{len(fewer):,} of {counted(len(traces[item.name]), 'search', 'searches')}"
                found.append(f"{item.name}, {many}: {ended_early(min(fewer), most)}.")
        lost = sum(not trace.steps for trace in traces[item.name])
        if lost:
            found.append(
                f"{item.name}: {lost} of {counted(len(traces[item.name]), 'search', 'searches')} "
                "found no architecture."
            )
        if item.even_seeds != item.seeds:
            found.append(
                f"{item.name}: {item.seeds} searches see the {len(item.at_points)} points of the table in "
                f"turn, so not every point counts the same; with {item.even_seeds} searches it does."
            )
    return found
