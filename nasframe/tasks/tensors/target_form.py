"""The form of targets: texts or numbers, one or a row for each example; targets of one form fit together."""

from __future__ import annotations

from typing import Any

import torch
from attrs import field, frozen
from torch import Tensor

from nasframe.errors import DataError
from nasframe.tasks.tensors.array_values import array_of, is_of_tensors, tensor_of

__all__ = ["TargetForm"]

_SHOWN = 3  # values, in a message


@frozen
class TargetForm:
    """The form of the targets of some examples. Two that fit together are equal.

    Attributes:
        text: they are texts.
        shape: of one target; empty for a single value.
        whole: they are whole numbers by their type; truth values too.
        fractions: a number among them is not whole.
        in_words: for a message.
    """

    text: bool
    shape: tuple[int, ...]
    whole: bool = field(eq=False)
    fractions: bool = field(eq=False)
    in_words: str = field(eq=False)

    @classmethod
    def of(cls, given: Any) -> TargetForm:
        """Return the form of targets, as `Targets.of` takes them.

        Raises:
            DataError: they are neither numbers nor texts.
        """
        values = given
        if not isinstance(given, Tensor) and not is_of_tensors(given):
            values = array_of(given, "target")
            if values.dtype.kind in "OUS" and any(isinstance(item, str | bytes) for item in values.flat):
                shown = _some(values.reshape(-1).tolist())
                return cls(True, _shape(values.shape), False, False, f"texts, such as {shown}")
        numbers = tensor_of(values, "target").cpu()
        if numbers.ndim == 0:
            raise DataError(f"target: expected one an example, found the single value {numbers.item()}")
        whole, shape = not numbers.is_floating_point(), _shape(tuple(numbers.shape))
        fractions = not whole and bool((numbers.isfinite() & (numbers != numbers.round())).any())
        if shape:
            size = f"rows of {shape[0]}" if len(shape) == 1 else f"arrays {shape} of"
            binary = bool(((numbers == 0) | (numbers == 1)).all())
            words = f"{size} {'zeros and ones' if binary else 'numbers'}"
        elif numbers.dtype == torch.bool:
            words = "truth values"
        else:
            flat = numbers.flatten()
            if fractions:
                flat = flat[flat.isfinite() & (flat != flat.round())]
            shown = _some(flat.tolist() if whole else [float(f"{item:.6g}") for item in flat.tolist()])
            words = f"{'' if fractions else 'whole '}numbers, such as {shown}"
        return cls(False, shape, whole, fractions, words)


def _shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of one target; one in a column is a single value."""
    return () if shape[1:] == (1,) else tuple(shape[1:])


def _some(values: list[Any]) -> str:
    try:
        found = sorted(set(values))
    except TypeError:  # texts beside other things
        found = list(dict.fromkeys(values))
    shown = [item.decode(errors="backslashreplace") if isinstance(item, bytes) else item for item in found]
    return ", ".join(repr(item).removesuffix(".0") for item in shown[:_SHOWN])
