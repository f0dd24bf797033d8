"""An entry of a table: a network, with its curves and costs in every training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from nasframe.errors import ConfigurationError, nearest

__all__ = ["SPLITS", "Curves", "SplitName", "TableEntry", "TableTraining"]

SplitName: TypeAlias = Literal["validation", "test"]

Curves = NDArray[np.float64]
"""One metric, `(…, trainings, epochs)`; NaN where a training is missing or the metric is not defined."""

SPLITS: tuple[SplitName, SplitName] = ("validation", "test")


@frozen
class TableTraining:
    """One of the trainings that every network of a table gets.

    Attributes:
        seed: of the training.
        point: dotted key → value, the options in which its experiment differs from the table's own, such as
            `{"task.fold": 2}`.
        data: fingerprint of its data.
    """

    seed: int
    point: Mapping[str, Any] = field(factory=dict)
    data: str = ""


@frozen(eq=False)
class TableEntry:
    """One network of a table.

    Attributes:
        key: see `nasframe.space.network_key`; empty in a table of format 1 until it is asked for.
        assignment: of one architecture of the table's space that derives this network; of its own space where
            the network is outside of that.
        parameters, multiply_adds: of the network, the second for one example; None where they are unknown.
        seconds: of each training, `(trainings,)`; NaN where it is missing.
        validation, test: metric → its curve, `(trainings, epochs)`.
        best: of each training, the epoch that counts, from 1, `(trainings,)`; 0 where it is missing.
        on_demand: it was trained when somebody asked for it, after the table was made.
        architecture: the document of the architecture, where the table's space does not hold it.
        former_fingerprint: 16 digits of the architecture's fingerprint, as format 1 records them.
        versions: of nasframe and torch, by which it was trained on demand.
    """

    key: str
    assignment: Mapping[str, str]
    parameters: int | None
    multiply_adds: int | None
    seconds: NDArray[np.float64] = field(repr=False)
    validation: Mapping[str, Curves] = field(repr=False)
    test: Mapping[str, Curves] = field(repr=False)
    best: NDArray[np.int64]
    on_demand: bool = False
    architecture: Mapping[str, Any] | None = field(default=None, repr=False)
    former_fingerprint: str = ""
    versions: Mapping[str, str] = field(factory=dict)

    @property
    def missing(self) -> list[int]:
        """The numbers of the trainings that failed, or have not been done."""
        return [number for number, epoch in enumerate(self.best) if not epoch]

    def curves(self, split: SplitName) -> Mapping[str, Curves]:
        """Return metric → its curve, on a split.

        Raises:
            ConfigurationError: the split is another than `validation` or `test`.
        """
        if split not in SPLITS:
            problem = f"split: expected validation or test, found {split!r}{nearest(str(split), SPLITS)}"
            raise ConfigurationError("table", [problem])
        return self.validation if split == "validation" else self.test

    def at_best(self, split: SplitName, metric: str) -> NDArray[np.float64]:
        """Return a metric at the epoch that counts, of each training, `(trainings,)`."""
        found = np.full(len(self.best), np.nan)
        curve = self.curves(split).get(metric)
        for training, epoch in enumerate(self.best):
            if epoch and curve is not None:
                found[training] = curve[training, min(epoch, curve.shape[1]) - 1]
        return found
