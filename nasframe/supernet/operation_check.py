"""The check of a supernet's operations before a search: each is run once on real tensors."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from nasframe.errors import ContractError, SpaceError
from nasframe.module_names import module_key
from nasframe.network import FIXED, Block, edge_operations
from nasframe.operations import OpSpec, failure, operation_class, origin_of
from nasframe.supernet.supernet import Supernet

__all__ = ["check_operations"]


def check_operations(net: Supernet) -> None:
    """Run every operation on two random examples, in evaluation mode; the supernet stays as it is.

    Raises:
        SpaceError: one fails.
        ContractError: one returns another shape than on the meta device, or numbers that are not finite.
    """
    training = net.training
    net.eval()
    device = next((parameter.device for parameter in net.parameters()), torch.device("cpu"))
    random = torch.Generator().manual_seed(0)
    for spec, block, shapes, wanted in _blocks(net):
        inputs = [torch.randn((2, *shape), generator=random).to(device) for shape in shapes]
        name = origin_of(spec)
        try:
            with torch.no_grad():
                output = block(*inputs)
        except Exception as error:  # a plugin's class may raise anything
            shown = ", ".join(map(str, shapes))
            why = failure(error, operation_class(spec))
            raise SpaceError(f"{name} fails on inputs {shown}: {why}") from error
        broken = f"{name} breaks the contract of nasframe.Operation"
        if tuple(output.shape) != (2, *wanted):
            raise ContractError(
                f"{broken}: on the meta device its output has the shape {(2, *wanted)}, on real tensors "
                f"{tuple(output.shape)}"
            )
        if not output.isfinite().all():
            raise ContractError(f"{broken}: its output must be finite, for finite inputs")
    net.train(training)


def _blocks(net: Supernet) -> Iterator[tuple[OpSpec, Block, list[tuple[int, ...]], tuple[int, ...]]]:
    """Yield each candidate of each node and edge: its operation, module, input shapes and output shape."""
    for (name, port), edges in net.wiring.arrivals.items():
        for edge in edges:
            if (key := module_key(edge.name)) not in net.edges:
                continue
            for candidate, spec in edge_operations(edge).items():
                block = net.edges[key][module_key(candidate)]  # type: ignore[index]
                if not operation_class(spec).removes:
                    yield spec, block, [net.shapes.nodes[edge.source]], net.shapes.ports[name, port]
    for name, node in net.wiring.nodes.items():
        key = module_key(name)
        if key not in net.nodes:
            continue
        shapes = [net.shapes.ports[name, port] for port in node.ports] if not node.is_input else []
        candidates = node.choice.candidates if node.choice is not None else (FIXED,)
        for candidate in candidates:
            spec = node.spec(None if candidate == FIXED else candidate)
            block = net.nodes[key][module_key(candidate)]  # type: ignore[index]
            if not operation_class(spec).removes:
                yield spec, block, shapes or [node.shape or ()], net.shapes.nodes[name]
