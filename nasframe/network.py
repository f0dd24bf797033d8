"""`build`: the network of an architecture, an `nn.Module` with the kept operations alone."""

from __future__ import annotations

import copy
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import torch
from attrs import frozen
from torch import Tensor, nn

from nasframe.errors import ArchitectureError, SpaceError
from nasframe.linear_layers import linear_values, may_be_beside
from nasframe.module_names import accept_former_names, module_key, with_own_names
from nasframe.operations import (
    Cost,
    OpSpec,
    Shape,
    build_operation,
    infer,
    is_identity,
    is_zero,
    linear_of,
    origin_of,
)
from nasframe.runtime import counted, forked_seed, threads_beside, visible
from nasframe.seen_calls import has_hooks
from nasframe.space import Architecture, Arrival, FlatEdge, Resolved, SearchSpace, Wiring

__all__ = [
    "FIXED",
    "Block",
    "KeptShapes",
    "Network",
    "build",
    "cost_of",
    "edge_operations",
    "infer_shapes",
    "inherit",
    "make_block",
    "require_memory",
    "take_input",
    "values_beside",
]

FIXED = "fixed"
"""Key of the block of a node without a choice."""

_DRAWN = 8
"""Random examples by which an input is found to be read."""


@frozen
class Shapes:
    """Shapes and costs of a whole space, found on the meta device.

    Attributes:
        nodes: node → shape of its value.
        ports: (node, port) → shape of what arrives there.
        costs: (node or edge, candidate or `fixed`) → cost, with that of the operations that follow.
    """

    nodes: Mapping[str, Shape]
    ports: Mapping[tuple[str, str], Shape]
    costs: Mapping[tuple[str, str], Cost]


@frozen
class KeptShapes:
    """The shapes that a network was made with; by them it is made again without a try of its operations.

    Attributes:
        nodes: kept node → shape of its value.
        ports: kept node → kept port → shape of what arrives there.
        between: kept node with an operation → shapes of what arrives at the operations that follow.
    """

    nodes: Mapping[str, Shape]
    ports: Mapping[str, Mapping[str, Shape]]
    between: Mapping[str, Sequence[Shape]]

    @classmethod
    def of(cls, resolved: Resolved, wiring: Wiring, shapes: Shapes) -> KeptShapes:
        """Return those of a derived graph, by the shapes of its space."""
        nodes = {name: shapes.nodes[name] for name in resolved.operations}
        ports = {name: {port: shapes.ports[name, port] for port in resolved.arrivals[name]} for name in nodes}
        between = {}
        for name, spec in resolved.operations.items():
            if spec is not None:
                node = wiring.nodes[name]
                arriving = [*ports[name].values()] or [node.shape or ()]
                between[name] = shapes_between(spec, node.then, arriving, tuple(ports[name]))
        return cls(nodes, ports, between)

    def fits(self, resolved: Resolved, wiring: Wiring) -> bool:
        """Return whether there is a shape for every place of a derived graph, and no other."""
        following = {
            name: 0 if is_zero(spec) else len(wiring.nodes[name].then)
            for name, spec in resolved.operations.items()
            if spec is not None
        }
        return (
            self.nodes.keys() == resolved.operations.keys()
            and {name: set(ports) for name, ports in self.ports.items()}
            == {name: set(resolved.arrivals[name]) for name in resolved.operations}
            and {name: len(shapes) for name, shapes in self.between.items()} == following
        )


