"""The check of a network's operations before a search or a training: each is run on random examples."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from nasframe.network import Network, edge_operations, infer_shapes
from nasframe.operations import Identity, Operation, OpSpec, Shape, infer, operation_class
from nasframe.runtime import random_states_kept
from nasframe.supernet.operation_probe import Probe
from nasframe.supernet.supernet import Supernet

__all__ = ["check_operations", "operation_places"]

_MOST = 5
"""Examples of a batch in the check, at most: an operation that counts them shows it with five."""

_Place = tuple[OpSpec, tuple[Shape, ...], tuple[str, ...]]
_Step = tuple[OpSpec, Sequence[OpSpec], tuple[Shape, ...], tuple[str, ...]]


def check_operations(
    net: Supernet | Network,
    size: int = _MOST,
    *,
    alone: bool = False,
    device: torch.device | None = None,
) -> None:
    """Run a module like that of every node and edge on random examples, once in a process for equal ones.

    The network and all random states stay as they are.

    Args:
        net: whose operations are checked.
        size: examples of a batch.
        alone: True where a batch of the training holds one example.
        device: to compute on; None for that of the network.

    Raises:
        SpaceError: an operation fails: in one of both modes, or for batches of one, two or more examples.
        ContractError: it returns another shape than on the meta device, or numbers that are not finite;
            changes its inputs; mixes the examples of a batch or draws random numbers in evaluation mode;
            keeps the graph of an earlier call; or no gradient reaches its parameters.
    """
    place = device or next((parameter.device for parameter in net.parameters()), torch.device("cpu"))
    examples = max(2, min(size, _MOST))
    with random_states_kept():
        for spec, shapes, ports in operation_places(net):
            target: Any = operation_class(spec)
            if target is not Identity:
                options = tuple(sorted(spec.options.items()))
                _probe(target, spec.name, spec.plugin, options, shapes, ports, place, examples, alone)


@functools.lru_cache(maxsize=4096)
def _probe(
    target: type[Operation],
    name: str,
    plugin: str | None,
    options: tuple[tuple[str, Any], ...],
    shapes: tuple[Shape, ...],
    ports: tuple[str, ...],
    device: torch.device,
    examples: int,
    alone: bool,
) -> None:
    """Run one operation, once in this process; a name that another class has taken over is another one."""
    spec = OpSpec(name, dict(options), plugin=plugin)
    wanted, _ = infer(spec, shapes, ports)
    Probe(spec, shapes, ports, wanted, device, examples, alone).run()


def operation_places(net: Supernet | Network) -> Iterator[_Place]:
    """Yield each operation of a network that computes something, its input shapes and the names of its ports.

    Those that follow another in one block are among them.
    """
    for spec, then, shapes, ports in _nodes_and_edges(net):
        if operation_class(spec).removes:
            continue
        yield spec, shapes, ports
        shape, _ = infer(spec, shapes, ports)
        for item in then:
            yield item, (shape,), ()
            shape, _ = infer(item, [shape])


def _nodes_and_edges(net: Supernet | Network) -> Iterator[_Step]:
    """Yield the operation of each node and edge, with those that follow it, its input shapes and ports."""
    if isinstance(net, Network):
        yield from _of_network(net)
        return
    wiring = net.wiring
    for edges in wiring.arrivals.values():
        for edge in edges:
            for spec in edge_operations(edge).values():
                yield spec, (), (net.shapes.nodes[edge.source],), ()
    for name, node in wiring.nodes.items():
        if node.choice is None and node.operation is None:
            continue
        shapes = () if node.is_input else tuple(net.shapes.ports[name, port] for port in node.ports)
        for candidate in (None,) if node.choice is None else node.choice.candidates:
            yield node.spec(candidate), node.then, shapes or (node.shape or (),), tuple(node.ports)


def _of_network(net: Network) -> Iterator[_Step]:
    space, resolved = net.architecture.space, net.architecture.resolved
    shapes = infer_shapes(space)
    for name, spec in resolved.operations.items():
        ports = resolved.arrivals[name]
        for arrival in (item for items in ports.values() for item in items):
            if arrival.operation is not None:
                yield arrival.operation, (), (shapes.nodes[arrival.source],), ()
        if spec is not None:
            node = space.wiring.nodes[name]
            arriving = tuple(shapes.ports[name, port] for port in ports)
            yield spec, node.then, arriving or (node.shape or (),), tuple(ports)
