"""`TensorTask`: classification of tensors that are in memory, or mapped into it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from attrs import define, field, frozen
from torch import Tensor
from torch.nn import functional as F

from nasframe.errors import DataError
from nasframe.runtime import is_finite, rows_not_finite
from nasframe.tasks.array_values import found_kind, rows_in_words, tensor_of
from nasframe.tasks.class_labels import LabelColumn
from nasframe.tasks.data import Batch, Data, Split, Splits
from nasframe.tasks.scores import Scores
from nasframe.tasks.task import Task

__all__ = ["TensorSplit", "TensorTask"]

_AT_ONCE = 1 << 24
"""Values that are checked at a time."""

_EXACT = 1 << 24
"""Up to here float32 tells whole numbers apart."""

_ROUNDING = 2.0**-40
"""Numbers of float64 that differ by a smaller share may be one number, computed in two ways."""


@frozen
class TensorSplit(Split):
    """A split of tensors that fit in memory (or are mapped into it)."""

    inputs: Mapping[str, Tensor]
    targets: Tensor
    identifiers: Sequence[str]
    sampling_weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, indices: Tensor) -> Batch:
        return Batch({name: value[indices] for name, value in self.inputs.items()}, self.targets[indices])


def _valid_shares(_: Any, __: Any, value: Any) -> None:
    try:
        shares = [] if _has_text(value) else [float(share) for share in value]
    except (TypeError, ValueError, OverflowError, RuntimeError):  # the last of a tensor of several numbers
        shares = []
    if len(shares) != 4 or not all(math.isfinite(share) and share > 0 for share in shares):
        found = [*value] if isinstance(value, list | tuple) else found_kind(value)
        raise ValueError(f"fractions must be four numbers above 0, found {found}")


def _has_text(value: Any) -> bool:
    """Return True for a text, and for a list that holds one, which `float` may take for a number."""
    return isinstance(value, str | bytes) or any(isinstance(share, str | bytes) for share in value)


def _valid_seed(_: Any, __: Any, value: Any) -> None:
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or not -(2**63) <= int(value) < 2**64:
        raise ValueError(f"seed must be a whole number of 64 bits, found {found_kind(value)}")


def _as_given(value: Any) -> Any:
    """Return a value as it is: users may give what is no tensor yet, and every instance makes it one."""
    return value


@define
class TensorTask(Task):
    """Classification of data in memory: inputs by name, and a class for each example.

    Inputs and labels may be tensors on any device, NumPy arrays, lists, or columns of a data frame. Labels
    may be class numbers from 0, other whole numbers (−1 and 1, 1 and 2), truth values, names, a column, or
    one-hot rows; all but class numbers are numbered in sorted order. What has no clear meaning is refused,
    with the rows in which it stands.

    Args:
        tensors: name → `(examples, *shape)`, finite numbers of any type; batches hold them as float32.
        labels: `(examples,)`. The attribute holds class numbers, int64.
        fractions: shares of the splits weights, architecture, validation, test; they need not add up to 1.
        seed: of the stratified split.
        classes: names of the classes, in the order of their numbers. None: the labels say them, and the
            attribute holds their names unless they are class numbers already.

    Raises:
        DataError: no inputs, inputs and labels of different length, fewer than 8 examples, values that are
            not finite, or labels that tell no classes apart.

    Example:
        >>> import torch
        >>> from nasframe import TensorTask
        >>> data = TensorTask({"x": torch.zeros(50, 3)}, labels=torch.arange(50) % 2).data({})
        >>> data.inputs, data.outputs
        ({'x': (3,)}, 2)
        >>> splits = data.splits
        >>> len(splits.weights), len(splits.architecture), len(splits.validation), len(splits.test())
        (20, 10, 10, 10)
        >>> TensorTask({"x": torch.zeros(8, 3)}, labels=["real", "fake"] * 4).classes
        ('fake', 'real')
    """

    tensors: Mapping[str, Tensor] = field(factory=dict, repr=False, converter=_as_given)
    labels: Tensor = field(factory=lambda: torch.empty(0, dtype=torch.long), repr=False, converter=_as_given)
    fractions: tuple[float, float, float, float] = field(
        default=(0.4, 0.2, 0.2, 0.2), validator=_valid_shares
    )
    seed: int = field(default=0, validator=_valid_seed)
    classes: tuple[str, ...] | None = field(default=None, converter=_as_given)

    def __attrs_post_init__(self) -> None:
        given: Any = self.tensors
        if not isinstance(given, Mapping):
            raise DataError(f'inputs: expected them by name, as {{"x": …}}, found {found_kind(given)}')
        if not given:
            raise DataError("no inputs: give at least one named tensor")
        tensors = {name: _input(name, value) for name, value in given.items()}
        column = LabelColumn.of(self.labels)
        sizes = {name: len(value) for name, value in tensors.items()}
        if set(sizes.values()) != {len(column)}:
            raise DataError(f"every input needs one row a label ({len(column)}), found {sizes}")
        if len(column) < 8:
            raise DataError(f"four splits need at least 8 examples, found {len(column)}")
        for name, value in tensors.items():
            _require_finite(name, value)
        found = column.classes(_names(self.classes))
        # a subclass may be frozen
        object.__setattr__(self, "tensors", tensors)
        object.__setattr__(self, "labels", found.numbers)
        object.__setattr__(self, "classes", found.names)

    def data(self, folders: Mapping[str, Path]) -> Data:
        parts = self._stratified()
        splits = [
            TensorSplit(
                {name: _numbers(value, rows) for name, value in self.tensors.items()},
                self.labels[rows],
                [str(int(row)) for row in rows],
            )
            for rows in parts
        ]
        return Data(
            inputs={name: tuple(value.shape[1:]) for name, value in splits[0].inputs.items()},
            outputs=self._count,
            splits=Splits(splits[0], splits[1], splits[2], lambda: splits[3]),
        )

    @property
    def _count(self) -> int:
        """The number of classes."""
        return int(self.labels.max()) + 1 if self.classes is None else len(self.classes)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return the accuracy, which is NaN where an output is not finite: no class is the largest then."""
        if not is_finite(outputs):
            return {"accuracy": math.nan}
        return {"accuracy": float((outputs.argmax(-1) == targets).float().mean())}

    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores | None:
        """Return the score of the second class, where there are two."""
        if outputs.shape[1] != 2:
            return None
        targets = split.batch(torch.arange(len(split))).targets
        negative, positive = self.classes or ("0", "1")
        return Scores(_log_odds(outputs), targets, positive=f"label {positive}", negative=f"label {negative}")

    def _stratified(self) -> list[Tensor]:
        """Return the row numbers of the four splits: exact sizes, and every class spread evenly over them.

        Raises:
            DataError: a split would be empty.
        """
        random = torch.Generator().manual_seed(int(self.seed))
        order = torch.randperm(len(self.labels), generator=random)
        # The place of each example within its class, 0 to 1; the first place is random, for small classes.
        position = torch.empty(len(order))
        for label in range(self._count):
            members = (self.labels[order] == label).nonzero().flatten()
            start = torch.rand((), generator=random)
            position[members] = (torch.arange(len(members)) + start) / max(len(members), 1)
        order = order[torch.argsort(position, stable=True)]
        shares = torch.tensor([float(share) for share in self.fractions], dtype=torch.float64)
        if not bool(shares.sum().isfinite()):
            shares /= shares.max()
        bounds = (shares.cumsum(0) / shares.sum() * len(order)).round().long().tolist()
        parts = [order[start:end] for start, end in zip([0, *bounds], bounds, strict=False)]
        if min(map(len, parts)) == 0:
            raise DataError(f"{len(order)} examples are too few for the shares {list(self.fractions)}")
        return parts


