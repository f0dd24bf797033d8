"""A shot: consecutive pictures without a cut, and how far windows have covered them."""

from __future__ import annotations

import attrs
from attrs import define

__all__ = ["Shot"]


@define
class Shot:
    """Consecutive pictures without a cut, by their numbers.

    Attributes:
        end: number after its last picture so far.
        next: number of the first picture of its next window.
        covered: number after the last picture of its last window; None before the first window.
        closed: whether no picture follows.
    """

    end: int
    next: int
    covered: int | None = None
    closed: bool = False

    @classmethod
    def at(cls, number: int) -> Shot:
        """Return the shot that a picture begins."""
        return cls(number + 1, number)

    def following(self, frames: int) -> int | None:
        """Return the first picture of the next window of so many pictures.

        It is None where more pictures are needed, and where a closed shot has no further window.
        """
        if self.next + frames <= self.end:
            return self.next
        if not self.closed or self.covered is None or self.end <= self.covered:
            return None
        return self.end - frames

    def cover(self, first: int, frames: int) -> None:
        """Note a window; the next one begins half a window later."""
        self.next, self.covered = first + max(1, frames // 2), first + frames

    def pass_over(self, first: int, frames: int) -> None:
        """Note that no window begins with picture `first`; the next one may begin with the one after it."""
        self.next = first + 1
        if self.covered is not None and self.closed and self.next + frames > self.end:
            self.covered = self.end

    def cut_off(self, number: int) -> Shot:
        """End before the picture of a number; return the rest as a shot."""
        rest = attrs.evolve(self, next=number, covered=None)
        self.end, self.closed = number, True
        return rest

    def needed(self, frames: int) -> int:
        """Return the number of the first picture that a later window may need.

        The last window of a shot may begin before `next`, yet it ends after the windows before it.
        """
        return self.next - max(1, frames // 2)
