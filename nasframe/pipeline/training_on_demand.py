"""Truth on demand: a network that a table does not hold is trained by the table's recipe, and kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import torch

from nasframe import __version__
from nasframe.errors import RunError, in_lines
from nasframe.experiment import Experiment
from nasframe.pipeline.preparation import Prepared, prepare
from nasframe.pipeline.same_data import check_data
from nasframe.pipeline.standalone_training import train_alone
from nasframe.runtime import SILENT, Progress, default_cache, given_cache, progress_of
from nasframe.space import Architecture, network_key
from nasframe.tables import TableEntry, TabularBenchmark, add_entry, entry_of_trainings

__all__ = ["truth_on_demand"]


def truth_on_demand(
    table: TabularBenchmark,
    architecture: Architecture | Mapping[str, str],
    *,
    source: str | Path | None = None,
    cache: str | Path | None = None,
    device: str | None = None,
    other_versions: bool = False,
    progress: Progress | bool | None = SILENT,
) -> TableEntry:
    """Return the entry of an architecture; where the table does not hold its network, train it first.

    It gets every training of the table, by the table's recipe and on the same data, is marked `on_demand`,
    and kept in a file: in the folder of the table, or, where the table is one file, which may be a plugin's,
    in the cache. `load_table` finds it again, with the same `cache`.

    Args:
        table: that is asked.
        architecture: of any space over the same inputs, or an assignment of the table's own space.
        source: the user's data; None is the task's own.
        cache: the folder of prepared data; None is `NASFRAME_CACHE`, else that of the user.
        device: None is what the recipe says.
        other_versions: train also where the table was made with another version of nasframe or torch, whose
            numbers may differ a little.
        progress: what to report to; True is what the command line shows, False and None are silent.

    Raises:
        ArchitectureError: it is for other inputs or outputs, or is not in the table's space.
        RunError: the data, or the versions, are others than those of the table; or the table says two things
            of how its networks were trained; says which. Or a training fails.
    """
    progress = progress_of(progress)
    found = table.find(architecture)
    if found is not None:
        return found
    if "epochs" not in table.record:
        raise RunError(
            f"{table.path}: is a table of format 1, which holds no curves; go on with `nasframe tabulate`, "
            "and it becomes one of format 2"
        )
    table.recipe.check()
    if not other_versions:
        _check_versions(table)
    if not isinstance(architecture, Architecture):
        architecture = Architecture(table.space(), architecture)
    folder = given_cache(cache) or default_cache()
    trainings: list[tuple[Experiment, Prepared]] = []
    for training in table.trainings:
        experiment = table.recipe.experiment(training.point, training.seed)
        experiment = attrs.evolve(experiment, cache=folder, device=device or experiment.device)
        with table.recipe.reading():
            prepared = prepare(experiment, None, source, progress, cache=folder)
        check_data(table, training, prepared)
        trainings.append((experiment, prepared))
    results: list[dict[str, Any]] = []
    for experiment, prepared in progress.track(trainings, "on demand", len(trainings)):
        results.append(train_alone(architecture, "on demand", experiment, prepared, progress, curves=True))
    key = network_key(architecture)
    entry = entry_of_trainings(key, architecture.assignment, results, int(table.record["epochs"]))
    outside = architecture.space.origin != table.space().origin
    entry = attrs.evolve(
        entry,
        on_demand=True,
        architecture=_document(architecture) if outside else None,
        versions=_versions(),
    )
    add_entry(table, entry, folder)
    return table.added[key]


def _check_versions(table: TabularBenchmark) -> None:
    there = table.record.get("versions") or {}
    differ = [
        f"{name}: {there[name]} in the table, {now} here"
        for name, now in _versions().items()
        if name in there and _public(there[name]) != _public(now)
    ]
    if differ:
        title = f"table {table.title!r} was made with other versions, whose numbers may differ:"
        raise RunError(in_lines(title, *differ, "say --other-versions to train all the same"))


def _versions() -> dict[str, str]:
    return {"nasframe": __version__, "torch": str(torch.__version__)}


def _public(version: object) -> str:
    return str(version).partition("+")[0]


def _document(architecture: Architecture) -> dict[str, Any]:
    """Return the document of an architecture of another space; what there is where no factory made that."""
    if architecture.space.origin is not None:
        return architecture.to_dict()
    return {"space": {"name": architecture.space.name}, "assignment": dict(architecture.assignment)}
