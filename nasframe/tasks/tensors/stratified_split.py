"""The rows of the four splits: shares of the examples, with every class in each of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nasframe.errors import DataError
from nasframe.runtime import counted
from nasframe.tasks.values_in_words import kind_in_words

__all__ = ["stratified_rows", "valid_seed", "valid_shares"]


def stratified_rows(labels: Tensor, classes: int, shares: Sequence[float], seed: int) -> list[Tensor]:
    """Return the row numbers of the splits: exact sizes, and every class spread evenly over them.

    Args:
        labels: `(examples,)`, class numbers.
        classes: number of classes.
        shares: of each split; they need not add up to 1.
        seed: of the order.

    Raises:
        DataError: a split would be empty.
    """
    random = torch.Generator().manual_seed(int(seed))
    order = torch.randperm(len(labels), generator=random)
    # The place of each example within its class, 0 to 1; the first place is random, for small classes.
    position = torch.empty(len(order))
    for label in range(classes):
        members = (labels[order] == label).nonzero().flatten()
        start = torch.rand((), generator=random)
        position[members] = (torch.arange(len(members)) + start) / max(len(members), 1)
    order = order[torch.argsort(position, stable=True)]
    sizes = torch.tensor([float(share) for share in shares], dtype=torch.float64)
    if not bool(sizes.sum().isfinite()):
        sizes /= sizes.max()
    bounds = (sizes.cumsum(0) / sizes.sum() * len(order)).round().long().tolist()
    parts = [order[start:end] for start, end in zip([0, *bounds], bounds, strict=False)]
    if min(map(len, parts)) == 0:
        raise DataError(
            f"{counted(len(order), 'example is', 'examples are')} too few for the shares {list(shares)}"
        )
    return parts


def valid_shares(_: Any, __: Any, value: Any) -> None:
    """Refuse what is no share for each of the four splits; a validator of attrs.

    Raises:
        ValueError: with what was found.
    """
    try:
        shares = [] if _has_text(value) else [float(share) for share in value]
    except (TypeError, ValueError, OverflowError, RuntimeError):  # the last of a tensor of several numbers
        shares = []
    if len(shares) != 4 or not all(math.isfinite(share) and share > 0 for share in shares):
        found = [*value] if isinstance(value, list | tuple) else kind_in_words(value)
        raise ValueError(f"fractions must be four numbers above 0, found {found}")


def _has_text(value: Any) -> bool:
    """Return True for a text, and for a list that holds one, which `float` may take for a number."""
    return isinstance(value, str | bytes) or any(isinstance(share, str | bytes) for share in value)


def valid_seed(_: Any, __: Any, value: Any) -> None:
    """Refuse what no generator of torch takes as a seed; a validator of attrs.

    Raises:
        ValueError: with what was found.
    """
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or not -(2**63) <= int(value) < 2**64:
        raise ValueError(f"seed must be a whole number of 64 bits, found {kind_in_words(value)}")
