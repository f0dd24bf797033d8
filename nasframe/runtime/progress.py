"""Progress of long work: description, rate and remaining time on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from attrs import define

from nasframe.runtime.console import print_message
from nasframe.runtime.visible import visible

__all__ = ["SILENT", "Progress", "TerminalProgress", "make_progress"]

T = TypeVar("T")


class Progress:
    """Takes the reports of long work. This base class is silent; the Python API uses it."""

    def say(self, message: str) -> None:
        """Show a line that stays: a stage began, was skipped, or ended."""

    @contextmanager
    def task(self, description: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """Show work of `total` steps (None: unknown); call the yielded function with the steps just done."""
        yield lambda steps: None

    def track(self, items: Iterable[T], description: str, total: int | None = None) -> Iterator[T]:
        """Iterate and report one step an item."""
        size = total if total is not None else getattr(items, "__len__", lambda: None)()
        with self.task(description, size) as advance:
            for item in items:
                yield item
                advance(1)


SILENT = Progress()
"""Reports nothing."""


@define
class TerminalProgress(Progress):
    """Lines on standard error; a bar with rate and remaining time for work beyond `patience` seconds."""

    patience: float = 2.0

    def say(self, message: str) -> None:
        print_message(message)

    @contextmanager
    def task(self, description: str, total: int | None) -> Iterator[Callable[[int], None]]:
        if sys.stderr is None or not sys.stderr.isatty():
            yield lambda steps: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        bars = Bars(
            TextColumn("{task.description}", markup=False),  # a name in brackets is a name
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        bar = bars.add_task(visible(description), total=total, rate="")
        start, done = time.monotonic(), 0

        def advance(steps: int) -> None:
            nonlocal done
            done += steps
            elapsed = time.monotonic() - start
            if elapsed > self.patience and not bars.live.is_started:
                bars.start()
            bars.update(bar, completed=done, rate=_rate(done / max(elapsed, 1e-9)))

        try:
            yield advance
        finally:
            bars.stop()


def _rate(each_second: float) -> str:
    """Return a rate by the second, the minute or the hour, so that the number is readable."""
    if each_second >= 0.1 or not each_second:
        return f"{each_second:.1f}/s"
    return f"{each_second * 60:.1f}/min" if each_second * 60 >= 0.1 else f"{each_second * 3600:.1f}/h"


def make_progress() -> Progress:
    """Return the progress that the command line shows."""
    return TerminalProgress()
