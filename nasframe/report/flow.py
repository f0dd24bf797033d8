"""A flow from left to right: columns of boxes with text, and arrows between neighbouring columns."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from attrs import frozen
from markupsafe import Markup

from nasframe.display import element, size_classes, text
from nasframe.runtime import shorten, visible

__all__ = ["Stack", "Step", "flow_chart"]

_LETTER = 6.4
_HEAD_LETTER = 7.7
_LINE = 16
_HEAD = 25
_GAP = 32
_BETWEEN = 10
_ROW_GAP = 34
_MARGIN = 16
_WIDEST = 1150
_LONGEST = 34


@frozen
class Step:
    """A box of a flow.

    Attributes:
        title: its first line.
        lines: those below it.
        kind: `input`, `choice`, `output` or empty; it decides the colour.
    """

    title: str
    lines: Sequence[str] = ()
    kind: str = ""

    @property
    def in_words(self) -> str:
        """The text of the box as a sentence without an end."""
        return f"{self.title}: {', '.join(self.lines)}" if self.lines else self.title


Stack = Sequence[Step]
"""Boxes below each other."""


@frozen
class _Placed:
    """A box with its place."""

    step: Step
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def flow_chart(columns: Sequence[Stack], label: str) -> Markup:
    """Return a flow as SVG. Columns that do not fit beside each other go on in another row.

    Args:
        columns: from left to right; each has at least one box.
        label: what it shows; read out, with the text of every box, to those who cannot see it.
    """
    rows = _rows(columns)
    bottom, placed = float(_MARGIN), list[list[list[_Placed]]]()
    for row in rows:
        height = max(_height(column) for column in row)
        placed.append(list(_place(row, bottom, height)))
        bottom += height + _ROW_GAP
    flat = [box for row in placed for column in row for box in column]
    width = max(box.x + box.width for box in flat) + _MARGIN
    height = max(box.y + box.height for box in flat) + _MARGIN
    words = "; ".join(step.in_words for column in columns for step in column)
    return element(
        "svg",
        *(element("path", class_="arrow", d=path) for path in _arrows(placed)),
        *(_drawn(box) for box in flat),
        role="img",
        aria_label=f"{label}. {words}",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        class_=f"flow {size_classes(most=width * 1.1, least=min(width, 760))}",
    )


def _cut(words: str) -> str:
    return shorten(visible(words), _LONGEST)


def _width(column: Stack) -> float:
    heads = [len(_cut(step.title)) * _HEAD_LETTER for step in column]
    lines = [len(_cut(line)) * _LETTER for step in column for line in step.lines]
    return max([72.0, *heads, *lines]) + 22


def _box_height(step: Step) -> float:
    return _HEAD + _LINE * len(step.lines) + (6 if step.lines else 3)


def _height(column: Stack) -> float:
    return sum(map(_box_height, column)) + _BETWEEN * (len(column) - 1)


def _rows(columns: Sequence[Stack]) -> list[list[Stack]]:
    """Return the columns in rows that are not too wide."""
    rows: list[list[Stack]] = [[]]
    taken = 0.0
    for column in columns:
        width = _width(column) + _GAP
        if rows[-1] and taken + width > _WIDEST:
            rows.append([])
            taken = 0.0
        rows[-1].append(column)
        taken += width
    return rows


def _place(row: Sequence[Stack], top: float, height: float) -> Iterator[list[_Placed]]:
    """Yield the boxes of each column of a row; shorter columns stand in the middle of its height."""
    x = float(_MARGIN)
    for column in row:
        width, y, made = _width(column), top + (height - _height(column)) / 2, list[_Placed]()
        for step in column:
            made.append(_Placed(step, x, y, width, _box_height(step)))
            y += _box_height(step) + _BETWEEN
        yield made
        x += width + _GAP


def _arrows(rows: Sequence[Sequence[Sequence[_Placed]]]) -> Iterator[str]:
    """Yield the paths from each box to those of the next column, and from each row to the next one."""
    for number, row in enumerate(rows):
        for before, after in itertools.pairwise(row):
            for start in before:
                for end in after:
                    yield _bend(start, end)
        if number + 1 < len(rows):
            following = rows[number + 1]
            top = min(box.y for column in following for box in column)
            yield _turn(row[-1][-1], following[0][0], top)


def _bend(start: _Placed, end: _Placed) -> str:
    x0, y0, x1, y1 = start.x + start.width, start.middle, end.x - 1, end.middle
    middle = (x0 + x1) / 2
    return f"M{x0:.0f} {y0:.0f}C{middle:.0f} {y0:.0f} {middle:.0f} {y1:.0f} {x1:.0f} {y1:.0f}m-7 -4l7 4l-7 4"


def _turn(start: _Placed, end: _Placed, top: float) -> str:
    """Return the path from the last box of a row to the first one of the next row, between both rows."""
    x0, y0, x1, y1 = start.x + start.width / 2, start.y + start.height, end.x + 24, end.y - 1
    between = top - _ROW_GAP / 2
    return f"M{x0:.0f} {y0:.0f}V{between:.0f}H{x1:.0f}V{y1:.0f}m-4 -7l4 7l4 -7"


def _drawn(box: _Placed) -> Markup:
    size = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    parts = [element("rect", **size, rx=7), text(box.x + 11, box.y + 17, _cut(box.step.title), class_="head")]
    parts += [
        text(box.x + 11, box.y + _HEAD + _LINE * number + 11, _cut(line))
        for number, line in enumerate(box.step.lines)
    ]
    return element("g", *parts, class_=f"node {box.step.kind}".rstrip())
