"""`DatasetTask`: learning from data sets and loaders of PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import torch
from attrs import define, field
from torch import Tensor

from nasframe.errors import DataError
from nasframe.options import option
from nasframe.tasks.data import SPLITS, Data, Splits
from nasframe.tasks.datasets.dataset_split import DatasetSplit
from nasframe.tasks.datasets.fitting_splits import (
    joined_targets,
    kind_of_all,
    require_alike,
    require_same_classes,
)
from nasframe.tasks.datasets.given_dataset import GivenDataset
from nasframe.tasks.datasets.read_items import ItemFormat
from nasframe.tasks.tensors import (
    KindName,
    TargetKind,
    Targets,
    TargetTask,
    require_classes,
    stratified_rows,
    valid_kind,
    valid_seed,
    valid_shares,
)

__all__ = ["DatasetTask"]


def _train(value: Any) -> GivenDataset | None:
    return GivenDataset.of(value, "train")


def _architecture(value: Any) -> GivenDataset | None:
    return GivenDataset.of(value, "architecture")


def _validation(value: Any) -> GivenDataset | None:
    return GivenDataset.of(value, "validation")


def _test(value: Any) -> GivenDataset | None:
    return GivenDataset.of(value, "test")


def _names(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    found = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(name, str) and name and not set(name) & set("/.") for name in found):
        raise DataError(f"inputs: expected names without '/' and '.', found {value!r}")
    if len({*found}) < len(found):
        raise DataError(f"inputs: expected names that differ, found {value!r}")
    return found


@define(kw_only=True)
class DatasetTask(TargetTask):
    """Map-style data sets of PyTorch, or DataLoaders of them, as a task.

    Items are `(x, y)`, `((x1, x2), y)` or dicts. An input has the shape that it has in an item: spaces that
    fuse take `(length, channels)`, or features alone as one position. Of a loader its data set,
    `collate_fn`, workers and weights are taken; batches are the search's own. A split that is not given is a
    share of `train`. The target of an item is read once, and does not depend on what a random transform
    draws.

    Random transforms draw from the generators of torch, NumPy or Python, which are seeded for every item and
    epoch; so a search has the same bits with any number of workers, and where it is resumed. A generator of
    the transform's own is not seeded. Validation and test draw the same at every call.

    A file cannot hold a data set: an experiment records its class, length and a hash of its items. A plugin
    overrides `open_datasets` in a subclass with options of its own, which a file can hold.

    Args:
        train, architecture, validation, test: data sets or loaders.
        inputs: names of the inputs: of the parts of x in their order, or keys of a dict.
        target: key of the target, where items are dicts; by default `label`, `target` or `y`.
        kind: "classes", "labels" or "number"; None: the targets tell it.
        classes: names of the classes or labels.
        workers: processes that read items; None is the number of each loader.
        known_as: a name in place of the hash, for data sets that take long to read; change it when they do.
        fractions: shares of weights, architecture, validation, test; of those not given, they divide `train`.
        split_seed: of this division.

    Raises:
        DataError: no data set for training, one that is not map-style, or items of another form.

    Example:
        >>> import torch
        >>> from torch.utils.data import TensorDataset
        >>> items = TensorDataset(torch.zeros(50, 3), torch.arange(50) % 2)
        >>> data = DatasetTask(train=items, inputs="x").data({})
        >>> data.inputs, data.outputs, len(data.splits.weights)
        ({'x': (3,)}, 2, 20)
    """

    train: GivenDataset | None = field(
        default=None, converter=_train, metadata={"help": "data set or loader, given in Python"}
    )
    architecture: GivenDataset | None = field(
        default=None, converter=_architecture, metadata={"help": "for the architecture, given in Python"}
    )
    validation: GivenDataset | None = field(
        default=None, converter=_validation, metadata={"help": "for validation, given in Python"}
    )
    test: GivenDataset | None = field(
        default=None, converter=_test, metadata={"help": "for the test, given in Python"}
    )
    inputs: tuple[str, ...] | None = field(
        default=None,
        converter=_names,
        metadata={"help": "names of the inputs; by default the items tell them"},
    )
    target: str | None = option(None, help="key of the target, where items are dicts")
    kind: KindName | None = option(
        None, help="what the target is; by default the targets tell it", validator=valid_kind
    )
    classes: tuple[str, ...] | None = field(
        default=None, converter=_names, metadata={"help": "names of the classes or labels"}
    )
    workers: int | None = option(None, help="processes that read items; by default those of the loader", ge=0)
    known_as: str = option("", help="a name in place of the hash of all items")
    fractions: tuple[float, float, float, float] = option(
        (0.4, 0.2, 0.2, 0.2),
        help="shares of the splits weights, architecture, validation, test; they need not add up to 1",
        validator=valid_shares,
        rule="each more than 0",
    )
    split_seed: int = option(0, help="seed of the splits", validator=valid_seed)
    _opened: dict[str, GivenDataset] | None = field(init=False, default=None, eq=False, repr=False)
    _read: tuple[Targets, dict[str, tuple[int, int]]] | None = field(
        init=False, default=None, eq=False, repr=False
    )

    def __attrs_post_init__(self) -> None:
        for name in ("train", "architecture", "validation", "test"):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, self._as_named(name, given))

    def open_datasets(self) -> Mapping[str, Any]:
        """Return `train` and, where there are any, `architecture`, `validation` and `test`.

        A plugin overrides it; its options then say which data sets they are.
        """
        given = {"train": self.train, "architecture": self.architecture}
        given |= {"validation": self.validation, "test": self.test}
        return {name: dataset for name, dataset in given.items() if dataset is not None}

    @property
    def target_kind(self) -> TargetKind:
        return self._targets()[0].kind

    def data(self, folders: Mapping[str, Path]) -> Data:
        """Return the splits; an example is named after its data set and its number there."""
        datasets = self._datasets()
        targets, places = self._targets()
        parts = self._rows(targets, places)
        require_classes({name: rows + places[owner][0] for name, (owner, rows) in parts.items()}, targets)
        learned = targets.as_learned(parts["weights"][1] + places["train"][0])

        def split(name: str) -> DatasetSplit:
            owner, rows = parts[name]
            return DatasetSplit(
                datasets[owner],
                rows,
                learned[rows + places[owner][0]],
                owner,
                name in ("weights", "architecture"),
            )

        weights = split("weights")
        shapes = {
            name: tuple(value.shape[1:]) for name, value in weights.batch(torch.tensor([0])).inputs.items()
        }
        splits = Splits(weights, split("architecture"), split("validation"), lambda: split("test"))
        return Data(shapes, targets.kind.outputs, splits)

    def _as_named(self, split: str, given: GivenDataset) -> GivenDataset:
        """Return a data set that knows its split, and whose items have this task's names; each task has its
        own."""
        format = ItemFormat(self.inputs, self.target)
        workers = given.workers if self.workers is None else self.workers
        found = (given.format, given.split, given.known_as, given.workers)
        if found == (format, split, self.known_as, workers):
            return given
        return attrs.evolve(given, format=format, split=split, known_as=self.known_as, workers=workers)

    def _datasets(self) -> dict[str, GivenDataset]:
        if self._opened is None:
            given = self.open_datasets()
            for name in given:
                if name not in ("train", *SPLITS[1:]):
                    raise DataError(
                        f"open_datasets: expected train, architecture, validation or test, found {name!r}"
                    )
            taken = {name: GivenDataset.of(value, name) for name, value in given.items()}
            found = {name: self._as_named(name, value) for name, value in taken.items() if value is not None}
            if "train" not in found:
                raise DataError("no data set: give train=…, a map-style data set or a DataLoader")
            object.__setattr__(self, "_opened", found)
            return found
        return self._opened

    def _targets(self) -> tuple[Targets, dict[str, tuple[int, int]]]:
        """Return the targets of all data sets one after another, and the first and last place of each."""
        if self._read is None:
            parts, places, start = [], {}, 0
            for name, dataset in self._datasets().items():
                found = dataset.targets
                if len(found) != len(dataset):
                    raise DataError(f"{name}: {len(found)} targets for {len(dataset)} items")
                parts.append(found)
                places[name] = (start, start + len(dataset))
                start += len(dataset)
            if start < 8:
                raise DataError(f"four splits need at least 8 items, found {start}")
            by_name = dict(zip(places, parts, strict=True))
            require_alike({name: self._datasets()[name].shapes for name in places}, by_name)
            given, kind = joined_targets(parts), kind_of_all(by_name, self.kind, self.classes)
            found_targets = Targets.of(given, kind, None if kind == "number" else self.classes)
            require_same_classes(found_targets, places)
            object.__setattr__(self, "_read", (found_targets, places))
            return found_targets, places
        return self._read

    def _rows(self, targets: Targets, places: Mapping[str, tuple[int, int]]) -> dict[str, tuple[str, Tensor]]:
        """Return split → the data set that holds it, and its rows there."""
        divided = [name for name in SPLITS if name not in places]
        shares = [self.fractions[SPLITS.index(name)] for name in divided]
        strata, count = targets.strata()
        start, end = places["train"]
        if end - start < len(divided):
            raise DataError(f"train: {end - start} items are too few for {len(divided)} splits")
        rows = stratified_rows(strata[start:end], count, shares, self.split_seed)
        found = {name: ("train", part.sort().values) for name, part in zip(divided, rows, strict=True)}
        for name, (first, last) in places.items():
            if name != "train":
                found[name] = (name, torch.arange(last - first))
        return found
