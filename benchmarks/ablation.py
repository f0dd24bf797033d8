"""Settings that were tried for one search that recognises altered pictures and false pairings alike.

Every row changes one setting of the demo with the paper's method (`--preset paper`). Prints a Markdown table:
the AUC on the test clips of each of three seeds, overall, on the pairings, on altered pictures, and the mean
over seeds of the worst category.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from statistics import fmean

from embedded import SEEDS, corpus, run

ONE = ("task.heads=single",)
SETTINGS: dict[str, tuple[str, ...]] = {
    "the paper's method: separate heads, half of the fakes are pairings, redrawn": (),
    "one head, every category alike, not redrawn": (*ONE, "task.pairing_share=0.25", "task.redraw=false"),
    "one head, every category alike": (*ONE, "task.pairing_share=0.25"),
    "one head, half of the fakes are pairings": ONE,
    "separate heads, every category alike": ("task.pairing_share=0.25",),
    "separate heads, not redrawn": ("task.redraw=false",),
    "ports: choose": ("space.ports=choose",),
    "ports: paired": ("space.ports=paired",),
    "derivation: sum": ("space.derive=sum",),
    "three cells": ("space.cells=3",),
    "softmax": ("relaxation.name=softmax",),
    "straight-through Gumbel-softmax": ("relaxation.name=stgs",),
    "GRMC, K = 10": ("relaxation.samples=10",),
    "GRMC, K = 1000": ("relaxation.samples=1000",),
    "GRMC, temperature from 1.0 to 0.1": (
        "relaxation.temperature=1.0",
        "relaxation.temperature_end=0.1",
        "relaxation.schedule=exponential",
    ),
    "GRMC, temperature 0.5": ("relaxation.temperature=0.5",),
    "no warm-up": ("search.warmup_epochs=0",),
    "25 epochs, 4 of them warm-up": ("search.epochs=25", "search.warmup_epochs=4"),
    "weight rate 3e-3": ("loop.weight_rate=3e-3",),
    "architecture rate 0.03": ("loop.architecture_rate=0.03",),
    "joint instead of bilevel": ("loop.name=joint", "loop.architecture_rate=0.1"),
}


def main(out: str = "runs/acceptance", first: str = "0", step: str = "1") -> None:
    """Make rows `first`, `first` + `step`, …: a search uses one core, so two processes can share the work."""
    base = Path(out)
    source = corpus(base / "clips")
    print("| setting | overall | pairing | FV-RA | worst category |\n|---|---|---|---|---|", flush=True)
    for number, (name, overrides) in enumerate(SETTINGS.items()):
        if number % int(step) != int(first):
            continue
        found = [
            run(base / "tried" / f"{slug(name)}-{seed}", source, seed, (*overrides, *QUIET), "paper")[1]
            for seed in SEEDS
        ]
        parts = [{key: part["auc"] for key, part in values["per_category"].items()} for values in found]
        entries = [[values["auc"] for values in found]]
        entries += [[part[category] for part in parts] for category in ("pairing", "FV-RA")]
        shown = " | ".join(" ".join(f"{value:.2f}" for value in entry) for entry in entries)
        print(f"| {name} | {shown} | {fmean(min(part.values()) for part in parts):.3f} |", flush=True)


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")


QUIET = ("baselines.random=0", "baselines.task=false")

if __name__ == "__main__":
    main(*sys.argv[1:])
