"""The shape of each value of a network, and the parameters of each operation, for those who point at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from nasframe.errors import NasframeError
from nasframe.operations import OpSpec, Shape, infer, is_zero
from nasframe.space import Architecture

__all__ = ["Measures", "measure"]


@frozen
class Measures:
    """Shapes and parameters of a network's parts; a part that cannot be measured is missing.

    Attributes:
        shapes: node → shape of its value, without the batch.
        parameters: node, or (source, target, port) of an edge → parameters of its operation.
    """

    shapes: Mapping[str, Shape] = field(factory=dict)
    parameters: Mapping[str | tuple[str, str, str], int] = field(factory=dict)


def measure(architecture: Architecture) -> Measures:
    """Return the shapes and parameters of a network, found on the meta device: nothing is computed.

    Behind a port at which nothing arrives, no shape is known.
    """
    wiring, resolved = architecture.space.wiring, architecture.resolved
    shapes: dict[str, Shape] = {}
    parameters: dict[str | tuple[str, str, str], int] = {}
    for name, spec in resolved.operations.items():
        node = wiring.nodes[name]
        arriving: dict[str, Shape] = {} if node.shape is None else {"": node.shape}
        for port, items in resolved.arrivals.get(name, {}).items():
            for item in items:
                shape = shapes.get(item.source)
                if shape is not None and item.operation is not None:
                    shape, count = _measured(item.operation, (), [shape], ())
                    if count is not None:
                        parameters[item.source, name, port] = count
                if shape is not None:
                    arriving[port] = shape
        if spec is None:
            if node.shape is not None:
                shapes[name] = node.shape
            continue
        ports = tuple(resolved.arrivals.get(name, {}))
        if not arriving or not arriving.keys() >= set(ports):
            continue
        shape, count = _measured(spec, node.then, list(arriving.values()), ports)
        if shape is not None and count is not None:
            shapes[name], parameters[name] = shape, count
    return Measures(shapes, parameters)


def _measured(
    spec: OpSpec, then: Sequence[OpSpec], shapes: Sequence[Shape], ports: Sequence[str]
) -> tuple[Shape | None, int | None]:
    """Return the shape and the parameters of an operation with those that follow; None where it fails."""
    try:
        shape, cost = infer(spec, shapes, ports)
        count = cost.parameters
        for item in () if is_zero(spec) else then:
            shape, cost = infer(item, [shape])
            count += cost.parameters
    except NasframeError:  # a picture is made of a network that cannot be built, too
        return None, None
    return shape, count
