"""Make the tables of the truth that nasframe_tabular ships, check them, and print the facts of one.

    python benchmarks/tables.py make av-digits-fusion [--workers 2] [--architectures 300] [--runs FOLDER]
    python benchmarks/tables.py check av-digits-fusion [--every 50]
    python benchmarks/tables.py facts av-digits-fusion

`make` trains all networks of the recipe in plugins/nasframe_tabular/tables (with --architectures, so many
that are drawn), goes on after an interruption, and writes the table beside the recipe. The standard error of
a test score is found by a bootstrap over what is independent in the test split, on the best network and on
the median one, which are trained again; the larger of both counts.

`check` trains one network in fifty again, with one of the table's seeds, and exits with 1 where a test score
is further from the table's than three standard deviations of the noise of a training.

`facts` prints the page of a table for docs/tables.md, and trains the baselines of its task for that. Networks
are trained on one thread each.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import torch
from attrs import frozen
from numpy.typing import NDArray

import nasframe_tabular
from nasframe import Architecture, Experiment, build
from nasframe.pipeline import Prepared, prepare, train_alone
from nasframe.runtime import Progress, make_progress, one_thread
from nasframe.studies import tabulate
from nasframe.tables import (
    TableEntry,
    TabularBenchmark,
    facts_of,
    load_table,
    random_search,
    save_table,
    standard_error,
)
from nasframe.training import Training, collect_outputs

HOME = Path(nasframe_tabular.__file__).parent / "tables"
SEEDS = 3
TIMES = 3.0  # deviations of the noise, within which a network that is trained again must be
TRIED = (1, 3, 10, 30, 100)

Units = Callable[[Sequence[str]], list[list[Hashable]]]


def by_pair(names: Sequence[str]) -> list[list[Hashable]]:
    """Image and utterance of each pair, such as `test 7: image 1203, utterance 88`."""
    pairs = [name.partition(": ")[2].split(", ") for name in names]
    return [[image for image, _ in pairs], [utterance for _, utterance in pairs]]


def by_example(names: Sequence[str]) -> list[list[Hashable]]:
    return [[*names]]


@frozen
class Design:
    """The making of a table, beside its experiment.

    Attributes:
        vary: options in which the trainings of a network differ.
        over: what is independent in the test split, in words.
        units: from the names of test examples to these, of one or two kinds.
    """

    vary: Sequence[str]
    over: str
    units: Units


DESIGNS: Mapping[str, Design] = {
    "av-digits-fusion": Design((), "images and utterances", by_pair),
    "av-digits-views": Design((), "images and utterances", by_pair),
    "htad-fusion": Design(("task.fold=0,1,2,3,4",), "windows", by_example),
    "mnist1d-cells": Design((), "examples", by_example),
}


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("make", "check", "facts"))
    parser.add_argument("name", choices=DESIGNS)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--architectures", type=int, help="draw so many networks, instead of all")
    parser.add_argument("--every", type=int, default=50)
    parser.add_argument("--runs", type=Path, default=Path("runs/tables"))
    given = parser.parse_args(words)
    progress = make_progress()
    if given.what == "make":
        make(given.name, given.runs, given.architectures, given.workers, progress)
        return 0
    table = load_table(HOME / f"{given.name}.json.xz")
    with one_thread():
        if given.what == "check":
            return check(table, given.every, progress)
        print(page(table, progress))
    return 0


# -- make ---------------------------------------------------------------------------------------------------


def make(name: str, runs: Path, architectures: int | None, workers: int, progress: Progress) -> None:
    """Make a table by its recipe, and write it beside that."""
    design = DESIGNS[name]
    table = tabulate(
        HOME / f"{name}.toml",
        runs / name,
        seeds=SEEDS,
        vary=design.vary,
        exhaustive=architectures is None,
        architectures=architectures or 1,
        yes=True,
        workers=workers,
        progress=progress,
    )
    with one_thread():
        errors, units = errors_of(table, design, progress)
    error = {"value": round(max(errors.values()), 5), "over": design.over, "units": units, "training": errors}
    file = HOME / f"{name}.json.xz"
    made = save_table(table, file, title=name, metrics=["accuracy"], standard_error=error)
    print(f"{len(made):,} networks in {file}, {file.stat().st_size / 1e6:.2f} MB")
    print(f"standard error {error['value']:.4f}; passes: {facts_of(made).passes}")


def errors_of(
    table: TabularBenchmark, design: Design, progress: Progress
) -> tuple[dict[str, float], dict[str, int]]:
    """The standard error of the test score of two networks, trained with the first seed at every point; and
    the number of units of each kind."""
    first = table.trainings[0].seed
    points = [item.point for item in table.trainings if item.seed == first]
    ready = [table.recipe.experiment(point, first) for point in points]
    both = [(experiment, prepare(experiment, None, None, progress)) for experiment in ready]
    order = sorted(table.listed, key=lambda entry: table.score(entry, "test") or 0.0)
    chosen = {"best": order[-1], "median": order[len(order) // 2]}
    errors, counts = {}, dict[str, int]()
    for name, entry in chosen.items():
        hits: list[float] = []
        units: list[list[Hashable]] = []
        for experiment, prepared in both:
            found, names = hits_of(architecture_of(table, entry), experiment, prepared)
            hits += found.tolist()
            for place, kind in enumerate(design.units(names)):
                if place == len(units):
                    units.append([])
                units[place] += kind
        errors[name] = round(standard_error(hits, *units), 5)
        kinds = design.over.split(" and ")
        counts = {kind: len(set(of)) for kind, of in zip(kinds, units, strict=True)}
    return errors, counts


def hits_of(
    architecture: Architecture, experiment: Experiment, prepared: Prepared
) -> tuple[NDArray[np.float64], Sequence[str]]:
    """Return True for each test example that the trained network has right, and the names of the examples."""
    network, device = build(architecture, seed=experiment.seed), experiment.torch_device()
    Training(network, experiment.task, prepared.data, experiment.train, experiment.seed, device).fit()
    test = prepared.data.splits.test()
    outputs, targets = collect_outputs(network, network, test, experiment.train.batch_size, device)
    return (outputs.argmax(-1) == targets).double().numpy(), test.identifiers


def architecture_of(table: TabularBenchmark, entry: TableEntry) -> Architecture:
    return Architecture(table.space(), entry.assignment)


# -- check --------------------------------------------------------------------------------------------------


def check(table: TabularBenchmark, every: int, progress: Progress) -> int:
    """Train one network in so many again, and compare; return the exit status."""
    noise = facts_of(table).noise
    if noise is None:
        print("the table has one seed, so its noise is not known")
        return 1
    ready = dict(experiments(table, progress))
    places = range(0, len(table), every)
    wrong = 0
    differences = []
    for count, place in enumerate(progress.track(places, "networks", len(places))):
        entry, number = table.listed[place], count % len(table.trainings)
        if number in entry.missing:
            continue
        experiment, prepared = ready[number]
        found = train_alone(architecture_of(table, entry), "again", experiment, prepared, progress)
        there, here = table.score(entry, "test", number), found["test"][table.objective]
        differences.append(abs(here - (there or math.nan)))
        if not differences[-1] <= TIMES * noise:
            wrong += 1
            print(f"entry {place}, training {number}: {there:.4f} in the table, {here:.4f} now")
    limit = f"{TIMES:g} deviations of the noise, {TIMES * noise:.4f}"
    print(f"{len(differences)} networks trained again, {wrong} further off than {limit}; ", end="")
    print(f"largest difference {max(differences):.4f}" if differences else "all of them are missing")
    return int(wrong > 0 or not differences)


def experiments(
    table: TabularBenchmark, progress: Progress
) -> Iterator[tuple[int, tuple[Experiment, Prepared]]]:
    """The experiment and the data of each training, by its number."""
    for number, item in enumerate(table.trainings):
        experiment = table.recipe.experiment(item.point, item.seed)
        prepared = prepare(experiment, None, None, progress)
        if item.data not in ("", str(prepared.record["fingerprint"])):
            raise SystemExit(f"training {number}: the data is not that of the table")
        yield number, (experiment, prepared)


# -- facts --------------------------------------------------------------------------------------------------


def page(table: TabularBenchmark, progress: Progress) -> str:
    """The facts of a table as markdown."""
    facts = facts_of(table, TRIED)
    seconds = np.concatenate([entry.seconds for entry in table.listed])
    units = ", ".join(
        f"{count:,} {kind}"
        for kind, count in (table.record.get("standard_error") or {}).get("units", {}).items()
    )
    rows = [
        ("architectures", f"{table.record['space_size']:,}"),
        ("networks", f"{facts.networks:,}"),
        ("trainings of each", str(facts.trainings)),
        ("best", number(facts.best)),
        ("median", number(facts.median)),
        ("worst", number(facts.worst)),
        ("spread", number(facts.spread)),
        ("noise of a training", number(facts.noise, 4)),
        (f"standard error ({units})" if units else "standard error", number(facts.standard_error, 4)),
        ("cannot be told from the best", "" if facts.indistinct is None else f"{facts.indistinct:.1%}"),
        ("Spearman, validation and test", number(facts.spearman)),
        ("seconds a training", f"{np.nanmean(seconds):.1f}"),
        ("passes", {True: "yes", False: "no", None: "not known"}[facts.passes]),
    ]
    lines = [f"### {table.title}", "", "| fact | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in rows]
    lines += ["", "| random search of | test score | finds the top 1 % |", "|---|---|---|"]
    for tried in (count for count in TRIED if count <= facts.networks):
        found = random_search(table, tried)
        lines.append(f"| {tried} | {found.test:.3f} | {found.finds_top:.0%} |")
    lines += ["", "| baseline | test score | sd |", "|---|---|---|"]
    for name, scores in baselines(table, progress).items():
        lines.append(f"| {name} | {fmean(scores):.3f} | {stdev(scores) if len(scores) > 1 else 0:.3f} |")
    return "\n".join(lines)


def baselines(table: TabularBenchmark, progress: Progress) -> dict[str, list[float]]:
    """The test scores of the networks that the task brings, each trained as the table's networks are."""
    found: dict[str, list[float]] = {}
    for _, (experiment, prepared) in experiments(table, progress):
        for name, baseline in experiment.task.baselines(prepared.data).items():
            make = getattr(baseline, "make", baseline)
            result: dict[str, Any] = train_alone(make, name, experiment, prepared, progress)
            found.setdefault(name, []).append(result["test"][table.objective])
    return found


def number(value: float | None, digits: int = 3) -> str:
    return "not known" if value is None else f"{value:.{digits}f}"


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