class Block(nn.Module):
    """An operation and those that follow it.

    Attributes:
        has_buffers: True where one of them keeps a state, such as running statistics.
    """

    def __init__(self, operation: nn.Module, then: Iterable[nn.Module] = ()) -> None:
        super().__init__()
        self.operation = operation
        self.then = nn.Sequential(*then)
        before_noise = [*self.then]
        while before_noise and getattr(before_noise[-1], "adds_noise", False):
            before_noise.pop()
        self._before_noise = tuple(before_noise)
        self.has_buffers = any(module._buffers for module in self.modules())

    def forward(self, *inputs: Tensor) -> Tensor:
        value: Tensor = self.operation(*inputs)
        for module in self.then:
            value = module(value)
        return value

    def as_linear(self) -> nn.Linear | None:
        """Return the linear layer that this block is, and nothing more; None where it is not one."""
        return None if len(self.then) or has_hooks(self, self.operation) else linear_of(self.operation)

    def mean(self, *inputs: Tensor) -> Tensor:
        """Return the value without the noise that the last operations, all of them maybe, add to it.

        It is the mean of `forward` over that noise; see `Operation.adds_noise`.
        """
        if not self._before_noise and getattr(self.operation, "adds_noise", False):
            return inputs[0]
        value: Tensor = self.operation(*inputs)
        for module in self._before_noise:
            value = module(value)
        return value


def make_block(
    spec: OpSpec,
    then: Sequence[OpSpec],
    shapes: Sequence[Shape],
    ports: Sequence[str] = (),
    between: Sequence[Shape] | None = None,
) -> Block:
    """Return the block for one operation; no other follows it where it stands for nothing.

    Args:
        spec: the operation.
        then: those that follow.
        shapes: of what arrives at it.
        ports: at which that arrives.
        between: shapes of what arrives at those that follow; None infers them.
    """
    operation = build_operation(spec, shapes, ports)
    between = shapes_between(spec, then, shapes, ports) if between is None else between
    following = zip(() if is_zero(spec) else then, between, strict=True)
    return Block(operation, [build_operation(item, [shape]) for item, shape in following])


def shapes_between(
    spec: OpSpec, then: Sequence[OpSpec], shapes: Sequence[Shape], ports: Sequence[str]
) -> list[Shape]:
    """Return the shape of what arrives at each operation that follows one; none follows nothing."""
    found: list[Shape] = []
    for place in range(0 if is_zero(spec) else len(then)):
        found.append(infer(then[place - 1], [found[-1]])[0] if place else infer(spec, shapes, ports)[0])
    return found


def infer_shapes(space: SearchSpace) -> Shapes:
    """Return the shapes of every node and port, and the costs of every candidate.

    Raises:
        SpaceError: an input without a shape; candidates, or arrivals at one port, that differ in shape.
    """
    wiring = space.wiring
    nodes: dict[str, Shape] = {}
    ports: dict[tuple[str, str], Shape] = {}
    costs: dict[tuple[str, str], Cost] = {}
    for name, node in wiring.nodes.items():
        if node.is_input:
            if node.shape is None:
                raise SpaceError(f"search space {space.name!r}: input {name!r} has no shape")
            nodes[name] = node.shape
            if node.operation is not None:
                nodes[name], costs[name, FIXED] = infer(node.operation, [node.shape])
            continue
        for port in node.ports:
            arriving: dict[str, Shape] = {}
            for edge in wiring.arrivals[name, port]:
                source = nodes[edge.source]
                specs = edge_operations(edge)
                for key, spec in specs.items():
                    shape, costs[edge.name, key] = infer(spec, [source])
                    if not is_zero(spec):
                        arriving[f"{edge.source} through {key}"] = shape
                if not specs:
                    arriving[edge.source] = source
            ports[name, port] = _agreed(arriving, f"port {port!r} of {name!r}")
        shapes = [ports[name, port] for port in node.ports]
        results: dict[str, Shape] = {}
        operations: list[OpSpec] = []
        keys = node.choice.candidates if node.choice is not None else (FIXED,)
        for key in keys:
            spec = node.spec(None if key == FIXED else key)
            try:
                shape, costs[name, key] = _infer_block(spec, node.then, shapes, node.ports)
            except SpaceError as error:
                raise SpaceError(f"{error}{_sources(space, name, nodes)}") from error
            if not is_zero(spec) or len(keys) == 1:
                results[key] = shape
                operations.append(spec)
        nodes[name] = _agreed(results, f"node {name!r}", operations)
    return Shapes(nodes, ports, costs)


