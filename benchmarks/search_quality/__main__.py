"""Judge search strategies on known tasks, at equal cost, and write the tables of docs/search-quality.md.

    python benchmarks/search_quality cost OUT            the cost of a supernet's epoch, of a score
    python benchmarks/search_quality tune OUT            the claimed strategy and its rivals on tuning seeds
    python benchmarks/search_quality confirm OUT         the same on fresh seeds, with the tests
    python benchmarks/search_quality beside OUT          all other strategies on fresh seeds, without tests

Each trial is kept in OUT and made once, so a command that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))  # for `embedded`

from cost import CostOfSearch, measured_costs
from embedded import corpus
from one_trial import do_work
from results import beside_table, claims, comparisons, figure
from strategies import BESIDE, CLAIMED, FIXED
from tasks import TASKS
from trial import Trial, do_trial

from nasframe.runtime import write_json

TUNING = range(1000, 1006)
"""Seeds on which settings are chosen."""

FRESH = range(2000, 2020)
"""Seeds on which the chosen strategy is confirmed, of each task; draws of the data take turns."""


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("cost", "tune", "confirm", "beside"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--tasks", nargs="+", choices=tuple(TASKS), default=list(TASKS))
    parser.add_argument("--seeds", type=positive, default=len(FRESH), help="the first so many, for `beside`")
    parser.add_argument("--workers", type=positive, default=1)
    given = parser.parse_args(words)
    out = given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    costs = {name: measured_costs(name, out, source(name, out)) for name in given.tasks}
    if given.command == "cost":
        for name, cost in costs.items():
            print(f"{name}: {cost.in_words()}")
        return 0
    seeds = TUNING if given.command == "tune" else FRESH
    trials = [trial for name in given.tasks for trial in claimed(name, seeds)]
    if given.command == "beside":
        names = [CLAIMED, *BESIDE, FIXED]
        more = [
            Trial(name, draw(name, seed), seed, strategy)
            for name in given.tasks
            for strategy in names
            for seed in seeds[: given.seeds]
        ]
        do(more, out, given.workers)
        print("\n".join(beside_table(out, name, more) for name in given.tasks))
        return 0
    do(trials, out, given.workers)
    rivals = [rival for trial in trials for rival in rivals_of(trial, out, costs[trial.task])]
    do(rivals, out, given.workers)
    found = comparisons(out, trials, rivals, costs)
    write_json(out / f"{given.command}.json", found)
    (out / f"{given.command}.svg").write_text(figure(found).to_svg(), "utf-8")
    print(claims(found))
    return 0


def positive(word: str) -> int:
    """Return a number of the command line, at least 1."""
    number = int(word)
    if number < 1:
        raise ValueError(word)
    return number


def source(name: str, out: Path) -> Path | None:
    """Return the data of a task; None where the task makes or fetches its own."""
    return corpus(out / "clips") if name in ("pairings", "plain") else None


def draw(name: str, seed: int) -> int:
    """Return the draw of the data on which a seed searches."""
    return seed % len(TASKS[name].draws)


def claimed(name: str, seeds: Iterable[int]) -> list[Trial]:
    """Return the trials of the claimed strategy on a task."""
    return [Trial(name, draw(name, seed), seed, CLAIMED) for seed in seeds]


def rivals_of(trial: Trial, out: Path, cost: CostOfSearch) -> list[Trial]:
    """Return random search and successive halving of at least the cost of a trial, rounded up."""
    full = cost.trainings(do_trial(trial, out, None))
    return [
        Trial(trial.task, trial.draw, trial.seed, f"random best of {math.ceil(full)}"),
        Trial(trial.task, trial.draw, trial.seed, f"halving {cost.halving(full)}"),
    ]


def do(trials: Sequence[Trial], out: Path, workers: int) -> None:
    """Do the trials that have no result yet."""
    left = [trial for trial in dict.fromkeys(trials) if not trial.file(out).exists()]
    print(f"{len(left)} of {len(trials)} trials to do", flush=True)
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        work = [(trial, out, source(trial.task, out)) for trial in left]
        for number, (trial, result) in enumerate(pool.imap_unordered(do_work, work), start=1):
            shown = f": {result['test']:.4f}" if "test" in result else ""
            print(f"{number}/{len(left)} {trial.task} {trial.seed} {trial.strategy}{shown}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
