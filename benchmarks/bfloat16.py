"""The networks that searches find with products in float32 and in bfloat16, by tables of the truth.

    python benchmarks/bfloat16.py [SEEDS]

The tasks of two tables are searched from SEEDS seeds with each value of `search.bfloat16`, by bilevel
with grmc and by softmax. A network's score is its mean test score in the table. Differences to float32 are of
pairs of the same seed, with a 95 % interval by Student's t.
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from statistics import fmean

from scipy import stats

import nasframe
import nasframe_tabular

SEED = 3000
"""The first seed; no setting was chosen on these."""

TABLES = ("av-digits-fusion", "htad-fusion")
VALUES = ("none", "projections", "all")


def main(seeds: int = 20) -> None:
    for name, relaxation in product(TABLES, ("grmc", "softmax")):
        table = nasframe.load_table(name)
        file = Path(nasframe_tabular.__file__).parent / "tables" / f"{name}.toml"
        scores: dict[str, list[float]] = {value: [] for value in VALUES}
        found: dict[str, list[str]] = {value: [] for value in VALUES}
        for seed, value in product(range(SEED, SEED + seeds), VALUES):
            words = ["space.ports=distinct", f"search.bfloat16={value}", f"seed={seed}", "data_seed=0"]
            experiment = nasframe.Experiment.load(file, words, relaxation=relaxation)
            architecture = nasframe.search(experiment).architecture
            score = table.score(table.look_up(architecture), "test")
            if score is None:
                sys.exit(f"{name}: no score of {architecture.fingerprint}")
            scores[value].append(score)
            found[value].append(architecture.fingerprint)
        print(f"{name}, {relaxation}, {seeds} seeds", flush=True)
        for value in VALUES:
            same = sum(one == other for one, other in zip(found[value], found["none"], strict=True))
            gaps = [one - other for one, other in zip(scores[value], scores["none"], strict=True)]
            print(f"  {value:<12} {fmean(scores[value]):.4f}  {difference(gaps)}  same architecture {same}")


def difference(gaps: list[float]) -> str:
    """Return the mean of differences with its interval."""
    if len(gaps) < 2 or len({*gaps}) == 1:
        return f"{fmean(gaps):+.4f}"
    low, high = stats.t.interval(0.95, len(gaps) - 1, fmean(gaps), stats.sem(gaps))
    return f"{fmean(gaps):+.4f} [{low:+.4f}, {high:+.4f}]"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
