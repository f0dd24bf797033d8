"""Timing on shared machines: variants take turns, and only what was taken in one run is compared."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from attrs import define, frozen

__all__ = ["ForeignLoad", "Timing", "timed"]


@frozen
class Timing:
    """Medians over the turns of one variant, in seconds: of the clock, and of this process's threads."""

    wall: float
    processor: float


def timed(variants: Mapping[str, Callable[[], object]], rounds: int, *, warm: int = 2) -> dict[str, Timing]:
    """Return the timing of each variant; they take turns, in the other order every second time.

    Args:
        variants: name → what is timed.
        rounds: turns of each that are counted.
        warm: turns before them.
    """
    walls: dict[str, list[float]] = {name: [] for name in variants}
    processors: dict[str, list[float]] = {name: [] for name in variants}
    for turn in range(warm + rounds):
        for name in [*variants] if turn % 2 else [*variants][::-1]:
            wall, processor = time.perf_counter(), time.process_time()
            variants[name]()
            if turn >= warm:
                walls[name].append(time.perf_counter() - wall)
                processors[name].append(time.process_time() - processor)
    return {
        name: Timing(statistics.median(walls[name]), statistics.median(processors[name])) for name in variants
    }


@define
class ForeignLoad:
    """The processor time that others took while a block ran, as a share of all cores; Linux alone tells.

    Attributes:
        share: from 0 to 1; None where the system does not say.
    """

    share: float | None = None
    _before: tuple[float, float, float] | None = None

    def __enter__(self) -> Self:
        self._before = _busy()
        return self

    def __exit__(self, *_: object) -> None:
        before, after = self._before, _busy()
        if before is None or after is None or after[1] <= before[1]:
            return
        busy, total, own = (late - early for late, early in zip(after, before, strict=True))
        self.share = max(0.0, (busy - own) / total)


def _busy() -> tuple[float, float, float] | None:
    """Return the seconds in which cores were busy, all seconds of cores, and those of this process."""
    try:
        numbers = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except OSError:
        return None
    ticks = os.sysconf("SC_CLK_TCK")
    idle = numbers[3] + numbers[4]
    return (sum(numbers) - idle) / ticks, sum(numbers) / ticks, sum(os.times()[:4])
