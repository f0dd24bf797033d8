"""What one drawn network has that another has not: nodes, operations and arrows, matched by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from nasframe.operations import OpSpec
from nasframe.space import Architecture, Arrival, Resolved

__all__ = ["ArchitectureDifference", "Arrow", "Change", "arrived", "differences", "kind_of"]

Arrow = tuple[str, str, str, str]
"""Source, target, port, and the operation passed through (empty: none)."""


@frozen
class Change:
    """One line of a difference.

    Attributes:
        where: a node, `node.port`, or `option NAME` of the space.
        left: what is there in the left one; None: nothing has this name.
        right: the same of the right one.
    """

    where: str
    left: str | None
    right: str | None


@frozen
class ArchitectureDifference:
    """What the left network has that the right one has not.

    Attributes:
        only: nodes that only the left one has.
        changed: nodes of both that compute something else.
        arrows: arrows that only the left one has.
        cells: cells that only the left one's space has.
    """

    only: frozenset[str]
    changed: frozenset[str]
    arrows: frozenset[Arrow]
    cells: frozenset[str]

    @classmethod
    def of(cls, left: Architecture, right: Architecture) -> ArchitectureDifference:
        """What of `left` is not in `right`."""
        here, there = left.resolved, right.resolved
        return cls(
            only=frozenset(here.operations.keys() - there.operations.keys()),
            changed=frozenset(
                name
                for name, spec in here.operations.items()
                if name in there.operations and kind_of(spec) != kind_of(there.operations[name])
            ),
            arrows=frozenset(_arrows(here)) - frozenset(_arrows(there)),
            cells=frozenset(left.space.wiring.cells.keys() - right.space.wiring.cells.keys()),
        )


def differences(left: Architecture, right: Architecture) -> list[Change]:
    """Every difference of two architectures, in the order of the left one and then of the right one.

    Options of their spaces stand first, where both are of one space. A node that one of them lacks is one
    line, and its arrows are not listed again; of the nodes of both, operations and ports are compared.
    """
    here, there = left.resolved, right.resolved
    found = list(_options(left, right))
    for name, spec in here.operations.items():
        if name not in there.operations:
            found.append(Change(name, kind_of(spec), None))
            continue
        if kind_of(spec) != kind_of(there.operations[name]):
            found.append(Change(name, kind_of(spec), kind_of(there.operations[name])))
        found += _ports(name, here, there)
    found += [
        Change(name, None, kind_of(spec))
        for name, spec in there.operations.items()
        if name not in here.operations
    ]
    return found


def kind_of(spec: OpSpec | None) -> str:
    """What a node computes, in a word."""
    return "input" if spec is None else spec.name


def arrived(items: tuple[Arrival, ...]) -> str:
    """What arrives at a port, in words: `0` where it is nothing."""
    return " + ".join(_through(item) for item in items) or "0"


def _through(item: Arrival) -> str:
    return item.source if item.operation is None else f"{item.operation.name}({item.source})"


def _arrows(resolved: Resolved) -> Iterator[Arrow]:
    for target, ports in resolved.arrivals.items():
        for port, items in ports.items():
            for item in items:
                yield item.source, target, port, "" if item.operation is None else item.operation.name


def _ports(name: str, here: Resolved, there: Resolved) -> Iterator[Change]:
    ours, theirs = here.arrivals[name], there.arrivals[name]
    names = list(dict.fromkeys([*ours, *theirs]))
    for port in names:
        left = arrived(ours[port]) if port in ours else None
        right = arrived(theirs[port]) if port in theirs else None
        if left == right or _follows(port, ours, theirs, here, there):
            continue
        yield Change(name if len(names) == 1 else f"{name}.{port}", left, right)


def _follows(port: str, ours: Any, theirs: Any, here: Resolved, there: Resolved) -> bool:
    """Whether a port is there in one of them only because its sources are, which is a line already."""
    if port in ours and port in theirs:
        return False
    items = ours[port] if port in ours else theirs[port]
    others = there if port in ours else here
    return bool(items) and all(item.source not in others.operations for item in items)


def _options(left: Architecture, right: Architecture) -> Iterator[Change]:
    ours, theirs = left.space.origin, right.space.origin
    if ours is None or theirs is None or ours["name"] != theirs["name"]:
        return
    here, there = ours.get("options", {}), theirs.get("options", {})
    for name in dict.fromkeys([*here, *there]):
        if here.get(name) != there.get(name):
            yield Change(f"option {name}", _value(here, name), _value(there, name))


def _value(options: Any, name: str) -> str | None:
    return str(options[name]) if name in options else None
