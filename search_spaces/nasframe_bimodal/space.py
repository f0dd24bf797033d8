"""The bimodal space. First level: the sources of each cell. Second level: the operations in a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from attrs import frozen

from nasframe import Choice, OpSpec, SearchSpace, Shape, SpaceFactory, arity_of
from nasframe.errors import NasframeError, SpaceError
from nasframe.options import option

__all__ = ["Bimodal"]

EDGE = ("zero", "identity")


@frozen
class Bimodal(SpaceFactory):
    """Cells of projected features; operations of two inputs inside the cells (GRMC-BMNAS, section 3.6).

    Group alpha chooses the sources of each cell among all inputs and earlier cells, beta the sources of
    each inner node, gamma the operation of each inner node. Inputs are `(length, features)`, all of the same
    length, or `(features,)`, which is one position; each is projected to `channels`. A cell returns
    LayerNorm(x + Σ wᵢNᵢ); the cells are concatenated and a linear head follows.

    Example:
        >>> inputs = {"picture": (8, 64), "sound": (8, 32)}
        >>> Bimodal(cells=1, nodes=1, ports="choose").build(inputs, outputs=1).count()
        68
        >>> Bimodal(cells=1, nodes=1, ports="distinct").build(inputs, outputs=1).count()
        5

    The first is 4 pairs of sources of the cell, with 4 operations times 4 pairs of sources, or without the
    node. In the second one the cell and the node have one pair of different sources each.
    """

    channels: int = option(128, help="channels C of every feature", ge=1)
    cells: int = option(2, help="cells of the first level", ge=1)
    nodes: int = option(2, help="inner nodes M of a cell", ge=1)
    ports: Literal["distinct", "choose", "paired", "shared"] = option(
        "distinct",
        help="distinct: two different sources, one per port; choose: any source per port; paired: edges per "
        "port; shared: one sum feeds both ports (the paper)",
    )
    derive: Literal["split", "sum"] = option(
        "split",
        help="shared ports only: split gives one of the two best sources to each port, sum keeps their sum",
    )
    operations: tuple[str | OpSpec, ...] = option(
        ("zero", "sum", "attention", "linear_glu", "concat_fc"),
        help='candidates of an inner node; one with options is {name = "gate", bias = false}',
        validator=lambda _, attribute, value: _check_operations(value, attribute.default),
    )
    norm: Literal["layer_norm", "batch_norm", "none"] = option(
        "layer_norm", help="normalisation after each candidate"
    )
    dropout: float = option(0.2, help="rate of dropout after each candidate", ge=0.0, lt=1.0)
    tied: bool = option(False, help="whether all cells share their beta and gamma logits")

    @property
    def exact_with(self) -> str:
        return "space.ports=distinct" if self._deals else ""

    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        _check_inputs(inputs)
        space = SearchSpace("bimodal", derivation=self._derivation(), exact=self.exact_with)
        sources = []
        for name, shape in inputs.items():
            sources.append(space.add_input(name, shape, OpSpec("projection", {"channels": self.channels})))
        cell = self._cell()
        cells = []
        for index in range(1, self.cells + 1):
            name = space.add_cell(f"cell{index}", cell, tied="cell" if self.tied else None, deal=self._deals)
            self._connect(space, sources, name, "alpha")
            sources.append(name)
            cells.append(name)
        space.add_node("concat", "concat")
        for name in cells:
            space.connect(name, "concat", port=name)
        space.add_node("head", OpSpec("head", {"outputs": outputs}))
        space.connect("concat", "head")
        space.set_output("head")
        return space

    @property
    def _deals(self) -> bool:
        return self.ports == "shared" and self.derive == "split"

    def _derivation(self) -> str:
        if self.ports in ("distinct", "choose"):
            return "argmax"
        if self.ports == "paired":
            return "top_k_per_port:1"
        return "best_pair" if self.derive == "split" else "top_k_per_port:2"

    def _cell(self) -> SearchSpace:
        cell = SearchSpace("cell")
        sources = [cell.add_input("x"), cell.add_input("y")]
        then = [] if self.norm == "none" else [OpSpec(self.norm)]
        if self.dropout:
            then.append(OpSpec("dropout", {"rate": self.dropout}))
        inner = []
        for index in range(1, self.nodes + 1):
            choice = Choice(f"N{index}", self.operations, "gamma")
            name = cell.add_node(f"N{index}", choice=choice, then=then, ports=("x", "y"), deal=self._deals)
            self._connect(cell, sources, name, "beta")
            sources.append(name)
            inner.append(name)
        cell.add_node("fusion", OpSpec("weighted_fusion", {"total": self.nodes}))
        cell.connect("x", "fusion", port="x")
        for name in inner:
            cell.connect(name, "fusion", port=name)
        cell.add_node("norm", "layer_norm")
        cell.connect("fusion", "norm")
        cell.set_output("norm")
        return cell

    def _connect(self, space: SearchSpace, sources: Sequence[str], target: str, group: str) -> None:
        """Connect the sources to both ports of the target, as the option `ports` says."""
        if self.ports == "distinct":
            space.choose_sources(target, ("x", "y"), sources, f"{target}.sources", group)
            return
        for port in ("x", "y"):
            for source in sources:
                name = f"{source}->{target}" if self.ports == "shared" else f"{source}->{target}.{port}"
                choice = None if self.ports == "choose" else Choice(name, EDGE, group)
                space.connect(source, target, port, choice=choice)
            if self.ports == "choose":
                space.choose_source(target, port, f"{target}.{port}", group)


def _check_operations(candidates: Sequence[str | OpSpec], default: Sequence[str | OpSpec]) -> None:
    """Check the operations by names and options, before any of them is made; the default needs no check."""
    if tuple(candidates) == tuple(default):
        return
    if not candidates:
        raise ValueError("expected at least one operation, found none")
    specs = [item if isinstance(item, OpSpec) else OpSpec(item) for item in candidates]
    labels = [spec.label for spec in specs]
    repeated = sorted({label for label in labels if labels.count(label) > 1})
    if repeated:
        raise ValueError(f"{', '.join(map(repr, repeated))} occurs more than once")
    for spec in specs:
        try:
            arity, problems = arity_of(spec.name), spec.option_problems() if spec.options else []
        except NasframeError as error:
            raise ValueError(str(error)) from error
        if arity not in (None, 2):
            raise ValueError(f"{spec.name!r} takes {arity} input{'s' * (arity != 1)}; an inner node has 2")
        problems += [
            f"{spec.name!r}: option {key!r} is None, which TOML cannot hold; leave it out"
            for key, value in spec.options.items()
            if value is None
        ]
        if problems:
            raise ValueError("; ".join(problems))


def _check_inputs(inputs: Mapping[str, Shape]) -> None:
    if len(inputs) < 2:
        raise SpaceError(
            f"the bimodal space fuses at least two inputs, found {len(inputs)}: {', '.join(inputs)}; divide "
            "it, in a file by task.inputs = {left = [...], right = [...]}, or choose a space of one input, "
            "such as nas_bench_201 or darts"
        )
    shown = ", ".join(f"{name}: {tuple(shape)}" for name, shape in inputs.items())
    if any(len(shape) not in (1, 2) for shape in inputs.values()):
        raise SpaceError(f"inputs of the bimodal space are (length, features) or (features,), found {shown}")
    if len({shape[0] if len(shape) == 2 else 1 for shape in inputs.values()}) > 1:
        raise SpaceError(f"inputs of the bimodal space must agree in length, found {shown}")
