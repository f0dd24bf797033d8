"""Timing on shared machines: variants take turns, and only their ratio within one run counts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

__all__ = ["report"]


def report(title: str, variants: Mapping[str, Callable[[], object]], *, rounds: int = 30) -> None:
    """Print the median time of each variant and its ratio to the first one.

    Args:
        title: the line above the times.
        variants: name → the function to time; the first is the reference.
        rounds: turns of each variant, after two that are not counted.
    """
    times: dict[str, list[float]] = {name: [] for name in variants}
    for turn in range(rounds + 2):
        for name, run in variants.items():
            started = time.perf_counter()
            run()
            if turn >= 2:
                times[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(values) for name, values in times.items()}
    first = next(iter(medians.values()))
    print(title)
    for name, median in medians.items():
        print(f"  {name:32} {1e3 * median:9.3f} ms   {median / first:7.3f}")
