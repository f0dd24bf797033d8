"""One pass through the supernet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import torch
from torch import Tensor, nn

from nasframe.module_names import module_key
from nasframe.network import FIXED, Block, take_input, values_beside
from nasframe.relaxations import Sample
from nasframe.runtime import to_device
from nasframe.supernet.mixture import mix, plain_sum
from nasframe.supernet.plan import Candidates, NodePlan, Plan, PortPlan, Source

__all__ = ["Bfloat16", "ForwardPass", "Unselected", "weights_beside", "winners_of"]

Unselected = Literal["evaluate", "skip"]

Bfloat16 = Literal["none", "projections", "all"]
"""The matrix products that are computed in bfloat16."""


class ForwardPass:
    """One forward pass; it computes each value once. None stands for a value known to be zero.

    Args:
        plan: of the supernet.
        nodes: node → candidate → module.
        edges: edge → candidate → module.
        index: the places of the plan's weighted sources in the flattened parameters; see `WeightedSources`.
        unselected: see `Supernet`.
        bfloat16: see `Supernet.forward`.
        inputs: each input of the space, `(batch, *shape)`.
        samples: packed parameter → sample of its weights.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        nodes: nn.ModuleDict,
        edges: nn.ModuleDict,
        index: Tensor,
        unselected: Unselected,
        bfloat16: Bfloat16,
        inputs: Mapping[str, Tensor],
        samples: Mapping[str, Sample],
    ) -> None:
        self.plan, self.nodes, self.edges, self.index = plan, nodes, edges, index
        self.unselected, self.bfloat16 = unselected, bfloat16
        self.inputs, self.samples = inputs, samples
        self.values: dict[str, Tensor | None] = {}
        self.sums: dict[int, Tensor | None] = {}
        self.selected = winners_of(samples)
        self.sparse = all(sample.one_hot and not sample.weights.requires_grad for sample in samples.values())
        # which is all that one-hot weights without a gradient say
        self.weights = {} if self.sparse else weights_beside(next(iter(inputs.values())), samples)
        self.flat = {key: weights.reshape(-1) for key, weights in self.weights.items()}

    def output(self) -> Tensor:
        """Return the value of the output node, `(batch, *shape)`."""
        needed = self._needed() if self.sparse else None
        with self._autocast() if self.bfloat16 == "all" else nullcontext():
            plans = [plan for plan in self.plan.nodes if needed is None or plan.name in needed]
            self.values |= self._values_beside(plans)
            for plan in plans:
                if plan.name not in self.values:
                    self.values[plan.name] = self._evaluate(plan)
        result = self.values[self.plan.output]
        if result is None:  # everything that reaches it is zero
            return self._zeros(self.plan.shape)
        return _not_reduced(result) if self.bfloat16 == "all" else result

    def _values_beside(self, plans: Sequence[NodePlan]) -> dict[str, Tensor]:
        fixed = [plan.name for plan in plans if plan.is_input and not plan.passes]
        nodes: Any = self.nodes
        blocks = {name: nodes[module_key(name)][FIXED] for name in fixed}
        return values_beside(blocks, self.inputs, torch.bfloat16 if self.bfloat16 == "projections" else None)

    def _autocast(self) -> AbstractContextManager[object]:
        return torch.autocast(next(iter(self.inputs.values())).device.type, torch.bfloat16)

    def _needed(self) -> set[str]:
        """Return the nodes that reach the output under one-hot weights."""
        needed = {self.plan.output}
        for plan in reversed(self.plan.nodes):
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
        return source.is_selected(self.selected)

    def _evaluate(self, plan: NodePlan) -> Tensor | None:
        if plan.passes:
            return take_input(self.inputs, plan.name)
        if self.sparse and self._is_removed(plan):
            return None
        blocks: Any = self.nodes[module_key(plan.name)]
        arrived = [take_input(self.inputs, plan.name)] if plan.is_input else self._arrived(plan)
        if plan.candidates is None:
            result: Tensor
            if plan.is_input and self.bfloat16 == "projections":
                with self._autocast():
                    result = blocks[FIXED](*arrived)
                return _not_reduced(result)
            result = blocks[FIXED](*arrived)
            return result
        return self._choose(plan.candidates, blocks, arrived)

    def _choose(self, candidates: Candidates, blocks: Any, arrived: Sequence[Tensor]) -> Tensor | None:
        """Return the mixture of a choice's candidates."""
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
        weights = self.weights[candidates.table][candidates.row]
        return mix(weights, outputs, None if winner is None else [winner])

    def _unselected(self, block: Block, *arrived: Tensor) -> Tensor | None:
        """Return the value of an operation that one-hot weights left out; None where these are skipped.

        It has no graph, and the operation's buffers stay as they were. Only its inner product with the
        gradient counts, so noise that is added last is averaged out: the mean of the product, exactly.
        """
        if self.unselected == "skip":
            return None
        with torch.no_grad():
            buffers = [(buffer, buffer.clone()) for buffer in block.buffers()] if block.has_buffers else []
            result = block.mean(*arrived)
            for buffer, before in buffers:
                buffer.copy_(before)
        return result

    def _arrived(self, plan: NodePlan) -> list[Tensor]:
        """Return the sum at each port; ports with the same weighted sources share one plan and one sum."""
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
            return plain_sum([self._edge(source) for source in port.sources if self._is_selected(source)])
        total = plain_sum([self._edge(source) for source in port.sources if source.table is None])
        for group in port.weighted:
            selected, values = None, [self._edge(source) for source in group.sources]
            if self.selected[group.table] is not None:
                selected = [i for i, source in enumerate(group.sources) if self._is_selected(source)]
                if self.unselected == "skip":
                    values = [value if i in selected else None for i, value in enumerate(values)]
            coefficients = self.flat[group.table][self.index[group.index]]
            if group.owners is not None:
                zeros = coefficients.new_zeros(len(group.sources))
                coefficients = zeros.index_add(0, self.index[group.owners], coefficients)
            total = plain_sum([total, mix(coefficients, values, selected)])
        return total

    def _edge(self, source: Source) -> Tensor | None:
        """Return the value of an edge, before the weight of its source."""
        value = self.values[source.node]
        if value is None or not source.through:
            return value
        blocks: Any = self.edges[module_key(source.through)]
        if source.candidates is not None:
            return self._choose(source.candidates, blocks, [value])
        (block,) = blocks.values()
        result: Tensor = block(value)
        return result

    def _zeros(self, shape: tuple[int, ...]) -> Tensor:
        some = next(iter(self.inputs.values()))
        return some.new_zeros((len(some), *shape))


