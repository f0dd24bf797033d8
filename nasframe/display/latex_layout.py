r"""The letters and the columns of a table of LaTeX that is to be as wide as a column of text.

Nothing but booktabs is needed: no rotated page, no scaled box. A table that is too wide with one line an
entry has several: a long text is broken, and the ends of a mean stand below it. Widths are those of `article`
at 10 pt, whose text is 345 pt wide; wider pages have room to spare.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

__all__ = ["Layout", "layout_of"]

_TEXT = 345.0
"""Width of the text, in points."""


@frozen
class _Size:
    """Letters: the commands for them, and in points the width of one, and the room beside a column."""

    commands: Sequence[str]
    letter: float
    room: float


_SIZES = (
    _Size((), 5.0, 6.0),
    _Size((r"\small",), 4.65, 6.0),
    _Size((r"\footnotesize", r"\setlength{\tabcolsep}{3pt}"), 4.3, 3.0),
)


@frozen
class Layout:
    """The look of a table.

    Attributes:
        commands: before the table.
        blocks: indices of the columns of each part; all parts begin with the first column.
        letter: width of a letter, in points.
        is_wrapped: True where entries have several lines.
    """

    commands: Sequence[str]
    blocks: Sequence[Sequence[int]]
    letter: float = _SIZES[0].letter
    is_wrapped: bool = False


def layout_of(widths: Sequence[int], wrapped: Sequence[int] = ()) -> Layout:
    """Return the layout with the largest letters in which the table fits, in parts where none fits.

    Args:
        widths: letters of each column, the longest entry or the heading.
        wrapped: those where entries have several lines; empty where none can.

    Example:
        >>> layout_of([10, 8]).commands
        ()
        >>> layout_of([20, 25, 25, 25]).blocks
        [[0, 1, 2], [0, 3]]
    """
    every = list(range(len(widths)))
    for size in _SIZES:
        if _points(widths, every, size) <= _TEXT:
            return Layout(size.commands, [every], size.letter)
    smallest = _SIZES[-1]
    is_wrapped = bool(wrapped) and tuple(wrapped) != tuple(widths)
    widths = wrapped if is_wrapped else widths
    blocks: list[list[int]] = []
    for column in every[1:]:
        if blocks and _points(widths, [*blocks[-1], column], smallest) <= _TEXT:
            blocks[-1].append(column)
        else:
            blocks.append([0, column])
    return Layout(smallest.commands, blocks or [every], smallest.letter, is_wrapped)


def _points(widths: Sequence[int], columns: Sequence[int], size: _Size) -> float:
    return sum(widths[column] * size.letter + 2 * size.room for column in columns)
