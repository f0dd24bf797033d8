"""Trials of a comparison of loops on a table: searches that are looked up, or one that trains a supernet."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from nasframe.errors import RunError
from nasframe.experiment import Experiment
from nasframe.jobs import Trial
from nasframe.network import build
from nasframe.pipeline import check_search_data, measure_epochs, prepare, search, truth_on_demand
from nasframe.runtime import Fields, Items, Nullable, Number, Progress, Text, write_json
from nasframe.searching import ProposalLoop
from nasframe.space import Architecture
from nasframe.studies.loop_comparison.looked_up_search import LookedUpSearches, Step, Trace
from nasframe.studies.procedure import Study, make_trial, read_result_file, reading_experiment
from nasframe.tables import TableEntry, TabularBenchmark, load_table

__all__ = ["SEARCHES", "are_searched", "do_searches", "make_loop_trial", "read_traces"]

SEARCHES = "searches.json"
"""The file of a trial with the searches that it did on a table."""
_SHAPE = Fields(
    {
        "searches": Items(
            Fields(
                {
                    "seed": Number(0, whole=True),
                    "steps": Items(
                        Fields({"cost": Number(0), "network": Text()}, {"score": Nullable(Number())})
                    ),
                    "cost": Number(0),
                    "trials": Number(0, whole=True),
                    "seconds": Nullable(Number(0)),
                }
            )
        )
    }
)


def make_loop_trial(
    name: str,
    folder: Path,
    experiment: Experiment,
    table: TabularBenchmark,
    seeds: Sequence[int],
    study: Study,
    *,
    train_missing: bool = False,
    other_versions: bool = False,
) -> Trial:
    """Return the trial that makes one search for each seed.

    Args:
        name: of the trial.
        folder: for the results.
        experiment: the table's own, with the loop that is judged.
        table: by which it is.
        seeds: of the searches.
        study: of which the trial is one.
        train_missing: train what the table does not hold.
        other_versions: see `truth_on_demand`.
    """
    return make_trial(
        name,
        folder,
        do_searches,
        are_searched,
        experiment,
        study,
        reads=["table"],
        table=str(table.path),
        seeds=[*seeds],
        train_missing=train_missing,
        other_versions=other_versions,
    )


def are_searched(folder: Path, arguments: Mapping[str, Any]) -> bool:
    """Return True where every search of such a trial has been made."""
    try:
        return [trace.seed for trace in read_traces(folder, lambda _: 0)] == [*arguments["seeds"]]
    except RunError:
        return False


def read_traces(folder: Path, place: Callable[[str], int]) -> list[Trace]:
    """Return the searches of a trial; `place` gives the place of a network, by its key.

    Raises:
        RunError: there are none yet, or the file is damaged.
    """
    found = read_result_file(folder / SEARCHES, _SHAPE)
    return [
        Trace(
            item["seed"],
            [Step(float(step["cost"]), place(step["network"]), step.get("score")) for step in item["steps"]],
            float(item["cost"]),
            int(item["trials"]),
            float("nan") if item["seconds"] is None else float(item["seconds"]),
        )
        for item in found["searches"]
    ]


def do_searches(folder: Path, arguments: Mapping[str, Any], progress: Progress) -> None:
    """Make the searches of such a trial, and write their course."""
    with reading_experiment(folder, arguments) as experiment:
        table = load_table(arguments["table"])

        def train(architecture: Architecture) -> TableEntry:
            return truth_on_demand(
                table,
                architecture,
                source=arguments["source"],
                other_versions=arguments["other_versions"],
                progress=progress,
            )

        searches = LookedUpSearches(table, train if arguments["train_missing"] else None)
        seeds, made = arguments["seeds"], list[Trace]()
        for seed in progress.track(seeds, "searches", len(seeds)):
            if isinstance(experiment.loop, ProposalLoop):
                made.append(searches.search(experiment.loop, seed))
            else:
                made.append(_trained(folder, experiment, seed, searches, arguments["source"], progress))
    write_json(folder / SEARCHES, {"searches": [_plain(trace, searches.keys) for trace in made]})


def _trained(
    folder: Path,
    experiment: Experiment,
    seed: int,
    searches: LookedUpSearches,
    source: str | None,
    progress: Progress,
) -> Trace:
    """Search on the table's task, and look up the architecture.

    The supernet's seconds count as epochs of the median network, which is trained here for two epochs, on
    this machine and now; the full training of the architecture that is found counts by its own cost.
    """
    own = attrs.evolve(experiment, seed=seed, data_seed=experiment.stage_seed)
    prepared = prepare(own, None, source, progress)
    check_search_data(searches.table, own, prepared)
    found = search(own, folder / "run", source=source, progress=progress)
    place = searches.place(found.architecture)
    assert found.run is not None
    searched = float(found.run.record["search"]["seconds"])
    median = Architecture(searches.problem.space, searches.median.assignment)
    epoch = measure_epochs(build(median, seed=seed), own, prepared.data)
    cost = searched / epoch + searches.epochs * searches.cost(place)
    return Trace(seed, [Step(cost, place)], cost, 1, cost * searches.epoch_seconds)


def _plain(trace: Trace, keys: Sequence[str]) -> dict[str, Any]:
    steps = [{"cost": item.cost, "network": keys[item.place], "score": item.score} for item in trace.steps]
    # a table may hold no times
    seconds = None if math.isnan(trace.seconds) else trace.seconds
    return {**attrs.asdict(trace, recurse=False), "steps": steps, "seconds": seconds}
