"""Values that a user gave, in words for a message."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import numpy as np
from torch import Tensor

from nasframe.runtime import format_names

__all__ = ["kind_in_words", "rows_in_words", "value_in_words"]


def kind_in_words(value: Any) -> str:
    """Return a value's class with its article; a short text or number is shown itself."""
    if value is None or (isinstance(value, str | bytes | int | float) and len(repr(value)) <= 40):
        return repr(value)
    name = type(value).__name__
    return f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}"


def value_in_words(value: Any) -> str:
    """Return a tensor or an array by its shape and dtype, and any other value by `kind_in_words`."""
    if isinstance(value, Tensor):
        return f"a tensor {tuple(value.shape)} of {value.dtype}"
    if isinstance(value, np.ndarray):
        return f"a NumPy array {value.shape} of {value.dtype}"
    if inspect.isgenerator(value):
        return "a generator"
    return kind_in_words(value)


def rows_in_words(rows: Iterable[int]) -> str:
    """Return the first three row numbers, and how many more there are.

    >>> rows_in_words([5]), rows_in_words([5, 9]), rows_in_words(range(10))
    ('row 5', 'rows 5 and 9', 'rows 0, 1, 2 and 7 more')
    """
    found = [str(row) for row in rows]
    if len(found) == 1:
        return f"row {found[0]}"
    if len(found) > 3:
        return f"rows {format_names(found)}"
    return f"rows {', '.join(found[:-1])} and {found[-1]}"
