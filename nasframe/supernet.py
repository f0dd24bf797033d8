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
from torch import Tensor, nn

from nasframe.errors import SpaceError
from nasframe.logits import Logits
from nasframe.module_keys import module_key
from nasframe.network import FIXED, Block, infer_shapes, make_block, take_input
from nasframe.operations import OpSpec
from nasframe.plan import Candidates, NodePlan, PortPlan, Source
from nasframe.relaxations import Sample
from nasframe.space import FlatEdge, SearchSpace

__all__ = ["Supernet", "Unselected"]

Unselected = Literal["evaluate", "skip"]


class Supernet(nn.Module):
    """Every candidate of a space, and the logits that choose among them.

    Parameters live per operation and are named `nodes.<node>.<candidate>…`, as in the built network.

    Args:
        space: what to hold.
        unselected: under one-hot weights with a gradient, "evaluate" the operations and sources that were
            not selected, or "skip" them, so that the logits learn from the selected ones alone (GDAS).
    """

    def __init__(self, space: SearchSpace, *, unselected: Unselected = "evaluate") -> None:
        super().__init__()
        self.space, self.unselected = space, unselected
        self.wiring = space.wiring
        self.shapes = infer_shapes(space)
        self.logits = Logits(space)
        self.nodes, self.edges = nn.ModuleDict(), nn.ModuleDict()
        ports: dict[PortPlan, PortPlan] = {}
        index: list[int] = []
        self.plan: tuple[NodePlan, ...] = tuple(self._plan(name, ports, index) for name in self.wiring.nodes)
        self.index: Tensor
        self.register_buffer("index", torch.tensor(index, dtype=torch.long), persistent=False)

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
            found, wanted = tuple(weights[table.key].weights.shape), (len(table.rows), len(table.candidates))
            if found != wanted:
                raise SpaceError(f"weights {table.key!r} must be {wanted}, found {found}")
        return _Pass(self, inputs, weights).output()

    def _plan(self, name: str, ports: dict[PortPlan, PortPlan], index: list[int]) -> NodePlan:
        """Make the modules of a node and of the edges into it, and note what a pass needs to know."""
        node, columns = self.wiring.nodes[name], {t.key: len(t.candidates) for t in self.logits.tables}
        plans = []
        for port in node.ports:
            plan = PortPlan(
                tuple(self._source(edge) for edge in self.wiring.arrivals[name, port]),
                self.shapes.ports[name, port],
            )
            if plan not in ports:
                ports[plan] = plan.with_weights(columns, index)
            plans.append(ports[plan])
        candidates = None
        if node.choice is not None:
            candidates = self._candidates(node.choice.name)
        if node.choice is not None or node.operation is not None:
            shapes = [plan.shape for plan in plans] or [node.shape or ()]
            self.nodes[module_key(name)] = nn.ModuleDict(
                {
                    module_key(key): make_block(
                        node.spec(None if key == FIXED else key), node.then, shapes, node.ports
                    )
                    for key in (candidates.names if candidates is not None else (FIXED,))
                }
            )
        passes = node.is_input and node.operation is None
        return NodePlan(name, tuple(plans), candidates, node.is_input, passes)

    def _source(self, edge: FlatEdge) -> Source:
        """Where an edge's weight stands and which modules it passes through."""
        port_choice = self.wiring.nodes[edge.target].port_choices.get(edge.port)
        candidates = None if edge.choice is None else self._candidates(edge.choice.name)
        if candidates is not None and candidates.only_passes:
            (column,) = (i for i, name in enumerate(candidates.names) if i not in candidates.zeros)
            return Source(edge.source, "", candidates.table, candidates.row, column)
        plain = edge.choice is None and edge.operation is None
        if not plain:
            shape = self.shapes.nodes[edge.source]
            specs = [edge.operation] if edge.operation is not None else []
            specs += [OpSpec(name) for name in (candidates.names if candidates is not None else ())]
            blocks = {module_key(spec.name): make_block(spec, (), [shape]) for spec in specs}
            self.edges[module_key(edge.name)] = nn.ModuleDict(blocks)
        through = "" if plain else edge.name
        if port_choice is None:
            return Source(edge.source, through, candidates=candidates)
        table, row = self.logits.place[port_choice.name]
        return Source(edge.source, through, table.key, row, table.candidates.index(edge.label))

    def _candidates(self, choice: str) -> Candidates:
        table, row = self.logits.place[choice]
        zeros = frozenset(i for i, name in enumerate(table.candidates) if self.wiring.removes(choice, name))
        passing = [self.wiring.passes(choice, name) for name in table.candidates]
        only = len(passing) - len(zeros) == 1 and any(passing)
        return Candidates(table.key, row, table.candidates, zeros, only)


