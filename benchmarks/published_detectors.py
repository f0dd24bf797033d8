"""Train the published detectors on the embedded set, and print the table of docs/published-detectors.md.

Three seeds, each with all categories of fakes and with pairings alone, beside the searched network and the
fixed ones. The runs are those of `acceptance.py`, in the same folder: what is done is not done again.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from acceptance import PAIRINGS
from embedded import SEEDS, corpus, run

REGISTERED = ('baselines.registered=["published_detectors"]',)

CATEGORIES = ("FV-RA", "RV-FA", "FV-FA", "pairing")


def main(out: str = "runs/acceptance") -> int:
    base = Path(out)
    source = corpus(base / "clips")
    mixed = [run(base / f"mixed-{seed}", source, seed, REGISTERED) for seed in SEEDS]
    alone = [run(base / f"pairings-{seed}", source, seed, (*PAIRINGS, *REGISTERED))[1] for seed in SEEDS]
    tests = [test for _, test in mixed]
    names = [name for name in tests[0]["baselines"] if not name.startswith("random ")]
    print(f"| network | parameters | all | {' | '.join(CATEGORIES)} | pairings alone |")
    print("|---" * (4 + len(CATEGORIES)) + "|")
    print(row("**searched**", tests, alone))
    for name in names:
        print(
            row(
                name, [test["baselines"][name] for test in tests], [test["baselines"][name] for test in alone]
            )
        )
    return 0


def row(name: str, mixed: Sequence[dict[str, Any]], alone: Sequence[dict[str, Any]]) -> str:
    """Return the line of a network: mean AUC over the seeds, with the least and the greatest."""
    cells = [shown([test["auc"] for test in mixed])]
    cells += [shown([test["per_category"][category]["auc"] for test in mixed]) for category in CATEGORIES]
    cells += [shown([test["auc"] for test in alone])]
    return f"| {name} | {fmean(test['parameters'] for test in mixed):,.0f} | {' | '.join(cells)} |"


def shown(values: Sequence[float]) -> str:
    return f"{fmean(values):.3f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
