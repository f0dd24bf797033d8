"""The operations that a user offers to the edges of a cell: options, names in the papers, their check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nasframe import OpSpec, Shape, arity_of
from nasframe.errors import NasframeError, SpaceError
from nasframe.options import option
from nasframe_cells.dimensions import SHAPES

__all__ = ["affine_option", "check_operations", "offered", "only_input", "operations_option", "with_affine"]

_OWN = {"none": "zero", "skip_connect": "identity"}
"""Name in the papers → nasframe's own operation that is the same between nodes of one size."""


def operations_option(
    default: tuple[str | OpSpec, ...], check: Callable[[Sequence[str | OpSpec]], None]
) -> tuple[str | OpSpec, ...]:
    """Return the option `operations` of a space of cells.

    Args:
        default: the candidates where none are given; they need no check.
        check: of those that are given; raises ValueError.
    """

    def check_given(_: object, __: object, value: Sequence[str | OpSpec]) -> None:
        if tuple(value) != default:
            check(value)

    return option(
        default,
        help="candidates of every edge; the papers' none and skip_connect are zero and identity",
        validator=check_given,
    )


def affine_option() -> bool:
    """Return the option `affine` of a space of cells."""
    return option(
        True, help="whether batch normalisations train a scale and a shift; the papers' searches do not"
    )


def with_affine(affine: bool, **options: int | bool) -> dict[str, int | bool]:
    """Return the options of an operation of a network whose batch normalisations are affine, or are not."""
    return options if affine else {**options, "affine": False}


def offered(
    operations: Sequence[str | OpSpec], *, stride: int = 1, affine: bool = True
) -> tuple[OpSpec, ...]:
    """Return the candidates of one edge.

    Args:
        operations: as the user gave them; `none` and `skip_connect` are nasframe's `zero` and `identity`.
        stride: of the edge; at 2 an identity is the factorised reduction `skip_connect`.
        affine: of the operations that have this option and were given without it.
    """
    return tuple(_at(_spec(item), stride, affine) for item in operations)


def check_operations(operations: Sequence[str | OpSpec], *, strides: bool) -> None:
    """Check names and options of the operations, before any of them is made.

    Args:
        operations: as the user gave them.
        strides: whether they have to work at stride 2 too.

    Raises:
        ValueError: says what is wrong with which of them.
    """
    specs = [_spec(item) for item in operations]
    labels = [spec.label for spec in specs]
    if all(label == "zero" for label in labels):
        raise ValueError("expected at least one operation beside zero, found none")
    repeated = sorted({label for label in labels if labels.count(label) > 1})
    if repeated:
        raise ValueError(f"{', '.join(map(repr, repeated))} occurs more than once")
    for spec in specs:
        try:
            arity = arity_of(spec.name)
            problems = [*spec.option_problems(), *(_stride_problems(spec) if strides else [])]
        except NasframeError as error:
            raise ValueError(str(error)) from error
        if arity not in (None, 1):
            raise ValueError(f"{spec.name!r} takes {arity} inputs; an edge of a cell has 1")
        problems += [
            f"{spec.name!r}: option {key!r} is None, which TOML cannot hold; leave it out"
            for key, value in spec.options.items()
            if value is None
        ]
        if problems:
            raise ValueError("; ".join(problems))


def only_input(inputs: Mapping[str, Shape], space: str) -> tuple[str, Shape]:
    """Return the name and the shape of the only input.

    Raises:
        SpaceError: there are several, or it is no image and no sequence.
    """
    shown = ", ".join(f"{name}: {tuple(shape)}" for name, shape in inputs.items())
    if len(inputs) != 1:
        raise SpaceError(
            f"the {space} space takes one input, found {len(inputs)}: {shown}; choose one, in a file by "
            "task.inputs, or a space that fuses several, such as bimodal"
        )
    ((name, shape),) = inputs.items()
    if len(shape) not in (2, 3):
        one = (
            f"; give a sequence of one channel as (1, {shape[0]}): x[:, None] of an array of rows, x[None] "
            "of an item"
        )
        hint = one if len(shape) == 1 else ""
        raise SpaceError(f"the input of the {space} space is {SHAPES}, found {shown}{hint}")
    return name, shape


def _spec(operation: str | OpSpec) -> OpSpec:
    spec = operation if isinstance(operation, OpSpec) else OpSpec(operation)
    return OpSpec(_OWN.get(spec.name, spec.name), spec.options)


def _at(spec: OpSpec, stride: int, affine: bool) -> OpSpec:
    if spec.name == "zero":
        return spec
    options = dict(spec.options)
    if stride != 1:
        options["stride"] = stride
        spec = OpSpec("skip_connect" if spec.name == "identity" else spec.name)
    if not affine and "affine" not in options and _takes(spec, "affine", False):
        options["affine"] = False
    return OpSpec(spec.name, options)


def _stride_problems(spec: OpSpec) -> list[str]:
    if spec.name in _OWN.values():
        return []
    if "stride" in spec.options:
        return [f"{spec.name!r}: the cell sets the option 'stride'; leave it out"]
    if not _takes(spec, "stride", 2):
        return [f"{spec.name!r} has no option 'stride', which a reduction cell needs"]
    return []


def _takes(spec: OpSpec, option: str, value: int | bool) -> bool:
    """Return True where an operation takes an option of this value."""
    return not OpSpec(spec.name, {**spec.options, option: value}).option_problems()