class _OneHotMix(torch.autograd.Function):
    """Σᵢ wᵢ vᵢ for one-hot w: the selected values go through; ∂/∂wᵢ = ⟨g, vᵢ⟩ for every value given."""

    @staticmethod
    def forward(
        ctx: Any, weights: Tensor, selected: Sequence[int], like: Tensor, *values: Tensor | None
    ) -> Tensor:
        ctx.set_materialize_grads(False)  # no gradient stays no gradient: it must not become a zero
        ctx.selected, ctx.count, ctx.shape = selected, len(values), weights
        ctx.present = [index for index, value in enumerate(values) if value is not None]
        ctx.save_for_backward(*(value for value in values if value is not None))
        chosen = [value for index in selected if (value := values[index]) is not None]
        if not chosen:
            return torch.zeros_like(like)
        return sum(chosen[1:], chosen[0]) if len(chosen) > 1 else chosen[0].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        for_weights: Tensor | None = None
        for_values: list[Tensor | None] = [None] * ctx.count
        if gradient is not None:
            if ctx.needs_input_grad[0]:
                for_weights = torch.zeros_like(ctx.shape)
                flat = gradient.reshape(-1)
                for index, value in zip(ctx.present, ctx.saved_tensors, strict=True):
                    for_weights[index] = torch.dot(flat, value.reshape(-1)).to(for_weights.dtype)
            for index in ctx.selected:
                if ctx.needs_input_grad[3 + index]:
                    for_values[index] = gradient
        return (for_weights, None, None, *for_values)


