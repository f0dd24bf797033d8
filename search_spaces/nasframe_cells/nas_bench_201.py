"""The space of NAS-Bench-201 (Dong, Yang, ICLR 2020): one cell, repeated in stages of falling resolution."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import partial

from attrs import frozen

from nasframe import Choice, OpSpec, SearchSpace, Shape, SpaceFactory
from nasframe.options import option
from nasframe_cells.candidates import (
    affine_option,
    check_operations,
    offered,
    only_input,
    operations_option,
    with_affine,
)

__all__ = ["NASBench201"]

OPERATIONS = ("zero", "identity", "nor_conv_1", "nor_conv_3", "avg_pool_3")


@frozen
class NASBench201(SpaceFactory):
    """A cell of `nodes` nodes with an operation on the edge between each two, repeated in all stages.

    The network is a stem, `stages` stages of `cells` cells with a residual reduction between them, each of
    which halves the size and doubles the channels, and a head. All cells are one architecture. A node is the
    sum of its edges, and an edge chooses one of the operations by itself, so there are
    `len(operations) ** (nodes * (nodes - 1) / 2)` architectures. The input is an image
    `(channels, height, width)` or a sequence `(channels, length)`.

    Example:
        >>> NASBench201().build({"image": (3, 32, 32)}, outputs=10).count()
        15625
    """

    channels: int = option(16, help="channels of the first stage; each later one has twice as many", ge=1)
    cells: int = option(5, help="cells of each stage", ge=1)
    stages: int = option(3, help="stages, with a residual reduction between them", ge=1)
    nodes: int = option(4, help="nodes of a cell, its input among them", ge=2)
    operations: tuple[str | OpSpec, ...] = operations_option(
        OPERATIONS, partial(check_operations, strides=False)
    )
    affine: bool = affine_option()

    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        name, shape = only_input(inputs, "NAS-Bench-201")
        space = SearchSpace("nas_bench_201", derivation="argmax")
        cell = self._cell()
        stem = OpSpec("conv_stem", with_affine(self.affine, channels=self.channels))
        last = self._follow(space, space.add_input(name, shape), "stem", stem)
        number = itertools.count(1)
        for stage in range(self.stages):
            if stage:
                wider = with_affine(self.affine, channels=self.channels * 2**stage)
                reduction = OpSpec("residual_reduction", wider)
                last = self._follow(space, last, f"reduction{stage}", reduction)
            for _ in range(self.cells):
                following = space.add_cell(f"cell{next(number)}", cell, tied="cell")
                space.connect(last, following, "0")
                last = following
        head = OpSpec("pooled_head", with_affine(self.affine, outputs=outputs, norm=True))
        space.set_output(self._follow(space, last, "head", head))
        return space

    def _cell(self) -> SearchSpace:
        cell = SearchSpace("cell")
        cell.add_input("0")
        candidates = offered(self.operations, affine=self.affine)
        for target in range(1, self.nodes):
            cell.add_node(str(target), "identity")
            for source in range(target):
                choice = Choice(f"{source}->{target}", candidates, "cell")
                cell.connect(str(source), str(target), choice=choice)
        cell.set_output(str(self.nodes - 1))
        return cell

    def _follow(self, space: SearchSpace, source: str, name: str, operation: OpSpec) -> str:
        space.add_node(name, operation)
        space.connect(source, name)
        return name
