"""The differences of two architectures: nodes, operations and arrows, matched by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import field, frozen

from nasframe.space import Architecture, Arrival, Resolved

__all__ = ["ArchitectureDifference", "Arrow", "Change", "arrived", "differences"]

Arrow = tuple[str, str, str, str]
"""Source, target, port, and the operation passed through (empty: none)."""


@frozen
class Change:
    """One difference of two architectures.

    Attributes:
        where: for people: a node, `node.port`, or `option NAME` of the space.
        left: what the left architecture has there; None where it has nothing of this name.
        right: the same of the right one.
        node: the node that differs; None for an option.
    """

    where: str
    left: str | None
    right: str | None
    node: str | None = field(default=None, eq=False, repr=False)


@frozen
class ArchitectureDifference:
    """All that only the left one of two architectures has.

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
        """Compare `left` with `right`."""
        here, there = left.resolved, right.resolved
        return cls(
            only=frozenset(here.operations.keys() - there.operations.keys()),
            changed=frozenset(
                name
                for name, label in here.labels.items()
                if name in there.labels and label != there.labels[name]
            ),
            arrows=frozenset(_arrows(here)) - frozenset(_arrows(there)),
            cells=frozenset(left.space.wiring.cells.keys() - right.space.wiring.cells.keys()),
        )


def differences(left: Architecture, right: Architecture) -> list[Change]:
    """Return every difference of two architectures, in the order of the left one, then of the right one.

    The options of their spaces come first, where both are of one space. A node that one of them lacks is one
    difference, and its arrows are not listed again; of a node of both, operation and ports are compared.
    """
    here, there = left.resolved, right.resolved
    found = list(_options(left, right))
    for name, label in here.labels.items():
        if name not in there.labels:
            found.append(Change(name, label, None, name))
            continue
        if label != there.labels[name]:
            found.append(Change(name, label, there.labels[name], name))
        found += _ports(name, here, there)
    found += [
        Change(name, None, label, name) for name, label in there.labels.items() if name not in here.labels
    ]
    return found


def arrived(items: tuple[Arrival, ...]) -> str:
    """Return the sum that arrives at a port as text, `0` for an empty one."""
    return " + ".join(_through(item) for item in items) or "0"


def _through(item: Arrival) -> str:
    return f"{item.through}({item.source})" if item.through else item.source


def _arrows(resolved: Resolved) -> Iterator[Arrow]:
    for target, ports in resolved.arrivals.items():
        for port, items in ports.items():
            for item in items:
                yield item.source, target, port, item.through


def _ports(name: str, here: Resolved, there: Resolved) -> Iterator[Change]:
    ours, theirs = here.arrivals[name], there.arrivals[name]
    names = list(dict.fromkeys([*ours, *theirs]))
    for port in names:
        left = arrived(ours[port]) if port in ours else None
        right = arrived(theirs[port]) if port in theirs else None
        if left == right or _follows(port, ours, theirs, here, there):
            continue
        yield Change(name if len(names) == 1 else f"{name}.{port}", left, right, name)


def _follows(port: str, ours: Any, theirs: Any, here: Resolved, there: Resolved) -> bool:
    """True where only one of the two has the port because only it has the sources, which are listed."""
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
