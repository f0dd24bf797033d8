"""The relaxed network: every candidate of a space at once, weighted.

It is computed in one of three ways, which the weights decide; all compute the same function.

- weights that are one-hot and carry no gradient (a weight update under a sampled architecture, a derived
  architecture): only what reaches the output is evaluated;
- one-hot weights with a gradient (an architecture update of a straight-through relaxation): only the
  selected operation is back-propagated through, the others are evaluated without a graph, for their inner
  product with the gradient of the output;
- anything else: the weighted sum of all candidates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from nasframe.errors import SpaceError
from nasframe.module_names import accept_former_names, module_key
from nasframe.network import FIXED, edge_operations, infer_shapes, make_block, require_memory
from nasframe.operations import is_identity
from nasframe.relaxations import Relaxation, Sample
from nasframe.runtime import counted, visible
from nasframe.space import FlatEdge, SearchSpace
from nasframe.supernet.empty_ports import EmptyPorts
from nasframe.supernet.forward_pass import Bfloat16, ForwardPass, Unselected
from nasframe.supernet.logits import Logits
from nasframe.supernet.plan import Candidates, NodePlan, Plan, PortPlan, Source

__all__ = ["Supernet"]


class Supernet(nn.Module):
    """Every candidate of a space, and the logits that choose among them.

    Parameters live per operation and are named `nodes.<node>.<candidate>…`, as in the built network.

    Args:
        space: the search space.
        unselected: under one-hot weights with a gradient, "evaluate" the operations and sources that were
            not selected, or "skip" them, so that the logits learn from the selected ones alone (GDAS).
        empty_ports: whether `sample` may leave a port without any source ("allow"), or draws the choices that
            feed such a port again ("redraw").

    Attributes:
        redraws: the ports that a sample can leave empty, with counts of the samples in which one was.

    Example:
        >>> import torch
        >>> from nasframe import Choice, SearchSpace, Supernet
        >>> from nasframe.relaxations import Softmax
        >>> space = SearchSpace("sum of inputs")
        >>> _ = space.add_node("sum", "identity")
        >>> for name in ("audio", "video"):
        ...     _ = space.add_input(name, (3,))
        ...     space.connect(name, "sum", choice=Choice(f"use {name}", ("zero", "identity"), "alpha"))
        >>> space.set_output("sum")
        >>> supernet = Supernet(space)
        >>> {key: tuple(logits.shape) for key, logits in supernet.logits.values.items()}
        {'alpha': (2, 2)}
        >>> weights = supernet.sample(Softmax())
        >>> supernet({"audio": torch.ones(5, 3), "video": torch.ones(5, 3)}, weights).shape
        torch.Size([5, 3])
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        unselected: Unselected = "evaluate",
        empty_ports: Literal["allow", "redraw"] = "allow",
    ) -> None:
        super().__init__()
        self.space, self.unselected, self.empty_ports = space, unselected, empty_ports
        self.wiring = space.wiring
        self.shapes = infer_shapes(space)
        require_memory(space.name, sum(cost.parameters for cost in self.shapes.costs.values()))
        self.logits = Logits(space)
        self.nodes, self.edges = nn.ModuleDict(), nn.ModuleDict()
        ports: dict[PortPlan, PortPlan] = {}
        index: list[int] = []
        self.plan = Plan(
            nodes=tuple(self._plan_node(name, ports, index) for name in self.wiring.nodes),
            output=self.wiring.output,
            shape=self.shapes.nodes[self.wiring.output],
        )
        self.index: Tensor
        self.register_buffer("index", torch.tensor(index, dtype=torch.long), persistent=False)
        self.redraws = EmptyPorts(self.plan, {t.key: len(t.candidates) for t in self.logits.tables})
        accept_former_names(self)

    def __repr__(self) -> str:
        """Return a line: space, choices, and parameters, of which the logits are counted by themselves.

        Printed, `supernet.nodes` and `supernet.edges` list the modules, as PyTorch lists them.
        """
        weights = counted(sum(value.numel() for value in self.weights()), "parameter")
        logits = counted(sum(value.numel() for value in self.architecture_parameters()), "logit")
        choices = counted(len(self.space.choices), "choice")
        return f"<Supernet of {visible(self.space.name)}: {choices}, {weights} and {logits}>"

    def weights(self) -> list[nn.Parameter]:
        """Return every parameter that is not a logit."""
        return [parameter for name, parameter in self.named_parameters() if not name.startswith("logits.")]

    def architecture_parameters(self) -> list[nn.Parameter]:
        """Return the packed logits."""
        return list(self.logits.values.values())

    def sample(
        self, relaxation: Relaxation, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> dict[str, Sample]:
        """Return one sample for each packed parameter.

        The relaxation is called once for each. Where `empty_ports` is "redraw" and the weights are one-hot,
        it is called again for the choices that feed an empty port; `nasframe.supernet.empty_ports` states
        the distribution. The same state of the generator gives the same samples.
        """
        samples = self.logits.sample(relaxation, progress, generator)
        if self.empty_ports == "allow":
            return samples

        def draw(key: str, rows: Sequence[int], number: int) -> Sample:
            return relaxation.sample(self.logits.values[key][rows].repeat(number, 1), progress, generator)

        return self.redraws.fill(samples, draw)

    def forward(
        self,
        inputs: Mapping[str, Tensor],
        weights: Mapping[str, Sample],
        *,
        bfloat16: Bfloat16 = "none",
    ) -> Tensor:
        """Return the output of the space, `(batch, *shape)`.

        Args:
            inputs: each input of the space, `(batch, *shape)`.
            weights: packed parameter → sample, from `sample`, `logits.probabilities` or
                `logits.one_hot`. Nothing is sampled here.
            bfloat16: the matrix products that are computed in bfloat16: "projections" are those of fixed
                operations at the inputs, "all" those that `torch.autocast` takes. Parameters stay as they
                are, and so does the output's type.

        Raises:
            SpaceError: the weights of a packed parameter have another shape.
        """
        samples = weights  # `weights` of a supernet are its parameters; the public keyword stays
        for table in self.logits.tables:
            found, wanted = tuple(samples[table.key].weights.shape), (len(table.rows), len(table.candidates))
            if found != wanted:
                raise SpaceError(f"weights {table.key!r} must be {wanted}, found {found}")
        forward_pass = ForwardPass(
            plan=self.plan,
            nodes=self.nodes,
            edges=self.edges,
            index=self.index,
            unselected=self.unselected,
            bfloat16=bfloat16,
            inputs=inputs,
            samples=samples,
        )
        return forward_pass.output()

    def _plan_node(self, name: str, ports: dict[PortPlan, PortPlan], index: list[int]) -> NodePlan:
        """Make the modules of a node and of the edges into it, and return the node's plan."""
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
        return NodePlan(name, tuple(plans), candidates, node.is_input, passes, self._relays(name))

    def _source(self, edge: FlatEdge) -> Source:
        """Make the modules of an edge, and return its source: the place of its weight, and its modules."""
        chosen = self.wiring.port_sources.get((edge.target, edge.port))
        candidates = None if edge.choice is None else self._candidates(edge.choice.name)
        if candidates is not None and candidates.only_passes:
            (column,) = (i for i, name in enumerate(candidates.names) if i not in candidates.zeros)
            return Source(edge.source, "", candidates.table, candidates.row, (column,))
        operations = edge_operations(edge)
        if operations:
            shape = self.shapes.nodes[edge.source]
            blocks = {module_key(key): make_block(spec, (), [shape]) for key, spec in operations.items()}
            self.edges[module_key(edge.name)] = nn.ModuleDict(blocks)
        through = edge.name if operations else ""
        if chosen is None:
            return Source(edge.source, through, candidates=candidates)
        table, row = self.logits.place[chosen.choice.name]
        columns = chosen.places(edge.label, (edge.target, edge.port))
        return Source(edge.source, through, table.key, row, columns)

    def _candidates(self, choice: str) -> Candidates:
        table, row = self.logits.place[choice]
        zeros = frozenset(i for i, name in enumerate(table.candidates) if self.wiring.removes(choice, name))
        passing = [self.wiring.passes(choice, name) for name in table.candidates]
        only = len(passing) - len(zeros) == 1 and any(passing)
        return Candidates(table.key, row, table.candidates, zeros, only)

    def _relays(self, name: str) -> frozenset[int]:
        """Return the columns of a node's candidates that return what arrives unchanged; see `NodePlan`."""
        node = self.wiring.nodes[name]
        if node.is_input or node.then:
            return frozenset()
        names = (None,) if node.choice is None else node.choice.candidates
        return frozenset(column for column, item in enumerate(names) if is_identity(node.spec(item)))
