"""The course of long work: its steps, the numbers that it reported, its pace, and the time that is left."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from attrs import define, field

from nasframe.runtime.visible import visible

__all__ = ["Course", "duration"]

_AT_ONCE = 0.1
"""Steps that are reported within so many seconds were done before: a search goes on at its last epoch."""


_SMALLEST, _LARGEST = 1e-3, 1e5
"""Numbers between them have four digits behind the point, others three and an exponent."""


_GAP, _WITH_FIRST = 0.05, 0.25
"""Of the time of the first step: those that follow with so small gaps, and so soon, were done beside it."""


@define(eq=False)
class Course:
    """Work that is under way.

    Attributes:
        description: of the work, visible.
        total: its steps; None where nobody knows.
        clock: seconds, from any beginning.
        warms_up: True where the first step is slower than the others, as an epoch is that loads its data and
            its kernels: the pace is that of the later ones. False where steps are done side by side, so that
            several end at once.
        done: steps that are done.
        numbers: name → number, the last that were reported.
    """

    description: str = field(converter=visible)
    total: int | None
    clock: Callable[[], float] = time.monotonic
    warms_up: bool = True

    done: int = field(init=False, default=0)
    numbers: dict[str, float | None] = field(init=False, factory=dict)
    _begun: float = field(init=False)
    _from: tuple[int, float] = field(init=False)
    _is_warm: bool = field(init=False)
    _first: float = field(init=False, default=0.0)
    _last: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._begun = self._last = self.clock()
        self._from, self._is_warm = (0, self._begun), not self.warms_up

    def advance(self, steps: int) -> float:
        """Count the steps that were just done; return the seconds since those before."""
        now = self.clock()
        self.done += steps
        if now - self._begun <= _AT_ONCE:
            self._from = self.done, self._begun
        elif steps and not self._is_warm:
            self._from, self._is_warm = (self.done, now), True
            self._first = now - self._begun
        elif steps and self._is_with_first(now):  # other workers began it: no pace of one after another
            self._from = self.done, now
        seconds = now - self._last
        if steps:
            self._last = now
        return seconds

    def _is_with_first(self, now: float) -> bool:
        """Return True where the step that ends now was done beside the first one, as were all before it."""
        follows = self._last == self._from[1] and now - self._last <= _GAP * self._first
        return follows and now - self._begun <= (1 + _WITH_FIRST) * self._first

    @property
    def seconds(self) -> float:
        """Seconds since the work began."""
        return self.clock() - self._begun

    @property
    def rate(self) -> float | None:
        """Steps a second, of those that were not done before; None where nobody knows yet."""
        before, since = self._from
        return None if self.done == before else (self.done - before) / max(self._last - since, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """Seconds until all steps are done at this pace; None where nobody knows."""
        rate = self.rate
        if self.total is None or rate is None:
            return None
        return max(0.0, (self.total - self.done) / rate - (self.clock() - self._last))

    def left_in_words(self) -> str:
        """Return the time that is left, `…` where it is not known yet; empty where the end is unknown."""
        if self.total is None:
            return ""
        left = self.seconds_left
        return "…" if left is None else duration(left)

    def rate_in_words(self) -> str:
        """Return the steps by the second, the minute or the hour, so that the number is readable.

        It is empty where the pace is not known yet.
        """
        rate = self.rate
        if rate is None:
            return ""
        if rate >= 0.1:
            return f"{rate:.1f}/s"
        return f"{rate * 60:.1f}/min" if rate * 60 >= 0.1 else f"{rate * 3600:.1f}/h"

    def numbers_in_words(self) -> str:
        """Return the numbers with their names: `loss 0.3127, running 2`."""
        return ", ".join(f"{visible(name)} {_number(value)}" for name, value in self.numbers.items())

    def in_words(self) -> str:
        """Return the work as a line: `search: 3 of 30, loss 0.3127; 0:04:30 left`."""
        of = "" if self.total is None else f" of {self.total:,}"
        facts = [f"{self.done:,}{of}", *filter(None, [self.numbers_in_words()])]
        left = self.seconds_left
        ending = "" if left is None or self.done == self.total else f"; {duration(left)} left"
        return f"{self.description}: {', '.join(facts)}{ending}"

    def report(self, numbers: Mapping[str, float | None]) -> None:
        """Take the numbers in place of those before."""
        self.numbers = dict(numbers)


def duration(seconds: float) -> str:
    """Return seconds as hours, minutes and seconds.

    Example:
        >>> duration(5025)
        '1:23:45'
    """
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _number(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "undefined"
    if isinstance(value, int):
        return f"{value:,}"
    # as many digits in every step, so that the numbers stand still
    return f"{value:.4f}" if value == 0 or _SMALLEST <= abs(value) < _LARGEST else f"{value:.3e}"