class _Pass:
    """One forward pass: remembers what was computed already. None stands for a value known to be zero."""

    def __init__(self, net: Supernet, inputs: Mapping[str, Tensor], weights: Mapping[str, Sample]) -> None:
        self.net, self.inputs, self.weights = net, inputs, weights
        self.values: dict[str, Tensor | None] = {}
        self.sums: dict[int, Tensor | None] = {}
        self.flat = {key: sample.weights.reshape(-1) for key, sample in weights.items()}
        self.selected = _winners(weights)
        self.sparse = all(sample.one_hot and not sample.weights.requires_grad for sample in weights.values())

    def output(self) -> Tensor:
        last = self.net.wiring.output
        needed = self._needed(last) if self.sparse else None
        for plan in self.net.plan:
            if needed is None or plan.name in needed:
                self.values[plan.name] = self._evaluate(plan)
        result = self.values[last]
        if result is None:  # everything that reaches it is zero
            return self._zeros(self.net.shapes.nodes[last])
        return result

    def _needed(self, last: str) -> set[str]:
        """The nodes that reach the output under one-hot weights."""
        needed = {last}
        for plan in reversed(self.net.plan):
            if plan.name in needed and not self._is_removed(plan):
                needed.update(s.node for port in plan.ports for s in port.sources if self._is_selected(s))
        return needed

    def _is_removed(self, plan: NodePlan) -> bool:
        found = plan.candidates
        return found is not None and self._winner(found.table, found.row) in found.zeros

    def _winner(self, table: str, row: int) -> int | None:
        rows = self.selected[table]
        return None if rows is None else rows[row]

    def _is_selected(self, source: Source) -> bool:
        """Whether one-hot weights keep a source; one without a weight of its own always is."""
        return source.table is None or self._winner(source.table, source.row) == source.column

    def _evaluate(self, plan: NodePlan) -> Tensor | None:
        if plan.passes:
            return take_input(self.inputs, plan.name)
        if self.sparse and self._is_removed(plan):
            return None
        blocks: Any = self.net.nodes[module_key(plan.name)]
        arrived = [take_input(self.inputs, plan.name)] if plan.is_input else self._arrived(plan)
        if plan.candidates is None:
            result: Tensor = blocks[FIXED](*arrived)
            return result
        return self._choose(plan.candidates, blocks, arrived)

    def _choose(self, candidates: Candidates, blocks: Any, arrived: Sequence[Tensor]) -> Tensor | None:
        """The mixture of a choice's candidates."""
        winner = self._winner(candidates.table, candidates.row)
        if self.sparse:
            assert winner is not None
            return (
                None if winner in candidates.zeros else blocks[module_key(candidates.names[winner])](*arrived)
            )
        outputs: list[Tensor | None] = []
        for index, name in enumerate(candidates.names):
            if index in candidates.zeros:
                outputs.append(None)
            elif winner is None or winner == index:
                outputs.append(blocks[module_key(name)](*arrived))
            else:
                outputs.append(self._unselected(blocks[module_key(name)], *arrived))
        weights = self.weights[candidates.table].weights[candidates.row]
        return self._mix(weights, outputs, None if winner is None else [winner])

    def _unselected(self, block: Block, *arrived: Tensor) -> Tensor | None:
        """The value of an operation that one-hot weights left out: no graph, no trace, or nothing at all."""
        if self.net.unselected == "skip":
            return None
        with torch.no_grad():
            buffers = [(buffer, buffer.clone()) for buffer in block.buffers()]
            result: Tensor = block(*arrived)
            for buffer, before in buffers:
                buffer.copy_(before)
        return result

    def _arrived(self, plan: NodePlan) -> list[Tensor]:
        """What arrives at each port; ports fed by the same weighted sources share one plan and one sum."""
        arrived = []
        for port in plan.ports:
            key = id(port)
            if key not in self.sums:
                self.sums[key] = self._sum(port)
            value = self.sums[key]
            arrived.append(self._zeros(port.shape) if value is None else value)
        return arrived

    def _sum(self, port: PortPlan) -> Tensor | None:
        if self.sparse:
            return _plain_sum([self._edge(source) for source in port.sources if self._is_selected(source)])
        total = _plain_sum([self._edge(source) for source in port.sources if source.table is None])
        for group in port.weighted:
            selected, values = None, [self._edge(source) for source in group.sources]
            if self.selected[group.table] is not None:
                selected = [i for i, source in enumerate(group.sources) if self._is_selected(source)]
                if self.net.unselected == "skip":
                    values = [value if i in selected else None for i, value in enumerate(values)]
            coefficients = self.flat[group.table][self.net.index[group.index]]
            total = _plain_sum([total, self._mix(coefficients, values, selected)])
        return total

    def _edge(self, source: Source) -> Tensor | None:
        """What an edge hands on, before the weight of its source."""
        value = self.values[source.node]
        if value is None or not source.through:
            return value
        blocks: Any = self.net.edges[module_key(source.through)]
        if source.candidates is not None:
            return self._choose(source.candidates, blocks, [value])
        (block,) = blocks.values()
        result: Tensor = block(value)
        return result

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


def _winners(weights: Mapping[str, Sample]) -> dict[str, list[int] | None]:
    """Packed parameter → the selected column of each row, None where the weights are not one-hot.

    One transfer from the device for all of them.
    """
    one_hot = {key: sample.weights.detach() for key, sample in weights.items() if sample.one_hot}
    found: dict[str, list[int] | None] = dict.fromkeys(weights)
    if one_hot:
        flat = torch.cat([value.argmax(-1) for value in one_hot.values()]).tolist()
        for key, value in one_hot.items():
            found[key], flat = flat[: len(value)], flat[len(value) :]
    return found


def _plain_sum(values: Sequence[Tensor | None]) -> Tensor | None:
    total: Tensor | None = None
    for value in values:
        if value is not None:
            total = value if total is None else total + value
    return total
