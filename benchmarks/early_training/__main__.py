"""Try early training against lock-in on tables of the truth, and print the table of docs/search-quality.md.

    python benchmarks/early_training OUT

Searches are `bilevel` with `grmc` and the options of the table's recipe, on the tuning seeds. The score is
the mean test score of the derived network in the table; a network that it does not hold is trained first.
Each result is kept in OUT and made once, so a command that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
from early import SETTINGS, base_of
from one_search import TABLES, tried
from scipy import stats

FIRST = 1000
"""The first of the tuning seeds."""

MORE = ("distinct ports", "warm-up", "bonus 1", "dropout 0.5", "mixed paths 1")
"""Settings that get four times as many seeds."""

_RESAMPLES = 200_000  # all sign flips of 17 pairs or fewer


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--tasks", nargs="+", choices=tuple(TABLES), default=list(TABLES))
    parser.add_argument("--settings", nargs="+", choices=tuple(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--seeds", type=int, default=8, help="of a setting; some get four times as many")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args(words)
    out = given.out.resolve()
    settings = [*dict.fromkeys([*map(base_of, given.settings), *given.settings])]
    work = [
        (task, setting, seed, out)
        for task in given.tasks
        for setting in settings
        for seed in range(FIRST, FIRST + given.seeds * (4 if setting in MORE else 1))
    ]
    with multiprocessing.get_context("spawn").Pool(given.workers) as pool:
        scores: dict[tuple[str, str], dict[int, float]] = {}
        for (task, setting, seed, _), score in zip(work, pool.imap(tried, work), strict=True):
            scores.setdefault((task, setting), {})[seed] = score
    print("\n".join(rows(scores, given.tasks, settings)))
    return 0


def rows(
    scores: dict[tuple[str, str], dict[int, float]], tasks: Sequence[str], settings: Sequence[str]
) -> list[str]:
    """Return the table: means of the settings with nothing early, of all others the paired differences."""
    lines = [f"| | seeds | {' | '.join(f'`{task}`' for task in tasks)} |", "|---" * (2 + len(tasks)) + "|"]
    for setting in settings:
        cells = [str(len(scores[tasks[0], setting]))]
        for task in tasks:
            own, base = scores[task, setting], scores[task, base_of(setting)]
            if setting == base_of(setting):
                cells.append(f"{fmean(own.values()):.3f}")
                continue
            differences = [value - base[seed] for seed, value in own.items()]
            error = stdev(differences) / len(differences) ** 0.5
            cells.append(f"{fmean(differences):+.3f} ({error:.3f}), p {sign_flip(differences):.3f}")
        lines.append(f"| {' | '.join([setting, *cells])} |")
    return lines


def sign_flip(differences: Sequence[float]) -> float:
    """Return the two-sided p-value of "the mean is zero": exact for 17 pairs or fewer."""
    test = stats.permutation_test(
        (np.array(differences),),
        lambda sample, axis=-1: sample.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=_RESAMPLES,
        rng=np.random.default_rng(0),
    )
    return float(test.pvalue)


if __name__ == "__main__":
    sys.exit(main())
