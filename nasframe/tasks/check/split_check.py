"""The splits of a task, checked before any work: numbers, names, batches, weights, examples drawn anew."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from attrs import frozen
from torch import Tensor

from nasframe.errors import ContractError
from nasframe.runtime import counted, is_finite, rows_not_finite
from nasframe.tasks.check.task_contract import TaskContract
from nasframe.tasks.data import Batch, Data, Split, Splits
from nasframe.tasks.values_in_words import rows_in_words, value_in_words

__all__ = ["CheckedSplits", "check_data", "check_split_alone", "check_test_split", "spread_rows"]

_ROWS = 16
_AT_ONCE = 256
_TRAINING = ("weights", "architecture")


def check_data(data: Any, contract: TaskContract) -> None:
    """Check shapes, number of outputs, and the four splits, of which the test split stays closed.

    Raises:
        ContractError: a promise is broken.
    """
    made_by = contract.task.data
    if not isinstance(data, Data):
        raise contract.violation(made_by, "data must return nasframe.Data", data)
    if not isinstance(data.inputs, Mapping) or not data.inputs:
        raise contract.violation(made_by, "data must name the shape of at least one input", data.inputs)
    for name, shape in data.inputs.items():
        if not isinstance(name, str) or not name:
            raise contract.violation(made_by, "the name of an input must be a text", name)
        if not isinstance(shape, Sequence) or not all(isinstance(n, int) and n >= 1 for n in shape):
            promise = f"the shape of input {name!r} must be whole numbers from 1"
            raise contract.violation(made_by, promise, repr(shape))
    if isinstance(data.outputs, bool) or not isinstance(data.outputs, int) or data.outputs < 1:
        raise contract.violation(made_by, "the number of outputs must be an int from 1", data.outputs)
    if not isinstance(data.splits, Splits):
        raise contract.violation(made_by, "data must hold nasframe.Splits", data.splits)
    if not callable(data.splits.test):
        promise = "splits.test must be a function that opens the test split"
        raise contract.violation(made_by, promise, data.splits.test)


@frozen
class CheckedSplits:
    """The splits of a task that are open before the evaluation, each checked when it is asked for.

    Attributes:
        data: whose test split the caller has sealed.
        contract: of the task.
    """

    data: Data
    contract: TaskContract

    def check(self) -> None:
        """Check all splits.

        Raises:
            ContractError: a promise is broken.
        """
        owners: dict[Any, str] = {}
        targets: dict[str, Tensor] = {}
        for name in (*_TRAINING, "validation"):
            split = getattr(self.data.splits, name)
            count = _count(name, split, self.contract)
            _check_names(name, split, count, owners, self.contract)
            targets[name] = self._check_batches(name, split, count).targets
            if name in _TRAINING:
                _check_weights(name, split, count, self.contract)
                self._check_redrawn(name, split, count)
        first = targets["weights"]
        for name, value in targets.items():
            if value.dtype != first.dtype or value.shape[1:] != first.shape[1:]:
                those = value_in_words(first)
                promise = f"the targets of all splits must be alike; those of the weights are {those}"
                function = getattr(self.data.splits, name).batch
                words = f"{value_in_words(value)} in the split {name}"
                raise self.contract.violation(function, promise, words)

    def batch(self, name: str, split: Split, rows: Tensor) -> Batch:
        """Return a batch of a split, with the shapes that the task announced, from seeded global noise."""
        _seed_global_noise()
        return self._read(name, split, rows)

    def _read(self, name: str, split: Split, rows: Tensor) -> Batch:
        contract, where = self.contract, f"the split {name}: batch"
        found = contract.call(where, split.batch, rows.clone())

        def broken(promise: str, value: Any) -> ContractError:
            return contract.violation(split.batch, f"{where} must {promise}", value)

        if not isinstance(found, Batch):
            raise broken("return a nasframe.Batch", found)
        if not isinstance(found.inputs, Mapping) or {*found.inputs} != {*self.data.inputs}:
            held = ", ".join(map(str, found.inputs)) if isinstance(found.inputs, Mapping) else ""
            raise broken(
                f"hold the inputs that data announced, {', '.join(self.data.inputs)}",
                held or value_in_words(found.inputs),
            )
        for key, value in found.inputs.items():
            if not isinstance(value, Tensor):
                raise broken(f"hold tensors; input {key!r}", value)
            if tuple(value.shape) != (len(rows), *self.data.inputs[key]):
                announced = (len(rows), *self.data.inputs[key])
                raise broken(
                    f"hold input {key!r} in the shape that data announced, {announced} for "
                    f"{counted(len(rows), 'example')}",
                    str(tuple(value.shape)),
                )
            if value.dtype != torch.float32:
                raise broken(f"hold input {key!r} as torch.float32, as networks compute", str(value.dtype))
            if value.is_meta or value.layout != torch.strided:
                kind = "on the meta device" if value.is_meta else str(value.layout)
                raise broken(f"hold input {key!r} as a dense tensor with values", kind)
            if not is_finite(value):
                bad = rows[rows_not_finite(value).nonzero().flatten().cpu()].tolist()
                raise broken(
                    f"hold finite numbers in input {key!r}",
                    f"NaN or infinity in {rows_in_words(bad)} (example {split.identifiers[bad[0]]!r})",
                )
        if not isinstance(found.targets, Tensor):
            raise broken("hold the targets as a tensor", found.targets)
        if found.targets.device.type != "cpu":
            raise broken("hold the targets on the CPU, where metrics are computed", str(found.targets.device))
        if found.targets.ndim == 0 or len(found.targets) != len(rows):
            raise broken(
                f"hold {counted(len(rows), 'target')} for {counted(len(rows), 'example')}", found.targets
            )
        return found

    def _check_batches(self, name: str, split: Split, count: int) -> Batch:
        """Read some examples together and one by one, and those of validation again."""
        rows = spread_rows(split, count)
        together = self.batch(name, split, rows)
        order = torch.tensor([count - 1, 0, count - 1, count // 2])
        mixed = self.batch(name, split, order)
        for place in range(len(order)):
            alone = self.batch(name, split, order[place : place + 1])
            one = Batch(
                {key: value[place : place + 1] for key, value in mixed.inputs.items()},
                mixed.targets[place : place + 1],
            )
            if name == "validation" and not _alike(one, alone):
                raise self.contract.violation(
                    split.batch,
                    f"the split {name}: batch must return the examples in the order of the indices, the same "
                    "at every call",
                    f"another example {int(order[place])} when it was read alone",
                )
            if not torch.equal(one.targets, alone.targets):
                raise self.contract.violation(
                    split.batch,
                    f"the split {name}: batch must return the examples in the order of the indices",
                    f"another target of example {int(order[place])} when it was read alone",
                )
        if name == "validation":
            again = self._read(name, split, rows)  # the global noise has moved on
            if not _same(together, again):
                raise self.contract.violation(
                    split.batch,
                    f"the split {name}: batch must return the same examples at every call; what is drawn "
                    "anew each epoch belongs into `redrawn`",
                    "other ones at the second",
                )
        return together

    def all_targets(self, name: str) -> Tensor:
        """Return the targets of all examples of a split, read in parts."""
        split = getattr(self.data.splits, name)
        parts = torch.split(torch.arange(len(split)), _AT_ONCE)
        return torch.cat([self.batch(name, split, rows).targets for rows in parts])

    def _check_redrawn(self, name: str, split: Split, count: int) -> None:
        contract, where = self.contract, f"the split {name}: redrawn"
        rows = spread_rows(split, count)
        before = _copied(self.batch(name, split, rows))
        drawn = [contract.call(where, split.redrawn, torch.Generator().manual_seed(1)) for _ in range(2)]

        def broken(promise: str, found: Any) -> ContractError:
            return contract.violation(split.redrawn, f"{where} must {promise}", found)

        for found in drawn:
            if not hasattr(found, "batch") or not hasattr(found, "__len__"):
                raise broken("return a split", found)
            if len(found) != count:
                raise broken(f"keep the number of examples, {count}", str(len(found)))
            if list(found.identifiers) != list(split.identifiers):
                raise broken("keep the names of the examples", "other ones")
            if not _equal(found.sampling_weights, split.sampling_weights):
                raise broken("keep the sampling weights", "other ones")
        if drawn[0] is not split or drawn[1] is not split:
            first, again = (self.batch(name, found, rows) for found in drawn)
            if not _same(first, again):
                raise broken("draw from the generator that it is given", "other examples for the same seed")
        if not _same(before, self.batch(name, split, rows)):
            raise broken("leave the split as it is", "its examples changed in place")


def check_test_split(test: Any, data: Data, contract: TaskContract) -> None:
    """Check the test split when it has been opened: its number and names, and that no other split has one.

    Raises:
        ContractError: a promise is broken.
    """
    owners: dict[Any, str] = {}
    for name in (*_TRAINING, "validation"):
        owners |= dict.fromkeys(getattr(data.splits, name).identifiers, name)
    count = _count("test", test, contract)
    _check_names("test", test, count, owners, contract)


def check_split_alone(name: str, split: Any, contract: TaskContract) -> None:
    """Check number and names of a split that belongs to no others.

    Raises:
        ContractError: a promise is broken.
    """
    _check_names(name, split, _count(name, split, contract), {}, contract)


def spread_rows(split: Any, count: int) -> Tensor:
    """Return some row numbers, evenly spread, with those of extreme labels where they are known."""
    chosen = [*torch.linspace(0, count - 1, min(_ROWS, count), dtype=torch.float64).long().tolist()]
    targets = getattr(split, "targets", None)
    if isinstance(targets, Tensor) and targets.shape == (count,) and not targets.is_complex():
        chosen += [int(targets.argmin()), int(targets.argmax())]
    return torch.tensor(sorted({*chosen}))


def _count(name: str, split: Any, contract: TaskContract) -> int:
    made_by = contract.task.data
    if split is None or not hasattr(split, "batch"):
        raise contract.violation(made_by, f"the split {name} must be a nasframe.Split", split)
    if not hasattr(type(split), "__len__"):
        place = type(split) if type(split).__module__ != "builtins" else made_by
        promise = f"the split {name} must have a length"
        raise contract.violation(place, promise, f"{value_in_words(split)} without")
    count: int = contract.call(f"the split {name}: len", split.__len__)
    if not isinstance(count, int) or count < 1:
        raise contract.violation(made_by, f"the split {name} must hold at least one example", str(count))
    return count


def _check_names(name: str, split: Any, count: int, owners: dict[Any, str], contract: TaskContract) -> None:
    """Check the names of a split's examples, and add them to `owners`, name → split."""
    read = _property(split, "identifiers") or contract.task.data
    names = contract.call(f"the split {name}: identifiers", lambda: list(split.identifiers))
    if len(names) != count:
        raise contract.violation(
            read, f"the split {name} must name each of its {count} examples", counted(len(names), "name")
        )
    for item in names:
        if (other := owners.setdefault(item, name)) != name:
            raise contract.violation(
                read, "no two splits may share an example", f"{item!r} in {other} and in {name}"
            )
    if len({*names}) < count:
        twice = Counter(names).most_common(1)[0][0]
        raise contract.violation(
            read, f"the split {name} must name each example differently", f"{twice!r} twice"
        )


