"""One figure of the table: a number with its target, and what it was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

__all__ = ["Figure", "table"]

_REACHED = {True: "reached", False: "missed", None: ""}


@frozen
class Figure:
    """A number that is comparable between machines, or nearly so.

    Attributes:
        name: of the figure.
        value: None where it was not measured.
        unit: of the value; empty for a ratio.
        least, most: what it must reach; None where nothing is asked.
        words: what was measured, or why it was not.
        details: the numbers behind it, JSON-able.
    """

    name: str
    value: float | None
    unit: str = ""
    least: float | None = None
    most: float | None = None
    words: str = ""
    details: Mapping[str, Any] = field(factory=dict)

    @property
    def target(self) -> str:
        """The bounds of the value in words; empty where nothing is asked."""
        bounds = [(">=", self.least), ("<=", self.most)]
        return " and ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)

    @property
    def holds(self) -> bool | None:
        """True where the target is reached; None where there is none, or no number."""
        if self.value is None or (self.least is None and self.most is None):
            return None
        above = self.least is None or self.value >= self.least
        return above and (self.most is None or self.value <= self.most)


def table(figures: Sequence[Figure]) -> str:
    """Return a line for each figure: its value, its target, and whether it is reached."""
    rows = [("figure", "value", "target", "", "")]
    for one in figures:
        value = "not measured" if one.value is None else f"{one.value:.3g} {one.unit}".rstrip()
        rows.append((one.name, value, one.target, _REACHED[one.holds], one.words))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join("  ".join([*map(str.ljust, row[:4], widths), row[4]]).rstrip() for row in rows)