def _not_reduced(value: Tensor) -> Tensor:
    return value.float() if value.dtype == torch.bfloat16 else value


def weights_beside(value: Tensor, samples: Mapping[str, Sample]) -> dict[str, Tensor]:
    """Return packed parameter → its weights on the device of a value, to which all travel together."""
    found = {key: sample.weights for key, sample in samples.items()}
    for dtype in {weights.dtype for weights in found.values() if weights.device != value.device}:
        moving = {key: weights for key, weights in found.items() if weights.dtype == dtype}
        flat = to_device(torch.cat([weights.reshape(-1) for weights in moving.values()]), value.device)
        parts = torch.split(flat, [weights.numel() for weights in moving.values()])
        found |= {key: part.view(moving[key].shape) for key, part in zip(moving, parts, strict=True)}
    return found


def winners_of(samples: Mapping[str, Sample]) -> dict[str, list[int] | None]:
    """Return packed parameter → the selected column of each row, None where the weights are not one-hot.

    Samples of logits are on the CPU; all others are read in one transfer.
    """
    one_hot = {key: sample.weights.detach() for key, sample in samples.items() if sample.one_hot}
    found: dict[str, list[int] | None] = dict.fromkeys(samples)
    if one_hot:
        flat = torch.cat([value.argmax(-1) for value in one_hot.values()]).tolist()
        for key, value in one_hot.items():
            found[key], flat = flat[: len(value)], flat[len(value) :]
    return found
