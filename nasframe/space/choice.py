"""A choice of a search space, and an assignment of candidates to choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import attrs
from attrs import field, frozen

from nasframe.errors import SpaceError
from nasframe.operations import OpSpec

__all__ = ["Assignment", "Choice"]

Assignment = Mapping[str, str]
"""Choice name → candidate."""


def _in_order(candidates: Iterable[str | OpSpec]) -> tuple[str | OpSpec, ...]:
    return tuple(candidates)


@frozen
class Choice:
    """One categorical decision.

    Choices of one name are one decision: they share their logits wherever they stand.

    Args:
        name: unique within its space; a cell's name is put before it, as in `cell1/N2`.
        candidates: operations, each by its name or as an `OpSpec` with options; or names of sources where the
            choice stands at a port.
        group: logits of one group and equal candidates are packed into one parameter (alpha, beta, gamma).

    Attributes:
        name, group: as above.
        candidates: the names of the candidates; that of an operation with options is `OpSpec.label`.
        operations: candidate → operation, for a choice among operations.

    Example:
        >>> from nasframe import Choice, OpSpec
        >>> Choice("N1", ("zero", "gate", OpSpec("gate", {"bias": False})), "gamma").candidates
        ('zero', 'gate', 'gate(bias=false)')
    """

    name: str
    _given: tuple[str | OpSpec, ...] = field(converter=_in_order, alias="candidates", eq=False, repr=False)
    group: str
    candidates: tuple[str, ...] = field(init=False)
    operations: Mapping[str, OpSpec] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        specs = [item if isinstance(item, OpSpec) else OpSpec(item) for item in self._given]
        names = tuple(spec.label for spec in specs)
        if not names:
            raise SpaceError(f"choice {self.name!r} has no candidates")
        if len(set(names)) != len(names):
            raise SpaceError(f"choice {self.name!r} names a candidate twice: {', '.join(names)}")
        object.__setattr__(self, "candidates", names)
        object.__setattr__(self, "operations", dict(zip(names, specs, strict=True)))

    def below(self, prefix: str) -> Choice:
        """Return the choice with `prefix` before its name."""
        return attrs.evolve(self, name=prefix + self.name)

    def bound(self, bind: Callable[[OpSpec], OpSpec]) -> Choice:
        """Return the choice with `bind` applied to its operations; see `OpSpec.bound`."""
        return attrs.evolve(self, candidates=map(bind, self.operations.values()))
