"""A choice of a search space, and an assignment of candidates to choices."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from nasframe.errors import SpaceError

__all__ = ["Assignment", "Choice"]

Assignment = Mapping[str, str]
"""Choice name → candidate."""


@frozen
class Choice:
    """One categorical decision.

    Choices of one name are one decision: they share their logits wherever they stand.

    Attributes:
        name: unique within its space; a cell's name is put before it, as in `cell1/N2`.
        candidates: names of operations, or of sources where the choice stands at a port.
        group: logits of one group and equal candidates are packed into one parameter (alpha, beta, gamma).
    """

    name: str
    candidates: tuple[str, ...]
    group: str

    def __attrs_post_init__(self) -> None:
        if not self.candidates:
            raise SpaceError(f"choice {self.name!r} has no candidates")
        if len(set(self.candidates)) != len(self.candidates):
            raise SpaceError(f"choice {self.name!r} names a candidate twice: {', '.join(self.candidates)}")
