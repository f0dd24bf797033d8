"""What each epoch says of the drawn edges and candidates: how probable they are, and which would be kept."""

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
"""Probabilities are inlined as integers: `metrics.jsonl` has four digits of them."""

_DESCRIBED = 8


@frozen
class _Kept:
    """What an architecture keeps: numbers of drawn edges, and names of nodes."""

    edges: frozenset[int]
    nodes: frozenset[str]


@frozen
class History:
    """The epochs of a search.

    Attributes:
        epochs: their numbers.
        values: epoch → choice → candidate → probability, times `SCALE`.
        numbers: name of a choice → its number.
        drawn: the drawn edges.
        names: of the choices.
        candidates: of each choice.
        kept: what each epoch's architecture keeps; None where the recorded digits do not tell.
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
        """From the lines that a search wrote.

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
        # what an edge chooses is told by which edges are kept
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
        """Of a candidate, by their numbers."""
        return self.values[epoch][choice][candidate] / SCALE

    def lead(self, choice: int, epoch: int) -> int:
        """The number of the most probable candidate."""
        values = self.values[epoch][choice]
        return values.index(max(values))

    def leading(self, edge: int, epoch: int) -> str:
        """The name of the most probable candidate of an edge's choice."""
        choice = self.drawn[edge].choice
        assert choice is not None
        return choice.candidates[self.lead(self.numbers[choice.name], epoch)]

    def edge_probability(self, edge: int, epoch: int) -> float:
        """That an edge is there."""
        return sum(self.probability(*pair, epoch) for pair in self._present(edge))

    def is_kept(self, edge: int, epoch: int) -> bool:
        """Whether the architecture of an epoch has the edge."""
        kept = self.kept[epoch]
        return kept is not None and edge in kept.edges

    def is_alive(self, node: str, epoch: int) -> bool:
        """Whether the architecture of an epoch has the node; where nobody can tell, it does."""
        kept = self.kept[epoch]
        return kept is None or node in kept.nodes

    def description(self, epoch: int) -> str:
        """The epoch in words."""
        leads = [(choice, self.lead(choice, epoch)) for choice in self.described]
        parts = [
            f"{self.names[a]} {self.candidates[a][b]} {self.probability(a, b, epoch):.2f}" for a, b in leads
        ]
        kept = self.kept[epoch]
        names = [self.drawn[index].name for index in sorted(kept.edges if kept is not None else ())]
        ending = f". Kept: {', '.join(names)}." if names else "."
        return f"Epoch {self.epochs[epoch]} of {self.epochs[-1]}: {', '.join(parts)}{ending}"

    def data(self) -> dict[str, Any]:
        """For the script, JSON-able."""
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
        """The candidates with which an edge is there, as numbers of choice and candidate."""
        drawn = self.drawn[edge]
        if drawn.choice is None:
            return []
        number = self.numbers[drawn.choice.name]
        if drawn.candidate is not None:
            return [(number, drawn.choice.candidates.index(drawn.candidate))]
        return [(number, index) for index, name in enumerate(drawn.choice.candidates) if not is_zero(name)]


def _kept(
    space: SearchSpace, drawn: Sequence[Drawn], line: Mapping[str, Any], seen: dict[str, _Kept | None]
) -> _Kept | None:
    """What the architecture of an epoch keeps, derived again; None where rounding made another one of it."""
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
