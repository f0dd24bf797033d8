"""A genotype of BM-NAS as an architecture that is drawn and compared like ours.

The wiring is exactly what the genotype says. Four things are not in it, and are taken from the published
network: the edges to a cell's end add x and normalise; more than one concatenated inner step is projected
back to the common width; the network normalises what it concatenates, and a linear head follows. The
operations are named as ours of the same kind, though those of BM-NAS have another normalisation, and its
LinearGLU gates with both inputs. So an architecture made here is to be looked at, not to be trained: its
space is no registered one, and its inputs have no shapes.
"""

from __future__ import annotations

from collections.abc import Sequence

from nasframe import Architecture, Choice, OpSpec, SearchSpace
from nasframe.errors import ArchitectureError, NasframeError, nearest
from nasframe.operations import arity_of
from nasframe_bimodal.genotype import Genotype, StepGenotype

__all__ = ["OPERATIONS", "architecture_of"]

OPERATIONS = {
    "Sum": "sum",
    "ScaleDotAttn": "attention",
    "LinearGLU": "linear_glu",
    "ConcatFC": "concat_fc",
    # as they were called before the code was published
    "scale_dot_attn": "attention",
    "cat_conv_glu": "linear_glu",
    "cat_conv_relu": "concat_fc",
}
"""Published name → ours. Any other name must be that of an installed operation with two inputs."""


def architecture_of(genotype: Genotype) -> Architecture:
    """The architecture that a genotype describes, in a space of its own.

    Inputs are `input0`, `input1`, … as the genotype numbers them, steps `cell1`, `cell2`, … with the inner
    steps `N1`, `N2`, …. An edge `none` leaves its port empty.

    Raises:
        ArchitectureError: an operation that is not installed.
    """
    space = SearchSpace("bm_nas")
    assignment: dict[str, str] = {}
    used = sorted({index for _, index in genotype.edges if index < genotype.inputs})
    names = {index: space.add_input(f"input{index}") for index in used}
    for place, step in enumerate(genotype.steps):
        cell, inside = _cell(step, f"steps[{place}]")
        name = space.add_cell(f"cell{place + 1}", cell)
        sources = [names[index] for index in sorted(names)]
        picked = [(kind, names[index]) for kind, index in genotype.edges[2 * place : 2 * place + 2]]
        assignment |= _connect(space, sources, name, picked, "alpha")
        assignment |= {f"{name}/{choice}": value for choice, value in inside.items()}
        names[genotype.inputs + place] = name
    space.add_node("concat", "concat")
    assignment |= _gather(space, [names[index] for index in genotype.concat], "concat")
    space.add_node("norm", "layer_norm")
    space.connect("concat", "norm")
    space.add_node("head", "head")
    space.connect("norm", "head")
    space.set_output("head")
    provenance = {"format": "BM-NAS genotype", "inputs": genotype.inputs}
    return Architecture(space, assignment, provenance)


def _cell(step: StepGenotype, where: str) -> tuple[SearchSpace, dict[str, str]]:
    """The space of one step, and what is chosen in it."""
    cell = SearchSpace("cell")
    assignment: dict[str, str] = {}
    names = [cell.add_input("x"), cell.add_input("y")]
    for place, published in enumerate(step.inner_steps):
        operation = _operation(published, f"{where}.inner_steps")
        name = f"N{place + 1}"
        candidates = tuple(dict.fromkeys([*OPERATIONS.values(), operation]))
        cell.add_node(name, choice=Choice(name, candidates, "gamma"), ports=("x", "y"))
        assignment[name] = operation
        picked = [(kind, names[index]) for kind, index in step.inner_edges[2 * place : 2 * place + 2]]
        assignment |= _connect(cell, list(names), name, picked, "beta")
        names.append(name)
    cell.add_node("fusion", "sum", ports=("x", "y"))
    cell.connect("x", "fusion", "x")
    gathered = [names[index] for index in step.inner_concat]
    if len(gathered) == 1:
        assignment |= _connect(cell, names[2:], "fusion", [("skip", gathered[0])], "concat", ("y",))
    else:
        cell.add_node("concat", "concat")
        assignment |= _gather(cell, gathered, "concat")
        cell.add_node("projection", OpSpec("projection"))
        cell.connect("concat", "projection")
        cell.connect("projection", "fusion", "y")
    cell.add_node("norm", "layer_norm")
    cell.connect("fusion", "norm")
    cell.set_output("norm")
    return cell, assignment


def _connect(
    space: SearchSpace,
    sources: Sequence[str],
    target: str,
    picked: Sequence[tuple[str, str]],
    group: str,
    ports: Sequence[str] = ("x", "y"),
) -> dict[str, str]:
    """One source for each port, as a choice, so that architectures compare by their wiring too."""
    assignment: dict[str, str] = {}
    for port, (kind, source) in zip(ports, picked, strict=True):
        name = f"{target}.{port}"
        if kind == "none":
            space.connect(source, target, port, choice=Choice(name, ("zero", "identity"), group))
            assignment[name] = "zero"
            continue
        for other in sources:
            space.connect(other, target, port)
        space.choose_source(target, port, name, group)
        assignment[name] = source
    return assignment


def _gather(space: SearchSpace, sources: Sequence[str], target: str) -> dict[str, str]:
    """A port for each source; which they are is part of the assignment."""
    for source in sources:
        space.connect(source, target, source)
        space.choose_source(target, source, f"{target}.{source}", "concat")
    return {f"{target}.{source}": source for source in sources}


def _operation(name: str, where: str) -> str:
    if name in OPERATIONS:
        return OPERATIONS[name]
    try:
        arity = arity_of(name)
    except NasframeError:
        hint = nearest(name, OPERATIONS)
        raise ArchitectureError(
            f"{where}: unknown operation {name!r}{hint}; a plugin may register one of this name"
        ) from None
    if arity not in (None, 2):
        raise ArchitectureError(f"{where}: operation {name!r} takes {arity} inputs; an inner step has 2")
    return name