def _check_weights(name: str, split: Any, count: int, contract: TaskContract) -> None:
    read = _property(split, "sampling_weights") or contract.task.data
    weights = contract.call(f"the split {name}: sampling_weights", lambda: split.sampling_weights)
    if weights is None:
        return
    where = f"the split {name}: sampling_weights must"
    if not isinstance(weights, Tensor) or weights.shape != (count,):
        raise contract.violation(read, f"{where} be None or a tensor {(count,)}", weights)
    values = weights.double()
    if not bool((values.isfinite() & (values >= 0)).all()) or not bool(values.sum() > 0):
        bad = (~(values.isfinite() & (values >= 0))).nonzero().flatten().tolist()
        found = f"{float(values[bad[0]]):.4g} in {rows_in_words(bad)}" if bad else "zeros alone"
        raise contract.violation(read, f"{where} be finite, not negative, and not all zero", found)


def _property(split: Any, name: str) -> Callable[..., Any] | property | None:
    """Return the property of a split's class, whose line is named; None where it is a plain attribute."""
    found = getattr(type(split), name, None)
    return found if isinstance(found, property) else None


def _seed_global_noise() -> None:
    torch.default_generator.manual_seed(0)  # and none of a GPU, which would be set up for it
    random.seed(0)
    np.random.seed(0)


def _copied(batch: Batch) -> Batch:
    return Batch({name: value.clone() for name, value in batch.inputs.items()}, batch.targets.clone())


def _same(one: Batch, other: Batch) -> bool:
    return torch.equal(one.targets, other.targets) and all(
        torch.equal(value, other.inputs[name]) for name, value in one.inputs.items()
    )


def _alike(one: Batch, other: Batch) -> bool:
    """Return True for the same examples; what is computed for several at once may differ in the last bits."""
    return torch.equal(one.targets, other.targets) and all(
        torch.allclose(value, other.inputs[name], rtol=1e-3, atol=1e-5) for name, value in one.inputs.items()
    )


def _equal(one: Tensor | None, other: Tensor | None) -> bool:
    return one is other or (one is not None and other is not None and torch.equal(one, other))
