"""The words that a picture shows to those who point at a node or an arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from nasframe.operations import OpSpec
from nasframe.render.measures import Measures
from nasframe.runtime import counted
from nasframe.space import Architecture, Arrival, Choice

__all__ = ["Hover"]

_MOST = 12
"""Candidates that are listed; of more, the most probable ones."""

Probabilities = Mapping[str, Mapping[str, float | None]]


@frozen
class Hover:
    """The facts about the parts of a network.

    Attributes:
        architecture: the network's.
        probabilities: choice → candidate → probability, at the end of a search; empty where none is known.
        measures: shapes and parameters.
    """

    architecture: Architecture
    probabilities: Probabilities = field(factory=dict)
    measures: Measures = field(factory=Measures)

    def node(self, name: str) -> list[str]:
        """Return the lines on a node: its name, operation, candidates and sources, shape and parameters."""
        resolved, wiring = self.architecture.resolved, self.architecture.space.wiring
        node, spec = wiring.nodes[name], resolved.operations[name]
        lines = [f"{name}: {_chain(spec, node.then)}"]
        if node.choice is not None:
            lines += self._choice("chosen among", node.choice)
        elif spec is not None:
            lines.append("not searched")
        decided = {
            made.choice.name: (f"port {port}" if len(made.ports) == 1 else "sources", made.choice)
            for port in node.ports
            if (made := wiring.port_sources.get((name, port))) is not None and len(made.choice.candidates) > 1
        }
        for key, (words, choice) in decided.items():
            lines += self._choice(f"{words}: {self.architecture.assignment.get(key, '')}, among", choice)
        if name in self.measures.shapes:
            lines.append(f"shape {' × '.join(map(str, self.measures.shapes[name])) or 'of one number'}")
        if name in self.measures.parameters:
            lines.append(counted(self.measures.parameters[name], "parameter"))
        return lines

    def arrow(self, arrival: Arrival) -> list[str]:
        """Return the lines on an arrow: its ends, operation, candidates and parameters."""
        edge, resolved = arrival.edge, self.architecture.resolved
        several = len(resolved.arrivals[edge.target]) > 1
        lines = [f"{arrival.source} → {edge.target}{f'.{edge.port}' if several else ''}"]
        if edge.choice is not None:
            passed = arrival.through or self.architecture.assignment.get(edge.choice.name, "")
            lines[0] += f": {passed}" if passed else ""
            lines += self._choice("chosen among", edge.choice)
        elif arrival.operation is not None:
            lines[0] += f": {arrival.operation.label}"
            lines.append("not searched")
        count = self.measures.parameters.get((arrival.source, edge.target, edge.port))
        if count is not None:
            lines.append(counted(count, "parameter"))
        return lines

    def _choice(self, words: str, choice: Choice) -> list[str]:
        known = self.probabilities.get(choice.name) or {}
        shares = {name: share for name in choice.candidates if (share := known.get(name)) is not None}
        names: Sequence[str] = choice.candidates
        if len(names) > _MOST and shares:
            names = sorted(shares, key=lambda name: -shares[name])
        told = [f"{name} {shares[name]:.2f}" if name in shares else name for name in names[:_MOST]]
        rest = len(choice.candidates) - len(told)
        more = [f"{rest:,} more"] if rest > 0 else []
        return [f"{words}: {', '.join([*told, *more])}"]


def _chain(spec: OpSpec | None, then: Sequence[OpSpec]) -> str:
    return ", then ".join(item.label for item in (spec, *then) if item is not None) or "input"
