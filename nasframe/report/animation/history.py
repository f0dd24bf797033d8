"""The epochs of a search: how probable each candidate is, and which drawn edges would be kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from nasframe.errors import SpaceError
from nasframe.operations import is_zero
from nasframe.report.animation.routes import Drawn
from nasframe.searching import derive
from nasframe.space import SearchSpace

__all__ = ["History"]

SCALE = 10_000
"""Probabilities are integers in the page: `metrics.jsonl` has four digits of each."""

_DESCRIBED = 8


@frozen
class _Kept:
    """The parts that an architecture keeps: indices of drawn edges, and names of nodes."""

    edges: frozenset[int]
    nodes: frozenset[str]


@frozen
class History:
    """The epochs of a search.

    Attributes:
        epochs: their numbers.
        values: epoch → choice → candidate → probability, times `SCALE`.
        numbers: name of a choice → its index.
        drawn: the drawn edges.
        names: of the choices.
        candidates: of each choice.
        described: indices of the choices that the description of an epoch names.
        kept: the parts that each epoch's architecture keeps; None where the recorded digits are too few to
            derive it again.
    """

    epochs: Sequence[int]
    values: Sequence[Sequence[Sequence[int]]]
    numbers: Mapping[str, int]
    drawn: Sequence[Drawn]
    names: Sequence[str]
    candidates: Sequence[Sequence[str]]
    described: Sequence[int]
    kept: Sequence[_Kept | None]

    @classmethod
    def read(
        cls, space: SearchSpace, drawn: Sequence[Drawn], history: Sequence[Mapping[str, Any]]
    ) -> History:
        """Read the lines that a search wrote.

        Raises:
            KeyError: a line lacks a choice of the space.
            SpaceError: a probability is missing.
        """
        choices = space.choices
        for line in history:
            if None in (value for found in line["probabilities"].values() for value in found.values()):
                raise SpaceError(f"in epoch {line['epoch']} a probability is not finite")
        on_nodes = [node.choice.name for node in space.wiring.nodes.values() if node.choice is not None]
        numbers = {name: index for index, name in enumerate(choices)}
        # of a choice on an edge, the kept edges already show the result
        order = list(dict.fromkeys(on_nodes)) or list(choices)
        seen: dict[str, _Kept | None] = {}
        return cls(
            epochs=[line["epoch"] for line in history],
            values=[
                [
                    [round(SCALE * line["probabilities"][name][item]) for item in choice.candidates]
                    for name, choice in choices.items()
                ]
                for line in history
            ],
            numbers=numbers,
            drawn=drawn,
            names=list(choices),
            candidates=[choice.candidates for choice in choices.values()],
            described=[numbers[name] for name in order[:_DESCRIBED]],
            kept=[_kept(space, drawn, line, seen) for line in history],
        )

    def probability(self, choice: int, candidate: int, epoch: int) -> float:
        """Return the probability of a candidate; choice, candidate and epoch are indices."""
        return self.values[epoch][choice][candidate] / SCALE

    def lead(self, choice: int, epoch: int) -> int:
        """Return the index of the most probable candidate of a choice."""
        values = self.values[epoch][choice]
        return values.index(max(values))

    def leading(self, edge: int, epoch: int) -> str:
        """Return the name of the most probable candidate of an edge's choice."""
        choice = self.drawn[edge].choice
        assert choice is not None
        return choice.candidates[self.lead(self.numbers[choice.name], epoch)]

    def edge_probability(self, edge: int, epoch: int) -> float:
        """Return the probability that an edge is there."""
        return sum(self.probability(*pair, epoch) for pair in self._present(edge))

    def is_kept(self, edge: int, epoch: int) -> bool:
        """True where the architecture of an epoch has the edge."""
        kept = self.kept[epoch]
        return kept is not None and edge in kept.edges

    def is_alive(self, node: str, epoch: int) -> bool:
        """True where the architecture of an epoch has the node, or where it is not known."""
        kept = self.kept[epoch]
        return kept is None or node in kept.nodes

    def description(self, epoch: int) -> str:
        """Return a sentence on an epoch."""
        leads = [(choice, self.lead(choice, epoch)) for choice in self.described]
        parts = [
            f"{self.names[a]} {self.candidates[a][b]} {self.probability(a, b, epoch):.2f}" for a, b in leads
        ]
        kept = self.kept[epoch]
        names = [self.drawn[index].name for index in sorted(kept.edges if kept is not None else ())]
        ending = f". Kept: {', '.join(names)}." if names else "."
        return f"Epoch {self.epochs[epoch]} of {self.epochs[-1]}: {', '.join(parts)}{ending}"

    def data(self) -> dict[str, Any]:
        """Return the data of the script, JSON-able."""
        different = list(dict.fromkeys(self.kept))
        return {
            "scale": SCALE,
            "epochs": list(self.epochs),
            "values": self.values,
            "names": self.names,
            "candidates": self.candidates,
            "described": list(self.described),
            "edgeNames": [edge.name for edge in self.drawn],
            "edges": [self._present(index) for index in range(len(self.drawn))],
            "kept": [
                None if item is None else {"edges": sorted(item.edges), "nodes": sorted(item.nodes)}
                for item in different
            ],
            "keptOfEpoch": [different.index(item) for item in self.kept],
        }

    def _present(self, edge: int) -> list[tuple[int, int]]:
        """Return the candidates with which an edge is there, as indices of choice and candidate."""
        drawn = self.drawn[edge]
        if drawn.choice is None:
            return []
        number = self.numbers[drawn.choice.name]
        if drawn.candidates:
            return [(number, drawn.choice.candidates.index(name)) for name in drawn.candidates]
        return [
            (number, index)
            for index, spec in enumerate(drawn.choice.operations.values())
            if not is_zero(spec)
        ]


def _kept(
    space: SearchSpace, drawn: Sequence[Drawn], line: Mapping[str, Any], seen: dict[str, _Kept | None]
) -> _Kept | None:
    """Return the parts that the architecture of an epoch keeps.

    It is derived again from the recorded probabilities; None where their rounding gives another architecture.
    """
    name = line.get("derived")
    if name not in seen or seen[name] is None:
        architecture = derive(space, line["probabilities"])
        if architecture.fingerprint[:16] != name:
            return None
        resolved = architecture.resolved
        present = {
            arrival.edge.name
            for ports in resolved.arrivals.values()
            for arrivals in ports.values()
            for arrival in arrivals
        }
        edges = frozenset(
            index
            for index, edge in enumerate(drawn)
            if edge.choice is not None and any(flat.name in present for flat in edge.edges)
        )
        seen[name] = _Kept(edges, frozenset(resolved.operations))
    return seen[name]
