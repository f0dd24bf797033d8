"""The place of each example in one of four splits: seeded, stratified by class, with folds for the test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from nasframe import SPLITS
from nasframe.errors import DataError
from nasframe.runtime import counted, generator

__all__ = ["FOLDS", "check_shares", "stratified_parts"]

FOLDS = 5
"""Number of test parts that `fold` chooses among; together they hold every example once."""


def check_shares(_: Any, __: Any, value: Sequence[float]) -> None:
    """Refuse shares that are not four positive numbers, as a validator of attrs.

    Raises:
        ValueError: with the shares.
    """
    if len(value) != len(SPLITS) or not all(math.isfinite(share) and share > 0 for share in value):
        raise ValueError(f"expected four numbers above 0, found {list(value)}")


def stratified_parts(
    labels: Tensor, shares: Sequence[float], fold: int | None, seed: int, stream: str = "examples"
) -> dict[str, Tensor]:
    """Return split → the row numbers of its examples, in ascending order.

    All examples stand in one seeded order in which every class is spread evenly; each split is a section of
    it. With a fold, the test split is one of five sections, and the others share the rest.

    Args:
        labels: class numbers from 0, `(examples,)`.
        shares: of the four splits; they need not add up to 1. With a fold the last one is not used.
        fold: 0 to 4; None: the test split has its share.
        seed: of the order.
        stream: the name of the examples, where two kinds share a seed. It enters the order: never change one.

    Raises:
        DataError: a split would lack a class.
    """
    order = _spread(labels, generator(seed, "order", stream))
    parts: list[Tensor]
    if fold is None:
        parts = _sections(order, shares)
    else:
        folds = _sections(order, [1.0] * FOLDS)
        rest = torch.cat([part for number, part in enumerate(folds) if number != fold])
        parts = [*_sections(rest, shares[:3]), folds[fold]]
    classes = int(labels.max()) + 1
    for name, rows in zip(SPLITS, parts, strict=True):
        if int((torch.bincount(labels[rows], minlength=classes) > 0).sum()) < classes:
            raise DataError(
                f"the split {name}: {counted(len(rows), 'example is', 'examples are')} too few "
                f"for {classes} classes"
            )
    return {name: rows.sort().values for name, rows in zip(SPLITS, parts, strict=True)}


def _spread(labels: Tensor, random: torch.Generator) -> Tensor:
    """Return all row numbers in a random order in which every class is spread evenly."""
    order = torch.randperm(len(labels), generator=random)
    place = torch.empty(len(order), dtype=torch.float64)
    for label in range(int(labels.max()) + 1):
        members = (labels[order] == label).nonzero().flatten()
        start = torch.rand((), generator=random, dtype=torch.float64)
        place[members] = (torch.arange(len(members)) + start) / max(len(members), 1)
    return order[torch.argsort(place, stable=True)]


def _sections(order: Tensor, shares: Sequence[float]) -> list[Tensor]:
    ends = torch.tensor(shares, dtype=torch.float64).cumsum(0)
    bounds = (ends / ends[-1] * len(order)).round().long().tolist()
    return [order[start:end] for start, end in zip([0, *bounds], bounds, strict=False)]
