"""Samples that leave no port empty: the choices that feed an empty port are drawn again.

A port is empty where nothing arrives: each of its sources was left out, or is a node that chose zero. The
gradient of a one-hot sample with an empty port says nothing about the loss: a normalisation of zeros, for
one, multiplies it by 1/√ε.

Let p be the distribution of the relaxation, under which all choices are independent; D_nodes the choices
among the operations of nodes, and D_edges all others. What is drawn here is

    q(D) = p(D_nodes) · p(D_edges | D_nodes, no port is empty that could be filled)

A port that no edge can fill, as its only source chose zero, is no condition. Ports that share no choice are
independent given D_nodes, so each group of ports that do (those of tied cells, or both ports of a node) is
drawn again on its own, by rejection. The noise behind a row depends on that row's outcome alone, so given D
it is as under p: what a relaxation averages over noise given D, it averages here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from attrs import frozen

from nasframe.relaxations import Sample
from nasframe.supernet.forward_pass import winners_of
from nasframe.supernet.plan import NodePlan, Plan, PortPlan, Source, Winners

__all__ = ["MOST", "Draw", "EmptyPorts"]

MOST = 1020
"""Draws of the choices of a group. Where none of them fills its ports, the first one of all stays."""

_FIRST = 4
"""Draws of the first call. Their number doubles with each, so that a port that is rarely filled takes few."""

Draw = Callable[[str, Sequence[int], int], Sample]
"""From a packed parameter, some of its rows and a number n to n samples of them, one after the other."""

_Row = tuple[str, int]
"""A packed parameter and one of its rows: a choice."""


@frozen(eq=False)
class _Group:
    """Ports that share choices, and the rows of these choices, which are drawn again together."""

    ports: tuple[PortPlan, ...]
    rows: tuple[_Row, ...]


class EmptyPorts:
    """The ports of a supernet that a sample can leave empty, and the draws that fill them.

    Args:
        plan: of the supernet.
        columns: packed parameter → number of its columns.

    Attributes:
        samples: one-hot samples since the last `forget`.
        redrawn: those of them in which a port was empty.
        left: those of them in which a port still is.
    """

    def __init__(self, plan: Plan, columns: Mapping[str, int]) -> None:
        self._columns = columns
        self._of_nodes = {(c.table, c.row) for node in plan.nodes if (c := node.candidates) is not None}
        self._mortal: dict[str, NodePlan] = {}  # the nodes that may be zero whatever the edges choose
        ports: dict[int, PortPlan] = {}  # nodes share plans, which are compared by what they are
        for node in plan.nodes:
            if self._may_be_zero(node):
                self._mortal[node.name] = node
            ports |= {id(port): port for port in node.ports if self._may_be_empty(port)}
        self._groups: list[_Group] = []
        for port in ports.values():
            if rows := self._rows(port):
                shared = [group for group in self._groups if set(group.rows) & set(rows)]
                self._groups = [group for group in self._groups if group not in shared]
                rows = tuple(dict.fromkeys([*(row for group in shared for row in group.rows), *rows]))
                self._groups.append(_Group((*(p for group in shared for p in group.ports), port), rows))
        self.forget()

    def __bool__(self) -> bool:
        """Return True where there are such ports."""
        return bool(self._groups)

    def forget(self) -> None:
        """Count from zero again."""
        self.samples = self.redrawn = self.left = 0

    def record(self) -> dict[str, dict[str, float]]:
        """Return the shares of samples with an empty port, and still with one; empty without samples."""
        if not self.samples:
            return {}
        shares = {"redrawn": self.redrawn / self.samples, "left": self.left / self.samples}
        return {"empty_ports": {name: round(share, 4) for name, share in shares.items()}}

    def rows(self, winners: Winners) -> dict[str, list[int]]:
        """Return packed parameter → the rows that are drawn again, as they feed an empty port.

        Args:
            winners: packed parameter → selected column of each row.
        """
        return _by_table(row for group, _ in self._empty(winners) for row in group.rows)

    def fill(self, samples: Mapping[str, Sample], draw: Draw) -> dict[str, Sample]:
        """Return the samples with the rows drawn again that feed an empty port; soft ones as they are.

        Args:
            samples: packed parameter → sample.
            draw: draws rows from the distribution of the samples.
        """
        filled = dict(samples)
        if not self or not all(sample.one_hot for sample in samples.values()):
            return filled
        winners = {key: list(rows) for key, rows in winners_of(samples).items() if rows is not None}
        waiting, dead = self._empty(winners), self._dead(winners)
        self.samples += 1
        self.redrawn += bool(waiting)
        tried, number = 0, _FIRST
        while waiting and tried < MOST:
            rows = _by_table(row for group, _ in waiting for row in group.rows)
            drawn = {key: draw(key, found, number) for key, found in rows.items()}
            columns, taken = winners_of(drawn), dict[str, dict[int, int]]()
            for item in list(waiting):
                group, ports = item
                for attempt in range(number):
                    places = {
                        (key, row): attempt * len(rows[key]) + rows[key].index(row) for key, row in group.rows
                    }
                    trial = winners | {key: list(winners[key]) for key, _ in group.rows}
                    for (key, row), place in places.items():
                        trial[key][row] = _of(columns, key)[place]
                    if not any(_is_empty(port, trial, dead) for port in ports):
                        for (key, row), place in places.items():
                            taken.setdefault(key, {})[row] = place
                        waiting.remove(item)
                        break
            for key, found in taken.items():
                filled[key] = _replaced(filled[key], drawn[key], found)
            tried, number = tried + number, 2 * number
        self.left += bool(waiting)
        return filled

    def _empty(self, winners: Winners) -> list[tuple[_Group, list[PortPlan]]]:
        """Return the groups in which a port is empty, each with those of its ports that can be filled."""
        dead, found = self._dead(winners), []
        for group in self._groups:
            ports = [p for p in group.ports if any(self._can_arrive(s, winners, dead) for s in p.sources)]
            if any(_is_empty(port, winners, dead) for port in ports):
                found.append((group, ports))
        return found

    def _dead(self, winners: Winners) -> set[str]:
        """Return the nodes that are zero whatever the edges choose: they chose it, or pass only such on."""
        dead: set[str] = set()
        for name, node in self._mortal.items():
            found = node.candidates
            column = 0 if found is None else _of(winners, found.table)[found.row]
            sources = [source for port in node.ports for source in port.sources]
            if (found is not None and column in found.zeros) or (
                column in node.relays and not any(self._can_arrive(s, winners, dead) for s in sources)
            ):
                dead.add(name)
        return dead

    def _can_arrive(self, source: Source, winners: Winners, dead: set[str]) -> bool:
        """Return True where some choices of the edges let a source arrive, the nodes having chosen."""
        if source.node in dead or (self._is_of_node(source) and not _arrives(source, winners, dead)):
            return False
        return source.candidates is None or len(source.candidates.zeros) < len(source.candidates.names)

    def _is_of_node(self, source: Source) -> bool:
        """Return True where a choice of a source is also that of a node, and is not drawn again."""
        return not self._of_nodes.isdisjoint(_rows_of(source))

    def _rows(self, port: PortPlan) -> tuple[_Row, ...]:
        """Return the rows that decide what arrives at a port, without those of nodes."""
        rows = dict.fromkeys(row for source in port.sources for row in _rows_of(source))
        return tuple(row for row in rows if row not in self._of_nodes)

    def _may_be_zero(self, node: NodePlan) -> bool:
        if node.candidates is not None and node.candidates.zeros:
            return True
        sources = [source for port in node.ports for source in port.sources]
        return bool(node.relays) and all(s.node in self._mortal or self._is_of_node(s) for s in sources)

    def _may_be_empty(self, port: PortPlan) -> bool:
        """Return False where something arrives under every sample."""
        certain = [
            s
            for s in port.sources
            if s.node not in self._mortal and not (s.candidates is not None and s.candidates.zeros)
        ]
        for source in certain:
            if source.table is None:
                return False
            outcomes = [
                {source.table: dict.fromkeys(range(source.row + 1), column)}
                for column in range(self._columns[source.table])
            ]
            rivals = [s for s in certain if (s.table, s.row) == (source.table, source.row)]
            if all(any(s.is_selected(outcome) for s in rivals) for outcome in outcomes):
                return False
        return True


def _rows_of(source: Source) -> list[_Row]:
    found = [] if source.table is None else [(source.table, source.row)]
    if source.candidates is not None:
        found.append((source.candidates.table, source.candidates.row))
    return found


def _is_empty(port: PortPlan, winners: Winners, dead: set[str]) -> bool:
    return not any(_arrives(source, winners, dead) for source in port.sources)


def _arrives(source: Source, winners: Winners, dead: set[str]) -> bool:
    if source.node in dead or not source.is_selected(winners):
        return False
    found = source.candidates
    return found is None or _of(winners, found.table)[found.row] not in found.zeros


def _of(winners: Winners, table: str) -> Sequence[int] | Mapping[int, int]:
    rows = winners[table]
    assert rows is not None
    return rows


def _by_table(rows: Iterable[_Row]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for key, row in rows:
        found.setdefault(key, []).append(row)
    return found


def _replaced(sample: Sample, drawn: Sample, places: Mapping[int, int]) -> Sample:
    """Return a sample in which some rows, the keys of `places`, are those that were drawn again."""
    weights = sample.weights
    rows, found = (torch.tensor([*part], device=weights.device) for part in (places, places.values()))
    return Sample(weights.index_copy(0, rows, drawn.weights[found]), one_hot=True)
