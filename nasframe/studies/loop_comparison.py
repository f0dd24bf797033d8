"""`compare --on`: loops side by side on a table of the truth, where a finalist's score is looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from nasframe.errors import ConfigurationError, RunError, in_lines
from nasframe.experiment import Experiment, overridden
from nasframe.jobs import PATIENCE, Outcome, Trial
from nasframe.report import write_loop_page
from nasframe.runtime import SILENT, Progress, file_name, fingerprint
from nasframe.searching import ProposalLoop, check_proposal_loop
from nasframe.studies.axes import check_trials, parse_axes, point_name, words_of
from nasframe.studies.default_place import default_folder
from nasframe.studies.folder import reading_study
from nasframe.studies.looked_up_search import LookedUpSearches, Trace
from nasframe.studies.loop_trial import CHUNK, make_loop_trial, read_traces
from nasframe.studies.procedure import BaseExperiment, Plan, Settings, Study, Work, recorded_call, run_study
from nasframe.studies.statistics import UNBOUNDED, Bounds, bounds_of, interval
from nasframe.studies.variants import make_variants
from nasframe.tables import TabularBenchmark, load_table

__all__ = ["compare_on_table"]

SEEDS, GRADIENT_SEEDS = 1000, 10
"""Searches of each loop where none are given: of one that is looked up, and of one that trains a supernet."""

_POINTS = 60  # of a curve
_TOP = 0.01  # share of the table's networks
_EQUAL = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # costs in full trainings, at which loops are set side by side


def compare_on_table(
    table: TabularBenchmark | str | Path,
    out: str | Path | None = None,
    *,
    loops: Sequence[str] = ("random", "evolution", "halving"),
    overrides: Iterable[str] = (),
    relaxations: Sequence[str] = (),
    vary: Iterable[str] = (),
    seeds: int | None = None,
    train_missing: bool = False,
    workers: int | None = 1,
    executor: str = "local",
    patience: float = PATIENCE,
    source: str | Path | None = None,
    device: str | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Judge search loops by a table of the truth: best test score against cost, over many seeds.

    A loop that proposes architectures is told what the table says of one of its trainings, chosen by the
    seed. A gradient search runs on the table's task by the table's own experiment, and its architecture is
    looked up. The score that counts is the mean test score of the best architecture so far over all
    trainings of the table, at the epoch that counts; the search never sees it.

    Args:
        table: the table, its file or folder, or the name of a registered one.
        out: folder of the comparison; None is `runs/TABLE-loops`.
        loops: names of search loops.
        overrides: `dotted.key=value` each, for every loop that has the option.
        relaxations, vary: see `compare`; they make a variant of every loop.
        seeds: searches of each loop; None is 1,000 of one that is looked up and 10 of a gradient search.
        train_missing: train an architecture that the table does not hold by the table's recipe, and add it;
            see `truth_on_demand`.
        workers, executor, patience, source, overwrite, progress: see `Settings`.
        device: of the gradient searches.

    Returns:
        The content of `comparison.json`; docs/commands.md describes it.

    Raises:
        ConfigurationError: everything that is wrong with any loop, before any search starts.
        RunError: the table does not hold all that a loop can propose; or `out` holds something else.
    """
    if seeds is not None and seeds < 1:
        raise ConfigurationError("compare", [f"--seeds: expected 1 or more, found {seeds}"])
    if not loops:
        raise ConfigurationError("compare", ["--loop: expected the name of a loop at least"])
    found = table if isinstance(table, TabularBenchmark) else load_table(table)
    base = BaseExperiment(found.recipe.values(), f"{found.path}: experiment", _short(found))
    folder = default_folder(base.short_name, "loops") if out is None else Path(out)
    overrides, relaxations, vary = words_of(overrides), words_of(relaxations), words_of(vary)
    settings = Settings(workers, executor, patience, source, overwrite, progress)
    call = recorded_call(
        "compare_on_table",
        base,
        settings,
        table=str(found.path.resolve()),
        loops=[*loops],
        overrides=overrides,
        relaxations=relaxations,
        vary=vary,
        **({} if seeds is None else {"seeds": seeds}),
        train_missing=train_missing,
        device=device,
    )
    with found.recipe.reading(), reading_study(folder, overwrite=overwrite):
        written = overridden(base.values, base.source, overrides)
        words = [f"loop.name={','.join(loops)}"]
        words += [f"relaxation.name={','.join(relaxations)}"] if relaxations else []
        axes = parse_axes([*words, *vary], written, base.source)
        variants = make_variants(base.values, base.source, axes, overrides, seeds=1, device=device)
        judged = [JudgedLoop.of(item.first, item.point, seeds) for item in variants]
        check_trials("compare", "the loops, times --seeds", len(judged), max(item.seeds for item in judged))
        searches = LookedUpSearches(found)
        for item in judged:
            if isinstance(item.experiment.loop, ProposalLoop):
                check_proposal_loop(item.experiment.loop, searches.problem)
        scores = [found.scores(split) for split in ("validation", "test")]
        must_match = {
            "on": found.title,
            "table": fingerprint(scores),
            "axes": sorted(axis.key for axis in axes),
            "overrides": sorted(overrides),
        }
        experiments = [item.experiment for item in judged]
        plan = LoopPlan(base.title(folder), experiments, must_match, found, judged, train_missing)
        return run_study(plan, folder, settings, call)


