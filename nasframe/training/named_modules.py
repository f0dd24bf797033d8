"""The modules of a network in words: operations by node, candidate and plugin, others by their paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import nn

from nasframe.module_names import module_key
from nasframe.network import FIXED, Network, edge_operations
from nasframe.operations import OpSpec, origin_of
from nasframe.space import SearchSpace
from nasframe.supernet import Supernet

__all__ = ["named_modules"]


def named_modules(network: nn.Module) -> list[tuple[nn.Module, str]]:
    """Return each module that computes something, with its name for an error message.

    Of a supernet or a built network these are the operations, each with its plugin, node and candidate; of
    any other module they are the network and all modules in it.
    """
    if isinstance(network, Supernet):
        return [*_operations(network.space, network)]
    if isinstance(network, Network):
        return [*_operations(network.architecture.space, network)]
    return [
        (
            module,
            f"layer {name!r} ({type(module).__name__})" if name else f"the network {type(module).__name__}",
        )
        for name, module in network.named_modules()
    ]


def _operations(space: SearchSpace, network: Any) -> Iterator[tuple[nn.Module, str]]:
    wiring = space.wiring
    for name, node in wiring.nodes.items():
        key = module_key(name)
        if key not in network.nodes:
            continue
        candidates = node.choice.candidates if node.choice is not None else (FIXED,)
        specs = {candidate: node.spec(None if candidate == FIXED else candidate) for candidate in candidates}
        yield from _blocks(network.nodes[key], specs, node.then, f"of node {name!r}")
    for edges in wiring.arrivals.values():
        for edge in edges:
            if (key := module_key(edge.name)) in network.edges:
                where = f"of the edge from {edge.source!r} to {edge.target!r}, port {edge.port!r}"
                yield from _blocks(network.edges[key], edge_operations(edge), (), where)


def _blocks(
    blocks: Any, specs: Mapping[str, OpSpec], then: Sequence[OpSpec], where: str
) -> Iterator[tuple[nn.Module, str]]:
    for candidate, spec in specs.items():
        if module_key(candidate) not in blocks:
            continue
        block = blocks[module_key(candidate)]
        place = where if candidate == FIXED else f"candidate {candidate!r} {where}"
        yield block.operation, f"{origin_of(spec)}, {place}"
        for item, module in zip(then, block.then, strict=False):
            yield module, f"{origin_of(item)}, which follows {place}"
