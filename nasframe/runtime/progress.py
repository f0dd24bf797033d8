"""Progress of long work: bars on a terminal, and elsewhere a line now and then."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from attrs import define, field

from nasframe.errors import ConfigurationError
from nasframe.runtime.bars import Bars
from nasframe.runtime.console import log_message, print_message
from nasframe.runtime.course import Course
from nasframe.runtime.verbosity import Verbosity, current_verbosity

__all__ = ["SILENT", "Progress", "TerminalProgress", "make_progress", "progress_of"]

T = TypeVar("T")

_LOOK = 0.5
"""Seconds between two looks at work that says nothing."""


class Progress:
    """Takes the reports of long work. This base class is silent; the Python API uses it.

    A subclass may leave out any of the methods: `task` alone is enough for the steps.
    """

    def say(self, message: str) -> None:
        """Show a line that stays: a stage began, was skipped, or ended."""

    def warn(self, message: str) -> None:
        """Show a line that stays, also to those who want no others: something is not as it should be.

        Unless a subclass has its own, it is said as any other.
        """
        self.say(message)

    def detail(self, message: str) -> None:
        """Show a line to those alone who want all of them: the time of a step."""

    @contextmanager
    def task(self, description: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """Show work of `total` steps (None: unknown); call the yielded function with the steps just done."""
        yield lambda steps: None

    def side_by_side(
        self, description: str, total: int | None
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Show a task whose steps are done side by side, so that the time of the first says much.

        Of any other task the first step is left out of the pace. A subclass need not have its own.
        """
        return self.task(description, total)

    def report(self, numbers: Mapping[str, float | None]) -> None:
        """Show numbers by their names with the task that was begun last, in place of those before.

        They are reported before the steps that they belong to: `report({"loss": 0.3}); advance(1)`. A number
        that is not finite, or None, is undefined.
        """

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
    """Lines on standard error, and for work beyond some seconds more.

    On a terminal it is a bar with the numbers that were reported, rate and remaining time; tasks in a task
    have their bars below it. Elsewhere the same facts are a line every `every` seconds, the first one after
    `first`. Verbose, there is a line for each step with numbers, and for the end of each task without.

    Attributes:
        patience: seconds until there is a bar.
        first, every: seconds until there is a line, and between two of them.
        verbosity: see there.
    """

    patience: float = 2.0
    first: float = 10.0
    every: float = 30.0
    verbosity: Verbosity = field(factory=current_verbosity)

    _courses: list[Course] = field(init=False, factory=list)
    _news: set[Course] = field(init=False, factory=set)
    _told: set[Course] = field(init=False, factory=set)
    _bars: Bars | None = field(init=False, default=None)
    _due: float | None = field(init=False, default=None)
    _turn: threading.RLock = field(init=False, factory=threading.RLock)
    _looking: tuple[threading.Thread, threading.Event] | None = field(init=False, default=None)

    def say(self, message: str) -> None:
        if self.verbosity.level == "quiet":
            log_message(message)
        else:
            print_message(message)

    def warn(self, message: str) -> None:
        print_message(message)

    def detail(self, message: str) -> None:
        if self.verbosity.level == "verbose":
            self._due = time.monotonic() + self.every
            print_message(message)
        else:
            log_message(message)

    @contextmanager
    def task(self, description: str, total: int | None) -> Iterator[Callable[[int], None]]:
        with self._task(Course(description, total)) as advance:
            yield advance

    def side_by_side(
        self, description: str, total: int | None
    ) -> AbstractContextManager[Callable[[int], None]]:
        return self._task(Course(description, total, warms_up=False))

    @contextmanager
    def _task(self, course: Course) -> Iterator[Callable[[int], None]]:
        self._begin(course)
        try:
            yield lambda steps: self._advance(course, steps)
            if course not in self._told:  # of which the last step was told
                self.detail(f"{course.description}: ended after {course.seconds:.1f} s")
        finally:
            self._end(course)

    def report(self, numbers: Mapping[str, float | None]) -> None:
        with self._turn:
            if self._courses:
                self._courses[-1].report(numbers)
                self._news.add(self._courses[-1])

    def _begin(self, course: Course) -> None:
        with self._turn:
            now = time.monotonic()
            if self._due is None:
                self._due = now + self.first
            elif not self._courses:  # work that is short says nothing, however long others took before it
                self._due = max(self._due, now + min(1.0, self.first))
            self._courses.append(course)
            if self._looking is None and self.verbosity.level != "quiet" and sys.stderr is not None:
                ended = threading.Event()
                thread = threading.Thread(target=self._look_until, args=(ended,), daemon=True)
                self._looking = thread, ended
                thread.start()

    def _advance(self, course: Course, steps: int) -> None:
        with self._turn:
            seconds = course.advance(steps)
            if steps and course in self._news:
                self._news.discard(course)
                self._told.add(course)
                self.detail(f"{course.in_words()}; took {seconds:.1f} s")
            self._show()

    def _end(self, course: Course) -> None:
        with self._turn:
            self._courses = [other for other in self._courses if other is not course]
            self._news.discard(course)
            self._told.discard(course)
            if self._bars is not None:
                self._bars.remove(course)
            if self._courses:
                return
            looking, self._looking = self._looking, None
            bars, self._bars = self._bars, None
        if bars is not None:
            bars.stop()
        if looking is not None:
            thread, ended = looking
            ended.set()
            thread.join()

    def _look_until(self, ended: threading.Event) -> None:
        while not ended.wait(_LOOK):
            with self._turn:
                if not ended.is_set():
                    self._show()

    def _show(self) -> None:
        """Show the work as it stands, where that is due."""
        if self.verbosity.level == "quiet" or sys.stderr is None or not self._courses:
            return
        if self._bars is not None or sys.stderr.isatty():
            self._show_bars()
        elif self._due is not None and time.monotonic() >= self._due:
            self._due = time.monotonic() + self.every
            print_message(" · ".join(course.in_words() for course in self._courses))

    def _show_bars(self) -> None:
        if self._bars is None and self._courses[0].seconds > self.patience:
            self._bars = Bars()
        if self._bars is not None:
            for course in self._courses:
                self._bars.show(course)


def make_progress() -> Progress:
    """Return the progress that the command line shows, as the verbosity of the command wants it."""
    return TerminalProgress()


def progress_of(given: Any) -> Progress:
    """Return the progress that an argument means: True is the command line's, False and None are silent.

    Raises:
        ConfigurationError: it is none of them, and no `Progress`.
    """
    if isinstance(given, Progress):
        return given
    if given is True:
        return make_progress()
    if given is False or given is None:
        return SILENT
    expected = "expected True, False, None or a nasframe.runtime.Progress"
    raise ConfigurationError("arguments", [f"progress: {expected}, found {given!r}"])
