"""The parts of a search space: choices, nodes and edges, as plain records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import field, frozen

from nasframe.errors import SpaceError
from nasframe.operations import OpSpec, Shape

if TYPE_CHECKING:
    from nasframe.space.space import SearchSpace

__all__ = ["Assignment", "Choice", "Edge", "Node", "as_spec"]

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


@frozen
class Node:
    """A node: an input, an operation (fixed or chosen), or a cell, which is a space of its own.

    Attributes:
        shape: of an input of the outermost space, without the batch.
        is_input: True where values enter the space; an input may have an operation of its own, such as
            the projection of a feature.
        ports: the inputs in the order in which the operation takes them; empty for a variadic operation:
            its edges name the ports, in the order of their insertion.
        options: candidate → options it is built with; `""` holds those for every candidate.
        then: operations that follow each candidate, with parameters of their own for each.
        port_choices: port → the choice among the sources whose edges end there.
        deal: True where the ports of a derived architecture get one of the kept sources each, in order.
    """

    name: str
    shape: Shape | None = None
    is_input: bool = False
    operation: OpSpec | None = None
    choice: Choice | None = None
    options: Mapping[str, Mapping[str, int | float | str | bool | None]] = field(factory=dict)
    then: tuple[OpSpec, ...] = ()
    ports: tuple[str, ...] = ()
    port_choices: Mapping[str, Choice] = field(factory=dict)
    deal: bool = False
    cell: SearchSpace | None = None
    tied: str | None = None

    def spec(self, candidate: str | None = None) -> OpSpec:
        """Return the fixed operation, or `candidate` with its options."""
        if self.operation is not None:
            return self.operation
        assert candidate is not None
        return OpSpec(candidate, self.options.get(candidate, self.options.get("", {})))


@frozen
class Edge:
    """An edge into a port. It passes its source on unchanged, or through an operation, fixed or chosen."""

    operation: OpSpec | None = None
    choice: Choice | None = None


def as_spec(operation: OpSpec | str) -> OpSpec:
    """Return the operation, which may be given by its name alone."""
    return OpSpec(operation) if isinstance(operation, str) else operation


def as_specs(operations: Sequence[OpSpec | str]) -> tuple[OpSpec, ...]:
    """Return several operations, each of which may be given by its name alone."""
    return tuple(as_spec(item) for item in operations)