@frozen
class JudgedLoop:
    """A loop with its options, and the number of its searches.

    Attributes:
        name: shown to the user.
        experiment: the table's own, with this loop.
        seeds: number of searches, with seeds from 0.
    """

    name: str
    experiment: Experiment
    seeds: int

    @classmethod
    def of(cls, experiment: Experiment, point: Mapping[str, Any], seeds: int | None) -> JudgedLoop:
        """Return the loop of a variant."""
        named = ("loop.name", "relaxation.name")
        rest = {key: value for key, value in point.items() if key not in named}
        parts = [str(point[key]) for key in named if key in point]
        usual = SEEDS if isinstance(experiment.loop, ProposalLoop) else GRADIENT_SEEDS
        name = ",".join([*parts, *([point_name(rest)] if rest else [])])
        return cls(name, experiment, usual if seeds is None else seeds)

    @property
    def is_looked_up(self) -> bool:
        """True where the loop proposes, and nothing is trained."""
        return isinstance(self.experiment.loop, ProposalLoop)

    def chunks(self) -> list[range]:
        """Return the seeds of each trial."""
        size = CHUNK if self.is_looked_up else 1
        return [range(first, min(first + size, self.seeds)) for first in range(0, self.seeds, size)]


@frozen
class LoopPlan(Plan):
    """The plan of a comparison of loops on a table.

    Attributes:
        table: by which they are judged.
        loops: that are.
        train_missing: train what the table does not hold.
    """

    kind: ClassVar[str] = "comparison"

    table: TabularBenchmark
    loops: Sequence[JudgedLoop]
    train_missing: bool

    def work(self, study: Study) -> Work:
        """Make the searches of every loop, and set their courses side by side."""
        if any(not item.is_looked_up for item in self.loops):
            study.prepare([item.experiment for item in self.loops if not item.is_looked_up])
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
        full = searches.epochs
        longest = max(trace.cost for found in traces.values() for trace in found) / full
        equal = [cost for cost in _EQUAL if cost <= longest]
        return {
            "on": {
                "name": self.table.title,
                "path": str(self.table.path),
                "networks": len(self.table),
                "trainings": len(self.table.trainings),
                "epochs": full,
                "epoch_seconds": None if np.isnan(searches.epoch_seconds) else searches.epoch_seconds,
                "best": float(np.nanmax(test)),
                "median": float(np.nanmedian(test)),
                "top": float(np.nanquantile(test, 1 - _TOP)),
            },
            "equal": equal,
            "loops": [
                _judged(item, traces[item.name], test, full, equal, bounds)
                for item in self.loops
                if traces[item.name]
            ],
            "failed": failed,
            "data": ",".join(dict.fromkeys(item.data[:16] for item in self.table.trainings)),
            "experiment": self.experiments[0].to_toml(),
            "caveats": _caveats(self.loops, traces),
        }

    def _trials(self, item: JudgedLoop, study: Study) -> list[Trial]:
        safe = file_name(item.name)
        return [
            make_loop_trial(
                f"{item.name}, seed {part.start}" + (f" to {part.stop - 1}" if len(part) > 1 else ""),
                study.folder.trial_folder(f"{safe},seed={part.start}-{part.stop - 1}"),
                item.experiment,
                self.table,
                part,
                study,
                train_missing=self.train_missing,
            )
            for part in item.chunks()
        ]

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