def require_memory(name: str, parameters: int) -> None:
    """Refuse parameters that the memory of this machine cannot hold, before the first is made.

    Args:
        name: of the space, for the error.
        parameters: their number; each takes four bytes. On the meta device they take none.

    Raises:
        SpaceError: with both sizes.
    """
    if torch.get_default_device().type == "meta" or not hasattr(os, "sysconf"):
        return
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if 4 * parameters > memory:
        raise SpaceError(
            f"search space {name!r}: {parameters:,} parameters take {4 * parameters / 1e9:,.0f} GB, and this "
            f"machine has {memory / 1e9:,.0f} GB; make it smaller, such as with fewer channels"
        )


class Network(nn.Module):
    """The network of an architecture.

    `network(inputs)` takes each input by name, `(batch, *shape)`; inputs that the architecture does not use
    may be left out. Parameters have the names they have in the supernet.

    Attributes:
        shapes: with which it was made.
    """

    def __init__(self, architecture: Architecture, shapes: KeptShapes | None = None) -> None:
        """Make the network of an architecture, freshly initialised; without its shapes they are inferred."""
        super().__init__()
        self.architecture = architecture
        self._resolved = architecture.resolved
        self.shapes = self._infer() if shapes is None else shapes
        self.nodes = nn.ModuleDict()
        self.edges = nn.ModuleDict()
        wiring = architecture.space.wiring
        self._entries = frozenset(name for name, node in wiring.nodes.items() if node.is_input)
        for name, spec in self._resolved.operations.items():
            ports = self._resolved.arrivals[name]
            for arrival in (item for items in ports.values() for item in items):
                if arrival.operation is not None:
                    shape = self.shapes.nodes[arrival.source]
                    block = make_block(arrival.operation, (), [shape])
                    self.edges[module_key(arrival.edge.name)] = nn.ModuleDict(
                        {module_key(arrival.through): block}
                    )
            if spec is not None:
                node = wiring.nodes[name]
                arriving = [self.shapes.ports[name][port] for port in ports] or [node.shape or ()]
                key = FIXED if node.choice is None else self._resolved.labels[name]
                block = make_block(spec, node.then, arriving, tuple(ports), self.shapes.between[name])
                self.nodes[module_key(name)] = nn.ModuleDict({module_key(key): block})
        accept_former_names(self)

    def __repr__(self) -> str:
        """Return a line: parameters, space, first digits of the architecture's fingerprint.

        Printed, `network.nodes` and `network.edges` list the modules, as PyTorch lists them.
        """
        parameters = counted(sum(value.numel() for value in self.parameters()), "parameter")
        space, key = visible(self.architecture.space.name), self.architecture.fingerprint[:12]
        return f"<Network of {space}, {key}: {parameters}>"

    def _infer(self) -> KeptShapes:
        space = self.architecture.space
        found = infer_shapes(space)
        require_memory(space.name, self._kept_parameters(found.costs))
        return KeptShapes.of(self._resolved, space.wiring, found)

    def _kept_parameters(self, costs: Mapping[tuple[str, str], Cost]) -> int:
        labels = self._resolved.labels
        of_nodes = self._resolved.arrivals.values()
        arrivals = [item for ports in of_nodes for some in ports.values() for item in some]
        kept = {(name, FIXED) for name in self._resolved.operations}
        kept |= set(labels.items())
        kept |= {(item.edge.name, item.through) for item in arrivals if item.operation is not None}
        return sum(costs[key].parameters for key in kept if key in costs)

    @property
    def inputs(self) -> dict[str, Shape]:
        """The inputs that are used, with their shapes."""
        wiring = self.architecture.space.wiring
        return {
            name: wiring.nodes[name].shape or ()
            for name in self._resolved.operations
            if wiring.nodes[name].is_input
        }

    @torch.no_grad()
    def inputs_read(self) -> frozenset[str]:
        """Return the names of the inputs on which the output depends, with the parameters as they are.

        Of those that are used, one may change nothing: attention to an empty port is zero whatever attends.
        So each is drawn anew, and is read where an output is another.
        """
        shapes = self.inputs
        if not shapes:
            return frozenset()
        network = copy.deepcopy(self).cpu().eval()
        with forked_seed(0, "inputs read"):
            given, others = (
                {name: torch.randn(_DRAWN, *shape) for name, shape in shapes.items()} for _ in range(2)
            )
            outputs = network(given)
            changed = {name: network({**given, name: value}) for name, value in others.items()}
        return frozenset(name for name, value in changed.items() if not torch.equal(value, outputs))

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        values = self._values_beside(inputs)
        for name, spec in self._resolved.operations.items():
            if name in values:
                continue
            if name in self._entries:
                arrived = [take_input(inputs, name)]
            else:
                arrived = [
                    self._collect(name, port, arrivals, values, inputs)
                    for port, arrivals in self._resolved.arrivals[name].items()
                ]
            if spec is None:
                values[name] = arrived[0]
                continue
            (block,) = self.nodes[module_key(name)].values()  # type: ignore[operator]
            values[name] = block(*arrived)
        return values[self._resolved.output]

    def _values_beside(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        keys = {name: module_key(name) for name in self._entries}
        blocks = {name: self.nodes[key] for name, key in keys.items() if key in self.nodes}
        return values_beside({name: next(iter(found.values())) for name, found in blocks.items()}, inputs)  # type: ignore[operator]

    def parameters_by_part(self) -> dict[str, int]:
        """Return the number of trainable parameters: those in cells together, the others by operation.

        Parts without parameters are left out.
        """
        parts: dict[str, int] = {}
        for name, spec in self._resolved.operations.items():
            if spec is not None:
                part = "cells" if "/" in name else spec.name
                count = sum(parameter.numel() for parameter in self.nodes[module_key(name)].parameters())
                parts[part] = parts.get(part, 0) + count
        parts["edges"] = sum(parameter.numel() for parameter in self.edges.parameters())
        return {part: count for part, count in parts.items() if count}

    def _collect(
        self,
        name: str,
        port: str,
        arrivals: Sequence[Arrival],
        values: Mapping[str, Tensor],
        inputs: Mapping[str, Tensor],
    ) -> Tensor:
        total: Tensor | None = None
        for arrival in arrivals:
            value = values[arrival.source]
            if arrival.operation is not None:
                (block,) = self.edges[module_key(arrival.edge.name)].values()  # type: ignore[operator]
                value = block(value)
            total = value if total is None else total + value
        if total is None:
            some = next(iter(inputs.values()))
            return some.new_zeros((some.shape[0], *self.shapes.ports[name][port]))
        return total


def take_input(inputs: Mapping[str, Tensor], name: str) -> Tensor:
    """Return the input called `name`.

    Raises:
        ArchitectureError: it was not given.
    """
    if name not in inputs:
        raise ArchitectureError(f"input {name!r} is missing; given: {', '.join(inputs) or 'none'}")
    return inputs[name]


def values_beside(
    blocks: Mapping[str, Block], inputs: Mapping[str, Tensor], dtype: torch.dtype | None = None
) -> dict[str, Tensor]:
    """Return the values of the blocks at inputs that are computed beside each other; others are left out.

    Args:
        blocks: input → its block.
        inputs: each input, `(batch, *shape)`.
        dtype: see `linear_values`.
    """
    if threads_beside() == 1:
        return {}
    found = {name: block.as_linear() for name, block in blocks.items()}
    layers = {name: layer for name, layer in found.items() if layer is not None}
    return linear_values(layers, inputs, dtype) if may_be_beside(layers, inputs) else {}


def build(architecture: Architecture, *, seed: int | None = None) -> Network:
    """Return the network of an architecture, freshly initialised.

    Args:
        architecture: to build.
        seed: of the initialisation; None draws from torch's global generator.

    Example:
        >>> import torch
        >>> from nasframe import Architecture, Choice, SearchSpace, build, cost_of
        >>> space = SearchSpace("fusion")
        >>> _ = space.add_input("audio", (4, 8)), space.add_input("video", (4, 8))
        >>> fusion = Choice("fusion", ("sum", "linear_glu"), "gamma")  # operations of nasframe_fusion
        >>> _ = space.add_node("fused", choice=fusion, ports=("x", "y"))
        >>> space.connect("audio", "fused", "x")
        >>> space.connect("video", "fused", "y")
        >>> space.set_output("fused")
        >>> architecture = Architecture(space, {"fusion": "linear_glu"})
        >>> cost_of(architecture)
        Cost(parameters=128, multiply_adds=512)
        >>> build(architecture, seed=0)({name: torch.ones(2, 4, 8) for name in space.inputs}).shape
        torch.Size([2, 4, 8])
    """
    if seed is None:
        return Network(architecture)
    with forked_seed(seed, "build"):
        return Network(architecture)


def inherit(network: Network, state: Mapping[str, Tensor]) -> list[str]:
    """Copy the supernet's parameters and buffers into a network; return the names that the supernet lacks."""
    own = network.state_dict()
    state = with_own_names(state, own)
    taken = {
        name: state[name] for name, value in own.items() if name in state and state[name].shape == value.shape
    }
    network.load_state_dict(taken, strict=False)
    return [name for name in own if name not in taken]


def cost_of(architecture: Architecture) -> Cost:
    """Return the parameters of an architecture's network, and its multiply-adds for one example."""
    from torch.utils.flop_counter import FlopCounterMode  # it imports triton

    with torch.device("meta"):
        network = Network(architecture).eval()
        shapes = architecture.space.inputs
        inputs = {name: torch.empty((2, *(shape or ()))) for name, shape in shapes.items()}
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(inputs)
    return Cost(sum(item.numel() for item in network.parameters()), counter.get_total_flops() // 4)


def edge_operations(edge: FlatEdge) -> Mapping[str, OpSpec]:
    """Return the operations of an edge, by the keys of their blocks; none where values pass unchanged."""
    if edge.operation is not None:
        return {edge.operation.name: edge.operation}
    return {} if edge.choice is None else edge.choice.operations


def _infer_block(
    spec: OpSpec, then: Sequence[OpSpec], shapes: Sequence[Shape], ports: Sequence[str]
) -> tuple[Shape, Cost]:
    shape, cost = infer(spec, shapes, ports)
    for item in () if is_zero(spec) else then:
        try:
            shape, more = infer(item, [shape])
        except SpaceError as error:
            came = f"that input is what {origin_of(spec)} makes of {', '.join(map(str, shapes))}"
            raise SpaceError(f"{error}; {came}") from error
        cost = Cost(cost.parameters + more.parameters, cost.multiply_adds + more.multiply_adds)
    return shape, cost


def _sources(space: SearchSpace, name: str, shapes: Mapping[str, Shape]) -> str:
    """Return the end of an error: the operations whose outputs a node takes, with their shapes."""
    found, wiring = {}, space.wiring
    for port in wiring.nodes[name].ports:
        for edge in wiring.arrivals[name, port]:
            node = wiring.nodes[edge.source]
            if node.choice is None and node.operation is None:
                continue
            candidates = (None,) if node.choice is None else node.choice.candidates
            specs = [node.spec(item) for item in candidates]
            makers = [origin_of(spec) for spec in specs if not (is_identity(spec) or is_zero(spec))]
            if makers:
                found[edge.source] = f"{edge.source!r} gives {shapes[edge.source]} by {' or '.join(makers)}"
    return f"; node {name!r} takes: {', '.join(found.values())}" if found else ""


def _agreed(shapes: Mapping[str, Shape], where: str, operations: Sequence[OpSpec] = ()) -> Shape:
    """Return the one shape of several values that are added or chosen between; `operations` computed them."""
    distinct = set(shapes.values())
    if not distinct:
        raise SpaceError(f"{where}: everything that could arrive is zero")
    if len(distinct) != 1:
        found = ", ".join(f"{key}: {shape}" for key, shape in shapes.items())
        common = Counter(shapes.values()).most_common(1)[0][0]
        odd = [
            origin_of(spec)
            for spec, shape in zip(operations, shapes.values(), strict=False)
            if shape != common
        ]
        blamed = f"; the odd one out is {', '.join(odd)}" if odd else ""
        raise SpaceError(f"{where}: shapes must be equal, found {found}{blamed}")
    return distinct.pop()
