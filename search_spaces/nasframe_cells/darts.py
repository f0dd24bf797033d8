"""The space of DARTS (Liu, Simonyan, Yang, ICLR 2019): a normal and a reduction cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from nasframe import Choice, OpSpec, SearchSpace, Shape, SpaceFactory
from nasframe.errors import SpaceError
from nasframe.options import option
from nasframe_cells.candidates import (
    affine_option,
    check_operations,
    offered,
    only_input,
    operations_option,
    with_affine,
)

__all__ = ["DARTS"]

OPERATIONS = (
    "zero",
    "max_pool_3",
    "avg_pool_3",
    "identity",
    "sep_conv_3",
    "sep_conv_5",
    "dil_conv_3",
    "dil_conv_5",
)
BEFORE_LAST, LAST, OUTPUT = "c_{k-2}", "c_{k-1}", "c_k"
"""The inputs and the output of a cell, as the paper's pictures call them."""


@frozen
class DARTS(SpaceFactory):
    """Cells with two inputs and `nodes` nodes, each of which keeps `edges` edges from what comes before it.

    A cell takes the outputs of the two cells before it, brought to its own size and channels, and returns its
    nodes concatenated along the channels. Normal cells are one architecture, and reduction cells another:
    these halve the size and double the channels. In the search every edge chooses among all operations and a
    node is the sum of all edges. An architecture keeps exactly `edges` of them for each node, those with the
    strongest operations. The input is an image `(channels, height, width)`, or a sequence
    `(channels, length)`.

    Example:
        >>> DARTS().build({"image": (3, 32, 32)}, outputs=10).count() == 1_037_664_180**2
        True
    """

    channels: int = option(16, help="channels of a node before the first reduction", ge=1)
    cells: int = option(8, help="cells of the network, reductions among them", ge=1)
    reductions: int = option(2, help="reduction cells, evenly among the others", ge=0)
    nodes: int = option(4, help="nodes of a cell, without its inputs", ge=1)
    edges: int = option(2, help="edges that a node of an architecture keeps", ge=1)
    stem_channels: int = option(3, help="channels of the stem, in multiples of `channels`", ge=1)
    operations: tuple[str | OpSpec, ...] = operations_option(OPERATIONS, lambda value: _check(value))
    affine: bool = affine_option()

    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        name, shape = only_input(inputs, "DARTS")
        reducing = self._reducing()
        space = SearchSpace("darts", derivation="strongest_edges")
        space.add_input(name, shape)
        space.add_node(
            "stem", OpSpec("conv_stem", with_affine(self.affine, channels=self.stem_channels * self.channels))
        )
        space.connect(name, "stem")
        normal, reduction = self._cell("normal", stride=1), self._cell("reduction", stride=2)
        before_last = last = "stem"
        channels, after_reduction = self.channels, False
        for index in range(self.cells):
            reduces = index in reducing
            channels *= 2 if reduces else 1
            cell, tie = (reduction, "reduction") if reduces else (normal, "normal")
            following = space.add_cell(f"cell{index + 1}", cell, tied=tie)
            to_channels = with_affine(self.affine, channels=channels)
            to_size = {**to_channels, "stride": 2}
            first = OpSpec("skip_connect", to_size) if after_reduction else OpSpec("nor_conv_1", to_channels)
            space.connect(before_last, following, BEFORE_LAST, operation=first)
            space.connect(last, following, LAST, operation=OpSpec("nor_conv_1", to_channels))
            before_last, last, after_reduction = last, following, reduces
        space.add_node("head", OpSpec("pooled_head", {"outputs": outputs}))
        space.connect(last, "head")
        space.set_output("head")
        return space

    def _reducing(self) -> frozenset[int]:
        """Return the numbers of the reduction cells, from 0: a third and two thirds of the way for two."""
        if self.cells <= self.reductions:
            raise SpaceError(
                f"the DARTS space has {self.cells} cells, {self.reductions} of them reductions; it needs at "
                "least one normal cell"
            )
        parts = self.reductions + 1
        return frozenset(part * self.cells // parts for part in range(1, parts))

    def _cell(self, group: str, stride: int) -> SearchSpace:
        cell = SearchSpace(group)
        sources = [cell.add_input(BEFORE_LAST), cell.add_input(LAST)]
        for index in range(self.nodes):
            target = cell.add_node(str(index), "identity")
            for number, source in enumerate(sources):
                candidates = offered(self.operations, stride=stride if number < 2 else 1, affine=self.affine)
                choice = Choice(f"{source}->{target}", candidates, group)
                cell.connect(source, target, choice=choice)
            cell.keep_edges(target, "x", min(self.edges, len(sources)))
            sources.append(target)
        cell.add_node(OUTPUT, "concat_channels")
        for name in sources[2:]:
            cell.connect(name, OUTPUT, port=name)
        cell.set_output(OUTPUT)
        return cell


def _check(operations: Sequence[str | OpSpec]) -> None:
    check_operations(operations, strides=True)
    if not {"zero", "none"} & {item if isinstance(item, str) else item.name for item in operations}:
        raise ValueError("'zero' must be among them: it stands for an edge that is not kept")
