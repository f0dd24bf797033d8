"""The key of a network: equal for architectures whose networks differ only in the names of their nodes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import Factory, define

from nasframe.operations import Operation, OpSpec, operation_class
from nasframe.runtime import fingerprint
from nasframe.space.architecture import Architecture

__all__ = ["network_key"]


def network_key(architecture: Architecture) -> str:
    """Return 64 hexadecimal digits that are equal where two architectures derive isomorphic networks.

    Networks are isomorphic where a renaming of nodes turns one into the other: the same operations, with
    their plugins and options, on the same sums of the same inputs. An edge or a node that passes its input
    on unchanged is none of their parts, and a sum of sums is one sum. Inputs of a network keep their names.
    Ports may be exchanged where the operation says so; see `Operation.interchangeable`. So two spaces, or
    two ways to choose the sources of a port, that derive the same network give it the same key.

    Options are compared as the space writes them: one that is left out, and the same one with its default
    value written out, give two keys, though they build the same. Other keys differ where networks do.

    Example:
        >>> from nasframe import Architecture, Choice, SearchSpace
        >>> def space(ports):
        ...     made = SearchSpace("fusion")
        ...     for name, port in zip(("audio", "video"), ports):
        ...         _ = made.add_input(name, (4, 8))
        ...     choice = Choice("fusion", ("sum", "attention"), "gamma")
        ...     _ = made.add_node("fused", choice=choice, ports=ports)
        ...     for name, port in zip(("audio", "video"), ports):
        ...         made.connect(name, "fused", port)
        ...     made.set_output("fused")
        ...     return made
        >>> def key(ports, operation):
        ...     return network_key(Architecture(space(ports), {"fusion": operation}))
        >>> key(("x", "y"), "sum") == key(("a", "b"), "sum")
        True
        >>> key(("x", "y"), "sum") == key(("x", "y"), "attention")
        False
    """
    return fingerprint(_Canonical(_parts(architecture)).certificate())


@define(eq=False)
class _Part:
    """A part of a network: an input, an operation, one of its ports, or the output.

    Attributes:
        label: equal for parts that a renaming of nodes may exchange.
        takes: the parts whose sum a port receives; the ports of an operation.
    """

    label: str
    takes: list[_Part] = Factory(list)


def _parts(architecture: Architecture) -> list[_Part]:
    """Return the parts of a network, each behind those that it takes."""
    wiring, resolved = architecture.space.wiring, architecture.resolved
    parts: list[_Part] = []
    values: dict[str, list[_Part]] = {}  # node → the parts whose sum its value is

    def add(label: Sequence[object], takes: Iterable[_Part] = ()) -> _Part:
        parts.append(_Part(json.dumps(label, default=str), list(takes)))
        return parts[-1]

    classes: dict[tuple[str, str | None], type[Operation]] = {}  # a look-up takes longer than the rest

    def apply(specs: Sequence[OpSpec], ports: dict[str, list[_Part]]) -> list[_Part]:
        first = specs[0].name, specs[0].plugin
        operation = classes.get(first) or classes.setdefault(first, operation_class(specs[0]))
        if operation.passes and len(specs) == 1:
            return [part for terms in ports.values() for part in terms]
        exchanged = {
            port: f"any of {number}"
            for number, group in enumerate(operation.interchangeable(tuple(ports)))
            for port in group
        }
        inside = [
            add(["port", exchanged.get(port, str(place))], terms)
            for place, (port, terms) in enumerate(ports.items())
        ]
        return [add(["operation", *([spec.plugin, spec.label] for spec in specs)], inside)]

    for name, spec in resolved.operations.items():
        node = wiring.nodes[name]
        if node.is_input and node.shape is not None:
            arrived = {"x": [add(["input", name, node.shape])]}
        else:
            arrived = {}
            for port, arrivals in resolved.arrivals[name].items():
                arrived[port] = [
                    part
                    for arrival in arrivals
                    for part in (
                        values[arrival.source]
                        if arrival.operation is None
                        else apply([arrival.operation], {"x": values[arrival.source]})
                    )
                ]
        values[name] = arrived["x"] if spec is None else apply([spec, *node.then], arrived)
    add(["output"], values[resolved.output])
    return parts


class _Canonical:
    """The numbering of parts that does not depend on their names, by refinement and individualisation.

    Colours are refined until parts of one colour take, and are taken by, the same numbers of parts of each
    other colour. Where several parts share a colour then, each of them in turn is told apart, and the
    smallest result counts; one that leads to a result which is there already is the image of another by an
    automorphism, and need not be followed further (McKay 1981).
    """

    def __init__(self, parts: Sequence[_Part]) -> None:
        number = {id(part): index for index, part in enumerate(parts)}
        self._labels = [part.label for part in parts]
        self._takes = [[number[id(item)] for item in part.takes] for part in parts]
        self._gives: list[list[int]] = [[] for _ in parts]
        for index, taken in enumerate(self._takes):
            for item in taken:
                self._gives[item].append(index)

    def certificate(self) -> list[object]:
        """Return all labels and connections in the canonical order; JSON-able."""
        first = sorted(set(self._labels))
        colours = self._refined([first.index(label) for label in self._labels])
        return list(min(self._results(colours)))

    def _refined(self, colours: list[int]) -> list[int]:
        count = len(set(colours))
        while True:
            signs = [
                (
                    colour,
                    tuple(sorted(colours[item] for item in self._takes[index])),
                    tuple(sorted(colours[item] for item in self._gives[index])),
                )
                for index, colour in enumerate(colours)
            ]
            places = {sign: place for place, sign in enumerate(sorted(set(signs)))}
            colours = [places[sign] for sign in signs]
            if len(places) == count:
                return colours
            count = len(places)

    def _results(self, colours: list[int]) -> set[tuple[object, ...]]:
        """Return a result for each way to tell equal parts apart that no automorphism has shown before."""
        ambiguous = self._ambiguous(colours)
        if not ambiguous:
            return {self._result(colours)}
        found: set[tuple[object, ...]] = set()
        for index in ambiguous:
            told = self._told(colours, index)
            if not found or self._result(self._discrete(told)) not in found:
                found |= self._results(told)
        return found

    def _ambiguous(self, colours: list[int]) -> list[int]:
        """Return the parts of the first colour that several have; none where each has its own."""
        shared = [colour for colour, count in Counter(colours).items() if count > 1]
        return [index for index, colour in enumerate(colours) if colour == min(shared)] if shared else []

    def _told(self, colours: list[int], index: int) -> list[int]:
        """Return the refined colours with one part before the others of its colour."""
        return self._refined([2 * colour - (place == index) for place, colour in enumerate(colours)])

    def _discrete(self, colours: list[int]) -> list[int]:
        while ambiguous := self._ambiguous(colours):
            colours = self._told(colours, ambiguous[0])
        return colours

    def _result(self, colours: list[int]) -> tuple[object, ...]:
        order = sorted(range(len(colours)), key=colours.__getitem__)
        return tuple(
            (self._labels[index], tuple(sorted(colours[item] for item in self._takes[index])))
            for index in order
        )
