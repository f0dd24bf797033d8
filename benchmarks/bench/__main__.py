"""Measure the speed of nasframe: named figures, each made in one run, most of them ratios.

    python benchmarks/bench [NAME ...]      groups: steps, cores, estimators, epochs, extraction, device

What is compared takes turns in one process, on one thread, and processor time counts; in `cores` it has two
threads, and the clock counts. A table is printed, and everything behind it goes to
benchmarks/results/latest.json. docs/performance.md says what the figures mean.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import torch
from device_steps import device_figures
from epochs import epoch_figures
from estimators import estimator_figures
from extraction import extraction_figures
from figure import Figure, table
from steps import step_figures, two_core_figures
from turns import ForeignLoad

import nasframe

RESULTS = Path(__file__).parents[1] / "results/latest.json"

GROUPS: Mapping[str, Callable[[], list[Figure]]] = {
    "steps": step_figures,
    "cores": two_core_figures,
    "estimators": estimator_figures,
    "epochs": epoch_figures,
    "extraction": extraction_figures,
    "device": device_figures,
}


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="*", metavar="NAME", help=f"of {', '.join(GROUPS)}; all by default")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the file of the results")
    given = parser.parse_args(words)
    if unknown := [name for name in given.groups if name not in GROUPS]:
        parser.error(f"no group {unknown[0]!r}; the groups are {', '.join(GROUPS)}")
    torch.manual_seed(0)
    figures, loads, started = [], {}, time.monotonic()
    for name in given.groups or GROUPS:
        print(f"measuring {name}", file=sys.stderr, flush=True)
        with ForeignLoad() as load:
            figures += GROUPS[name]()
        loads[name] = load.share
    print(table(figures))
    told = [f"{name} {share:.0%}" for name, share in loads.items() if share is not None]
    print(f"work of others on the machine, of all its cores: {', '.join(told) or 'not known here'}")
    print(f"{time.monotonic() - started:.0f} s, torch {torch.__version__}, {platform.machine()}")
    write(given.out, figures, loads)
    return 0


def write(path: Path, figures: Sequence[Figure], loads: Mapping[str, float | None]) -> None:
    """Write all figures, with what they were made from and on which machine."""
    found: dict[str, Any] = {
        "figures": {one.name: {**attrs.asdict(one), "reached": one.holds} for one in figures},
        "foreign_load": dict(loads),
        "versions": {
            "nasframe": nasframe.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "machine": {"processor": platform.machine(), "cores": torch.get_num_threads()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
