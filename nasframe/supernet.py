"""The relaxed network: every candidate of a space at once, weighted.

Three ways through it, chosen by what the weights are; all compute the same function.

- weights that are one-hot and carry no gradient (a weight update under a sampled architecture, a derived
  architecture): only what reaches the output is evaluated;
- one-hot weights with a gradient (an architecture update of a straight-through relaxation): only the
  selected operation is back-propagated through, the others are evaluated without a graph, for their inner
  product with the gradient of the output;
- anything else: the weighted sum of all candidates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from attrs import frozen
from torch import Tensor, nn

from nasframe.errors import SpaceError
from nasframe.logits import Logits
from nasframe.network import FIXED, Block, infer_shapes, make_block, take_input
from nasframe.operations import OpSpec, is_identity, is_zero
from nasframe.relaxations import Sample
from nasframe.space import FlatEdge, SearchSpace

__all__ = ["Supernet", "Unselected"]

Unselected = Literal["evaluate", "skip"]


class _OneHotMix(torch.autograd.Function):
    """Σᵢ wᵢ vᵢ for one-hot w: the selected values go through; ∂/∂wᵢ = ⟨g, vᵢ⟩ for every value given."""

    @staticmethod
    def forward(
        ctx: Any, weights: Tensor, selected: Sequence[int], like: Tensor, *values: Tensor | None
    ) -> Tensor:
        ctx.selected, ctx.count = selected, len(values)
        ctx.present = [index for index, value in enumerate(values) if value is not None]
        ctx.save_for_backward(*(value for value in values if value is not None))
        ctx.weight_like = weights
        chosen = [value for index in selected if (value := values[index]) is not None]
        if not chosen:
            return torch.zeros_like(like)
        return sum(chosen[1:], chosen[0]) if len(chosen) > 1 else chosen[0].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        for_weights = None
        if ctx.needs_input_grad[0]:
            for_weights = torch.zeros_like(ctx.weight_like)
            flat = gradient.reshape(-1)
            for index, value in zip(ctx.present, ctx.saved_tensors, strict=True):
                for_weights[index] = torch.dot(flat, value.reshape(-1)).to(for_weights.dtype)
        for_values: list[Tensor | None] = [None] * ctx.count
        for index in ctx.selected:
            if ctx.needs_input_grad[3 + index]:
                for_values[index] = gradient
        return (for_weights, None, None, *for_values)


@frozen
class _Source:
    """One edge into a port: where its weight stands (None: it is fixed at one)."""

    edge: FlatEdge
    table: str | None = None
    row: int = 0
    column: int = 0


class Supernet(nn.Module):
    """Every candidate of a space, and the logits that choose among them.

    Parameters live per operation and are named `nodes.<node>.<candidate>…`, as in the built network.

    Args:
        space: what to hold.
        unselected: under one-hot weights with a gradient, "evaluate" the operations that were not
            selected, or "skip" them, so that the logits learn from the selected one alone (GDAS).
    """

    def __init__(self, space: SearchSpace, *, unselected: Unselected = "evaluate") -> None:
        super().__init__()
        self.space, self.unselected = space, unselected
        self.wiring = space.wiring
        self.shapes = infer_shapes(space)
        self.logits = Logits(space)
        self.nodes, self.edges = nn.ModuleDict(), nn.ModuleDict()
        self._ports: dict[tuple[str, str], tuple[_Source, ...]] = {}
        for name, node in self.wiring.nodes.items():
            for port in node.ports:
                self._ports[name, port] = tuple(
                    self._source(edge) for edge in self.wiring.arrivals[name, port]
                )
            if node.is_input and node.operation is None:
                continue
            shapes = [self.shapes.ports[name, port] for port in node.ports] or [node.shape or ()]
            keys = node.choice.candidates if node.choice is not None else (FIXED,)
            self.nodes[name] = nn.ModuleDict(
                {
                    key: make_block(node.spec(None if key == FIXED else key), node.then, shapes, node.ports)
                    for key in keys
                }
            )

    def weights(self) -> list[nn.Parameter]:
        """Every parameter that is not a logit."""
        return [parameter for name, parameter in self.named_parameters() if not name.startswith("logits.")]

    def architecture_parameters(self) -> list[nn.Parameter]:
        """The packed logits."""
        return list(self.logits.values.values())

    def forward(self, inputs: Mapping[str, Tensor], weights: Mapping[str, Sample]) -> Tensor:
        """The output of the space.

        Args:
            inputs: each input of the space, `(batch, *shape)`.
            weights: packed parameter → sample, from `logits.sample`, `logits.probabilities` or
                `logits.one_hot`. Nothing is sampled here.
        """
        for table in self.logits.tables:
            found = tuple(weights[table.key].weights.shape)
            if found != (len(table.rows), len(table.candidates)):
                raise SpaceError(
                    f"weights {table.key!r} must be {(len(table.rows), len(table.candidates))}, found {found}"
                )
        return _Pass(self, inputs, weights).output()

    def _source(self, edge: FlatEdge) -> _Source:
        port_choice = self.wiring.nodes[edge.target].port_choices.get(edge.port)
        choice = port_choice or edge.choice
        operations = [edge.operation.name] if edge.operation is not None else []
        operations += list(edge.choice.candidates) if edge.choice is not None else []
        plain = all(is_identity(name) or is_zero(name) for name in operations)
        if not plain:
            shape = self.shapes.nodes[edge.source]
            specs = [edge.operation] if edge.operation is not None else [OpSpec(name) for name in operations]
            self.edges[edge.name] = nn.ModuleDict(
                {spec.name: make_block(spec, (), [shape]) for spec in specs}
            )
        if choice is None or (port_choice is None and not plain):
            return _Source(edge)
        table, row = self.logits.place[choice.name]
        if port_choice is not None:
            return _Source(edge, table.key, row, table.candidates.index(edge.label))
        passing = next((name for name in choice.candidates if is_identity(name)), None)
        if passing is None or len(choice.candidates) > 2:
            raise SpaceError(
                f"edge {edge.name}: an edge without parameters chooses between identity and zero"
            )
        return _Source(edge, table.key, row, table.candidates.index(passing))


class _Pass:
    """One forward pass: remembers what was computed already."""

    def __init__(self, net: Supernet, inputs: Mapping[str, Tensor], weights: Mapping[str, Sample]) -> None:
        self.net, self.inputs, self.weights = net, inputs, weights
        self.values: dict[str, Tensor | None] = {}
        self.sums: dict[tuple[Any, ...], Tensor | None] = {}
        self.selected = {
            key: sample.weights.argmax(-1).tolist() if sample.one_hot else None
            for key, sample in weights.items()
        }
        self.sparse = all(sample.one_hot and not sample.weights.requires_grad for sample in weights.values())

    def output(self) -> Tensor:
        if not self.sparse:  # every node may be needed for a gradient; in order, without recursion
            for name in self.net.wiring.nodes:
                self.value(name)
        result = self.value(self.net.wiring.output)
        if result is None:
            raise SpaceError("the output node chose zero: there is nothing to return")
        return result

    def value(self, name: str) -> Tensor | None:
        """The value of a node; None where it is known to be zero."""
        if name not in self.values:
            self.values[name] = self._evaluate(name)
        return self.values[name]

    def _evaluate(self, name: str) -> Tensor | None:
        node = self.net.wiring.nodes[name]
        if node.is_input and node.operation is None:
            return take_input(self.inputs, name)
        blocks: Any = self.net.nodes[name]
        if node.is_input:
            entered: Tensor = blocks[FIXED](take_input(self.inputs, name))
            return entered
        if node.choice is None:
            return self._run(blocks[FIXED], name)
        table, row = self.net.logits.place[node.choice.name]
        selected = self.selected[table.key]
        if self.sparse:
            assert selected is not None
            key = table.candidates[selected[row]]
            return None if is_zero(key) else self._run(blocks[key], name)
        arrived = self._arrived(name)
        outputs: list[Tensor | None] = []
        for index, key in enumerate(table.candidates):
            if is_zero(key):
                outputs.append(None)
            elif selected is None or selected[row] == index:
                outputs.append(blocks[key](*arrived))
            else:
                outputs.append(self._unselected(blocks[key], *arrived))
        return self._mix(
            self.weights[table.key].weights[row], outputs, None if selected is None else [selected[row]]
        )

    def _unselected(self, block: Block, *arrived: Tensor) -> Tensor | None:
        """The value of an operation that one-hot weights left out: no graph, or nothing at all."""
        if self.net.unselected == "skip":
            return None
        with torch.no_grad():
            result: Tensor = block(*arrived)
        return result

    def _run(self, block: Block, name: str) -> Tensor:
        result: Tensor = block(*self._arrived(name))
        return result

    def _arrived(self, name: str) -> list[Tensor]:
        """What arrives at each port of a node; ports fed by the same weighted sources share one sum."""
        arrived = []
        for port in self.net.wiring.nodes[name].ports:
            sources = self.net._ports[name, port]
            key = tuple(
                (s.edge.source, s.table, s.row, s.column, s.edge.name in self.net.edges and port)
                for s in sources
            )
            if key not in self.sums:
                self.sums[key] = self._sum(sources)
            value = self.sums[key]
            arrived.append(self._zeros(self.net.shapes.ports[name, port]) if value is None else value)
        return arrived

    def _sum(self, sources: Sequence[_Source]) -> Tensor | None:
        fixed = [self._edge(source) for source in sources if source.table is None]
        total = _plain_sum([value for value in fixed if value is not None])
        weighted = [source for source in sources if source.table is not None]
        if not weighted:
            return total
        if self.sparse:
            chosen = [self._edge(source) for source in weighted if self._is_selected(source)]
            return _plain_sum([value for value in [total, *chosen] if value is not None])
        coefficients = torch.stack(
            [self.weights[s.table].weights[s.row, s.column] for s in weighted if s.table]
        )
        selected = None
        if all(self.selected[source.table] is not None for source in weighted if source.table):
            selected = [index for index, source in enumerate(weighted) if self._is_selected(source)]
        mixed = self._mix(coefficients, [self._edge(source) for source in weighted], selected)
        return mixed if total is None else _plain_sum([total] + ([] if mixed is None else [mixed]))

    def _is_selected(self, source: _Source) -> bool:
        assert source.table is not None
        selected = self.selected[source.table]
        return selected is not None and selected[source.row] == source.column

    def _edge(self, source: _Source) -> Tensor | None:
        """What an edge hands on, before its weight."""
        value = self.value(source.edge.source)
        if value is None or source.edge.name not in self.net.edges:
            return value
        blocks: Any = self.net.edges[source.edge.name]
        choice = source.edge.choice
        if choice is None:
            (block,) = blocks.values()
            result: Tensor = block(value)
            return result
        table, row = self.net.logits.place[choice.name]
        selected = self.selected[table.key]
        outputs: list[Tensor | None] = []
        for index, key in enumerate(table.candidates):
            if is_zero(key) or (self.sparse and selected is not None and selected[row] != index):
                outputs.append(None)
            elif selected is None or selected[row] == index:
                outputs.append(blocks[key](value))
            else:
                outputs.append(self._unselected(blocks[key], value))
        if self.sparse:
            return _plain_sum([output for output in outputs if output is not None])
        return self._mix(
            self.weights[table.key].weights[row], outputs, None if selected is None else [selected[row]]
        )

    def _mix(
        self, weights: Tensor, values: Sequence[Tensor | None], selected: Sequence[int] | None
    ) -> Tensor | None:
        present = [value for value in values if value is not None]
        if not present:
            return None
        if selected is not None:
            mixed: Tensor = _OneHotMix.apply(weights, selected, present[0], *values)  # type: ignore[no-untyped-call]
            return mixed
        if len(present) < len(values):
            weights = weights[[index for index, value in enumerate(values) if value is not None]]
        result: Tensor = torch.tensordot(weights.to(present[0].dtype), torch.stack(present), dims=1)
        return result

    def _zeros(self, shape: tuple[int, ...]) -> Tensor:
        some = next(iter(self.inputs.values()))
        return some.new_zeros((len(some), *shape))


def _plain_sum(values: Sequence[Tensor]) -> Tensor | None:
    if not values:
        return None
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total