def _log_odds(outputs: Tensor) -> Tensor:
    """Return the log-odds of the second of two classes `(batch,)`, float64, from logits `(batch, 2)`."""
    logits = outputs.detach().double()
    return logits[:, 1] - logits[:, 0]


def _input(name: Any, value: Any) -> Tensor:
    """Return an input as a tensor of numbers that has a row for each example.

    Raises:
        DataError: it is none.
    """
    if not isinstance(name, str) or not name:
        raise DataError(f"inputs: expected text as the name of each, found {name!r}")
    found = tensor_of(value, f"input {name!r}")
    if found.ndim == 0:
        raise DataError(f"input {name!r}: expected a row for each example, found a single number")
    if 0 in found.shape[1:]:
        raise DataError(f"input {name!r}: the shape {tuple(found.shape)} holds no number")
    return found


def _require_finite(name: str, value: Tensor) -> None:
    """Refuse an input with a value that float32 does not hold.

    Raises:
        DataError: with its name and rows.
    """
    size = max(1, _AT_ONCE // max(1, value[0].numel()))
    if value.is_floating_point():
        bad = [rows_not_finite(part.float()) for part in torch.split(_columns(value), size)]
        rows = torch.cat(bad).nonzero().flatten().tolist()
        if rows:
            raise DataError(f"input {name!r}: NaN or infinity in {rows_in_words(rows)}")
        if value.dtype == torch.float64:
            _require_told_apart(name, _columns(value), size)
    elif value.dtype in (torch.int32, torch.int64):
        bad = [(part.abs() > _EXACT).flatten(1).any(1) for part in torch.split(_columns(value), size)]
        rows = torch.cat(bad).nonzero().flatten().tolist()
        if rows:
            raise DataError(
                f"input {name!r}: whole numbers beyond {_EXACT:,} in {rows_in_words(rows)}, which float32 "
                "does not tell apart; scale them first"
            )


def _require_told_apart(name: str, value: Tensor, size: int) -> None:
    """Refuse a number of the examples that differs between them, and is one and the same in float32.

    A difference as small as a rounding error of float64 counts as none.

    Args:
        name: of the input.
        value: `(examples, *shape)`, float64.
        size: examples to look at together.

    Raises:
        DataError: with the two ends of its values.
    """
    parts = torch.split(value, size)
    low = torch.stack([part.amin(0) for part in parts]).amin(0)
    high = torch.stack([part.amax(0) for part in parts]).amax(0)
    largest = torch.maximum(low.abs(), high.abs())
    lost = (low.float() == high.float()) & (high - low > _ROUNDING * largest)
    if lost.any():
        first, last = float(low[lost][0]), float(high[lost][0])
        raise DataError(
            f"input {name!r}: values from {first!r} to {last!r} at one place of the examples, which float32 "
            "does not tell apart; subtract what they share, or scale them, first"
        )


def _columns(value: Tensor) -> Tensor:
    """Return numbers `(examples,)` as a column; others as they are."""
    return value[:, None] if value.ndim == 1 else value


def _numbers(value: Tensor, rows: Tensor) -> Tensor:
    """Return some rows, as the float32 that the parameters of a network are."""
    return _columns(value[rows.to(value.device)]).float()


def _names(given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    names = tuple(given) if isinstance(given, list | tuple) else ()
    if len(names) < 2 or len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
        raise DataError(f"classes: expected two or more names, each another, found {given!r}")
    return names
