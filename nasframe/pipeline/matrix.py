"""The matrix of trained runs and data sets: every run is tested on every set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.errors import ConfigurationError, DataError, RunError
from nasframe.pipeline.loading import load_experiment, load_run
from nasframe.pipeline.other_data import test_on
from nasframe.pipeline.preparation import is_own_data
from nasframe.pipeline.trained_network import load_network
from nasframe.report import write_matrix_page
from nasframe.runs import Run
from nasframe.runtime import SILENT, Progress, counted, progress_of, write_json

__all__ = ["MATRIX", "caveats_of_matrix", "evaluate_matrix"]

MATRIX = "matrix.json"
"""Name of the file with all numbers."""


def evaluate_matrix(
    runs: Sequence[Run | str | Path],
    on: Mapping[str, str | Path],
    *,
    out: str | Path | None = None,
    cache: str | Path | None = None,
    device: str | None = None,
    progress: Progress | bool | None = SILENT,
) -> dict[str, Any]:
    """Test each of several trained runs on each of several data sets; see `evaluate_on` for one of them.

    On a data set of which a run was made, all runs are tested on the test split of that run, so that the
    numbers of a column are comparable. Every result is kept in its run, so the same call goes on after an
    interruption.

    Args:
        runs: the runs or their folders.
        on: name → the folder of a data set.
        out: a folder for `matrix.json` and `report.html`; None writes nothing.
        cache, device, progress: see `nasframe.evaluate`.

    Returns:
        `objective`; `metrics`, the names of those that the short table shows; `runs`: name → `path`
        and `own`, the name of its own data set or None; `data`: name → path; `cells`, a list of
        `run`, `on` and what `evaluate_on` returns, `examples` as their number; `caveats`.

    Raises:
        ConfigurationError: no run or no data set, or one twice, or tasks that differ.
        RunError, DataError: see `evaluate_on`; they name the run and the data set.
    """
    progress = progress_of(progress)
    found = [load_run(run) for run in runs]
    places = {name: Path(path).resolve() for name, path in on.items()}
    _check(found, places)
    experiments = [load_experiment(run) for run in found]
    tasks = {experiment.names["task"] for experiment in experiments}
    if len(tasks) > 1:
        raise ConfigurationError("matrix", [f"the runs have several tasks: {', '.join(sorted(tasks))}"])
    names = _names(found)
    for run, experiment in zip(found, experiments, strict=True):
        load_network(run, experiment, "cpu")  # one that is not trained is told before any work
    own = {
        (name, column): is_own_data(experiment, run, place)
        for name, run, experiment in zip(names, found, experiments, strict=True)
        for column, place in places.items()
    }
    cells = {
        (name, column): cell
        for column, place in places.items()
        for name, cell in _column(
            dict(zip(names, found, strict=True)), column, place, own, cache, device, progress
        )
    }
    objective = experiments[0].task.objective
    record = {
        "objective": objective,
        "metrics": _shown(found[0], objective, cells[names[0], next(iter(places))]["metrics"]),
        "runs": {
            name: {
                "path": str(run.path.resolve()),
                "own": next((column for column in places if own[name, column]), None),
            }
            for name, run in zip(names, found, strict=True)
        },
        "data": {name: str(place) for name, place in places.items()},
        "cells": [
            {"run": name, "on": column, **_told(cells[name, column])} for name in names for column in places
        ],
        "caveats": [*caveats_of_matrix(names, places, cells)],
    }
    if out is not None:
        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / MATRIX, record)
        write_matrix_page(record, folder)
    return record


def _column(
    runs: Mapping[str, Run],
    column: str,
    place: Path,
    own: Mapping[tuple[str, str], bool],
    cache: str | Path | None,
    device: str | None,
    progress: Progress,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name of each run and its result on one data set: first those that were made of it."""
    examples: Sequence[str] | None = None
    for name in sorted(runs, key=lambda name: not own[name, column]):
        try:
            cell = test_on(runs[name], place, own[name, column], examples, cache, device, progress)
        except (DataError, RunError) as error:
            raise type(error)(f"{name} on {column}: {error}") from error
        if cell["own"] and examples is None:
            examples = cell["examples"]
        yield name, cell


def _check(runs: Sequence[Run], places: Mapping[str, Path]) -> None:
    problems = []
    if not runs:
        problems.append("no run; expected one or more")
    if not places:
        problems.append("no data set; expected one or more")
    paths = [run.path.resolve() for run in runs]
    problems += [
        f"the run {path} twice" for path in sorted({path for path in paths if paths.count(path) > 1})
    ]
    names_of: dict[Path, str] = {}
    for name, place in places.items():
        if not place.exists():
            problems.append(f"{name}: no such data {place}")
        if (other := names_of.setdefault(place, name)) != name:
            problems.append(f"{other} and {name} are the same data, {place}")
    if problems:
        raise ConfigurationError("matrix", problems)


def _names(runs: Sequence[Run]) -> list[str]:
    """Return the shortest ends of the paths that differ."""
    parts = [run.path.resolve().parts for run in runs]
    for count in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-count:]) for part in parts]
        if len({*names}) == len(names):
            return names
    return ["/".join(part) for part in parts]


def _shown(run: Run, objective: str, metrics: Mapping[str, Any]) -> list[str]:
    """Return the objective, and the next metric that the task measures after every epoch too."""
    known = run.history("train")[-1]["validation"] if run.history("train") else {}
    return [objective, *(name for name in metrics if name in known and name != objective)][:2]


def _told(cell: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in cell.items() if key != "key"}
    return {**found, "examples": len(cell["examples"])}


def caveats_of_matrix(
    names: Sequence[str], places: Mapping[str, Path], cells: Mapping[tuple[str, str], Mapping[str, Any]]
) -> Iterator[str]:
    """Yield sentences on what the numbers do not say."""
    for column in places:
        tested = {name: {*cells[name, column]["examples"]} for name in names}
        if len({frozenset(found) for found in tested.values()}) > 1:
            common = len(set.intersection(*tested.values()))
            sizes = ", ".join(f"{name} {len(found)}" for name, found in tested.items())
            yield (
                f"On {column} the runs were not tested on the same examples ({sizes}; {common} in common), "
                "so their numbers are not quite comparable."
            )
    told: dict[str, list[str]] = {}
    for (name, column), cell in cells.items():
        for reason, count in cell["left_out"].items():
            examples = counted(count, "test example")
            told.setdefault(f"{examples} left out: {reason}.", []).append(f"{name} on {column}")
        for sentence in (*cell["notes"], *cell["metrics"].get("caveats", ())):
            told.setdefault(sentence, []).append(f"{name} on {column}")
    for sentence, where in told.items():  # each once
        yield f"{'all' if len(where) == len(cells) > 1 else ', '.join(where)}: {sentence}"
