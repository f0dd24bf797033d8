"""A genotype of BM-NAS as an architecture, which can be drawn and compared like any other.

The wiring is exactly that of the genotype. Four things are not in it and come from the published network: the
end of a cell adds x and normalises; several concatenated inner steps are projected to the common width; the
network normalises its concatenation; a linear head follows. Operations have the names of nasframe's
operations of the same kind, although those of BM-NAS have another normalisation, and its LinearGLU gates with
both inputs. So an architecture made here cannot be trained: its space is not registered, and its inputs have
no shapes.
"""

from __future__ import annotations

from collections.abc import Sequence

from nasframe import Architecture, Choice, OpSpec, SearchSpace, arity_of
from nasframe.errors import ArchitectureError, NasframeError, nearest
from nasframe_bimodal.genotype import Genotype, StepGenotype

__all__ = ["OPERATIONS", "architecture_of"]

OPERATIONS = {
    "Sum": "sum",
    "ScaleDotAttn": "attention",
    "LinearGLU": "linear_glu",
    "ConcatFC": "concat_fc",
    # the names before the code was published
    "scale_dot_attn": "attention",
    "cat_conv_glu": "linear_glu",
    "cat_conv_relu": "concat_fc",
}
"""Name in BM-NAS → name in nasframe. Other names must be those of installed operations with two inputs."""


def architecture_of(genotype: Genotype) -> Architecture:
    """Return the architecture of a genotype, in its own space.

    Inputs are `input0`, `input1`, … with the numbers of the genotype, steps `cell1`, `cell2`, …, inner steps
    `N1`, `N2`, …. The port of an edge `none` is empty.

    Raises:
        ArchitectureError: an operation is not installed.
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
    """Return the space of one step, and the assignment in it."""
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
    """Connect one source to each port, as a choice, so that the wiring of architectures can be compared."""
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
    """Connect each source to a port of its own, as a choice, and return the assignment."""
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
