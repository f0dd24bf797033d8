"""A search space for three modalities: two are fused first, then the third joins."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from nasframe import Choice, OpSpec, SearchSpace, Shape, SpaceFactory
from nasframe.errors import SpaceError
from nasframe.options import option

__all__ = ["Trimodal"]


@frozen
class Trimodal(SpaceFactory):
    """Three modalities in two steps. The search chooses the sources and the operation of each step.

    Group alpha chooses the source of each port among the inputs and the earlier step, gamma the operation of
    each step.
    """

    channels: int = option(32, help="channels of every feature", ge=1)
    operations: tuple[str, ...] = option(("sum", "attention", "film"), help="candidates of each step")

    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        if len(inputs) != 3:
            raise SpaceError(
                f"the trimodal space takes three inputs, found {len(inputs)}: {', '.join(inputs)}"
            )
        space = SearchSpace("trimodal", derivation="argmax")
        for name, shape in inputs.items():
            space.add_input(name, shape, OpSpec("projection", {"channels": self.channels}))
        sources = list(inputs)
        for step in ("first", "second"):
            space.add_node(
                step, choice=Choice(step, self.operations, "gamma"), then=["layer_norm"], ports=("x", "y")
            )
            for port in ("x", "y"):
                for source in sources:
                    space.connect(source, step, port)
                space.choose_source(step, port, f"{step}.{port}", "alpha")
            sources.append(step)
        space.add_node("head", OpSpec("head", {"outputs": outputs}))
        space.connect("second", "head")
        space.set_output("head")
        return space
