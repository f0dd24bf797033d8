"""Checks of input shapes. Their errors name the expected and the found shapes."""

from __future__ import annotations

from collections.abc import Sequence

from nasframe import Shape
from nasframe.runtime import counted

__all__ = ["feature_map", "same_shape"]


def feature_map(shapes: Sequence[Shape]) -> tuple[int, int]:
    """Return `(length, channels)` of the only input.

    Raises:
        ValueError: there is not exactly one input, or its shape is not `(length, channels)`.
    """
    if len(shapes) != 1:
        raise ValueError(f"expected one input of shape (length, channels), found {_listed(shapes)}")
    if len(shapes[0]) != 2:
        raise ValueError(f"expected an input of shape (length, channels), found {tuple(shapes[0])}")
    length, channels = shapes[0]
    return length, channels


def same_shape(shapes: Sequence[Shape], inputs: int | None = None) -> tuple[int, int]:
    """Return `(length, channels)`, which all inputs share.

    Args:
        shapes: of the inputs, without the batch.
        inputs: the number that there must be; None: any number from one.

    Raises:
        ValueError: the number of inputs is another, their shapes differ, or are not `(length, channels)`.
    """
    wrong_number = not shapes if inputs is None else len(shapes) != inputs
    if wrong_number or len(set(map(tuple, shapes))) != 1 or len(shapes[0]) != 2:
        number = "inputs" if inputs is None else counted(inputs, "input")
        raise ValueError(f"expected {number} of one shape (length, channels), found {_listed(shapes)}")
    length, channels = shapes[0]
    return length, channels


def _listed(shapes: Sequence[Shape]) -> str:
    return ", ".join(str(tuple(shape)) for shape in shapes) or "no input"