def _judged(
    item: JudgedLoop, traces: Sequence[Trace], test: Any, full: int, equal: Sequence[float], bounds: Bounds
) -> dict[str, Any]:
    """Return the results of a loop: its course over the cost, and its end.

    A search that has ended keeps its best architecture, so a curve goes on to the cost of the longest one. It
    begins where every search has an architecture.
    """
    costs = np.array([trace.cost for trace in traces]) / full
    seconds = np.mean([trace.seconds for trace in traces])
    first = max((trace.steps[0].cost / full if trace.steps else np.inf) for trace in traces)
    grid = np.linspace(first, costs.max(), _POINTS) if np.isfinite(first) else np.array([costs.max()])
    grid = np.unique(grid)
    known = _scores_at(traces, test, grid * full)
    means = [_estimate(known[:, place], bounds) for place in range(len(grid))]
    ends = _scores_at(traces, test, np.array([np.inf]))[:, 0]
    sides = _scores_at(traces, test, np.array(equal, dtype=np.float64) * full)
    return {
        "name": item.name,
        "kind": "proposals" if item.is_looked_up else "gradient",
        "seeds": len(traces),
        "trials": float(np.mean([trace.trials for trace in traces])),
        "cost": float(costs.mean()),
        "seconds": None if np.isnan(seconds) else float(seconds),
        "test": _estimate(ends, bounds),
        "deviation": float(np.nanstd(ends, ddof=1)) if len(ends) > 1 else None,
        "top": float(np.mean(ends >= np.nanquantile(test, 1 - _TOP))),
        "best_found": float(np.mean(ends >= np.nanmax(test))),
        "equal": [_estimate(sides[:, place], bounds) for place in range(len(equal))],
        "curve": {
            "cost": grid.tolist(),
            **{name: [item[name] for item in means] for name in ("mean", "low", "high")},
        },
    }


def _scores_at(traces: Sequence[Trace], test: Any, costs: Any) -> Any:
    """Return the test score of each search's best architecture at each cost; NaN before the first one."""
    found = np.full((len(traces), len(costs)), np.nan)
    for row, trace in enumerate(traces):
        if not trace.steps:
            continue
        places = np.searchsorted([step.cost for step in trace.steps], costs + 1e-9, side="right") - 1
        scores = test[[step.place for step in trace.steps]]
        found[row] = np.where(places >= 0, scores[np.maximum(places, 0)], np.nan)
    return found


def _estimate(values: Any, bounds: Bounds) -> dict[str, float | None]:
    """Return the mean over the searches and its 95 % interval; None where a search has no architecture."""
    if np.isnan(values).any() or not len(values):
        return {"mean": None, "low": None, "high": None}
    low, high = interval(values.tolist(), bounds) if len(values) > 1 else (None, None)
    return {"mean": float(values.mean()), "low": low, "high": high}


def _caveats(loops: Sequence[JudgedLoop], traces: Mapping[str, Sequence[Trace]]) -> list[str]:
    found = []
    for item in loops:
        lost = sum(not trace.steps for trace in traces[item.name])
        if lost:
            found.append(f"{item.name}: {lost} of {len(traces[item.name])} searches found no architecture.")
    return found


def _short(table: TabularBenchmark) -> str:
    return file_name(table.title) or "table"
