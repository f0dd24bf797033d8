"""Judge search strategies on known tasks, at equal cost, and write the tables of docs/search-quality.md.

    python benchmarks/search_quality cost OUT            the cost of a supernet's epoch, of a score
    python benchmarks/search_quality settings OUT        settings of one_shot that were tried, on tuning seeds
    python benchmarks/search_quality tune OUT            the claimed strategy and its rivals on the same seeds
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
from results import beside_table, claims, comparisons, figure, settings_table
from strategies import BESIDE, CLAIMED, FIXED, SETTINGS
from tasks import TASKS
from trial import Trial, do_trial

from nasframe.runtime import write_json

TUNING = range(1000, 1006)
"""Seeds on which settings are chosen."""

FRESH = range(2000, 2020)
"""Seeds on which the chosen strategy is confirmed, of each task; draws of the data take turns."""


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("cost", "settings", "tune", "confirm", "beside"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--tasks", nargs="+", choices=tuple(TASKS), default=list(TASKS))
    parser.add_argument("--seeds", type=positive, default=len(FRESH), help="the first so many, for `beside`")
    parser.add_argument("--workers", type=positive, default=1)
    given = parser.parse_args(words)
    out = given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    if given.command == "cost":
        print("\n".join(f"{name}: {cost.in_words()}" for name, cost in costs_of(given.tasks, out).items()))
    elif given.command == "settings":
        trials = trials_of(given.tasks, SETTINGS, TUNING)
        do(trials, out, given.workers)
        print(settings_table(out, given.tasks, trials))
    elif given.command == "beside":
        trials = trials_of(given.tasks, [CLAIMED, *BESIDE, FIXED], FRESH[: given.seeds])
        do(trials, out, given.workers)
        print("\n".join(beside_table(out, name, trials) for name in given.tasks))
    else:
        compare(given.command, given.tasks, out, given.workers)
    return 0


def compare(command: str, tasks: Sequence[str], out: Path, workers: int) -> None:
    """Compare the claimed strategy with its rivals of the same cost; print the tables and draw the figure."""
    costs = costs_of(tasks, out)
    trials = trials_of(tasks, [CLAIMED], TUNING if command == "tune" else FRESH)
    do(trials, out, workers)
    rivals = [rival for trial in trials for rival in rivals_of(trial, out, costs[trial.task])]
    do(rivals, out, workers)
    found = comparisons(out, trials, rivals, costs)
    write_json(out / f"{command}.json", found)
    (out / f"{command}.svg").write_text(figure(found).to_svg(), "utf-8")
    print(claims(found))


def costs_of(tasks: Iterable[str], out: Path) -> dict[str, CostOfSearch]:
    """Return the costs of searches of each task."""
    return {name: measured_costs(name, out, source(name, out)) for name in tasks}


def positive(word: str) -> int:
    """Return a number of the command line, at least 1."""
    number = int(word)
    if number < 1:
        raise ValueError(word)
    return number


def source(name: str, out: Path) -> Path | None:
    """Return the data of a task; None where the task makes or fetches its own."""
    return corpus(out / "clips") if name in ("pairings", "plain") else None


def trials_of(tasks: Iterable[str], strategies: Iterable[str], seeds: Sequence[int]) -> list[Trial]:
    """Return a trial for each task, strategy and seed; the draws of a task's data take turns."""
    return [
        Trial(name, seed % len(TASKS[name].draws), seed, strategy)
        for name in tasks
        for strategy in strategies
        for seed in seeds
    ]


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
