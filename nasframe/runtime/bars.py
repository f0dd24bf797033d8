"""Bars on a terminal: one for each work under way, with its numbers, its rate and the time that is left."""

from __future__ import annotations

import sys
from typing import Any

from nasframe.runtime.course import Course

__all__ = ["Bars"]

_NARROW = 100
"""Columns of a terminal on which the bar itself is short, so that the numbers have room."""


class Bars:
    """The bars of one terminal, which is standard error. They go when they are stopped."""

    def __init__(self) -> None:
        # imported here: most commands end before there is a bar
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.table import Column

        console = Console(stderr=True)
        width = 10 if console.width < _NARROW else 24
        one_line = Column(no_wrap=True, overflow="ellipsis")
        rest = Column(no_wrap=True, overflow="ellipsis", ratio=1)
        self._bars = Progress(
            TextColumn("{task.description}", markup=False, table_column=one_line),  # a name in brackets
            BarColumn(width),
            MofNCompleteColumn(),
            TextColumn("{task.fields[course].left}"),
            TextColumn("{task.fields[course].rate}"),
            # where the line is too long, these numbers are cut, and never the count or the time that is left
            TextColumn("{task.fields[course].numbers}", markup=False, table_column=rest),
            console=console,
            transient=True,
            expand=True,
            # a result for a file or a pipe must not land among the bars
            redirect_stdout=sys.stdout is not None and sys.stdout.isatty(),
        )
        self._tasks: dict[Course, Any] = {}
        self._bars.start()

    def show(self, course: Course) -> None:
        """Show a work as it stands."""
        if course not in self._tasks:
            self._tasks[course] = self._bars.add_task(
                course.description, total=course.total, course=_Facts(course)
            )
        self._bars.update(self._tasks[course], completed=course.done)

    def remove(self, course: Course) -> None:
        """Take the bar of a work away."""
        task = self._tasks.pop(course, None)
        if task is not None:
            self._bars.remove_task(task)

    def stop(self) -> None:
        """Take all bars away."""
        self._bars.stop()


class _Facts:
    """The texts beside a bar, as they are at each moment."""

    def __init__(self, course: Course) -> None:
        self._course = course

    @property
    def left(self) -> str:
        return self._course.left_in_words()

    @property
    def rate(self) -> str:
        return self._course.rate_in_words()

    @property
    def numbers(self) -> str:
        return self._course.numbers_in_words()
