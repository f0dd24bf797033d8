"""A split of the items of a data set."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import torch
from attrs import frozen
from torch import Tensor

from nasframe.tasks.data import Batch, Split
from nasframe.tasks.datasets.given_dataset import GivenDataset

__all__ = ["DatasetSplit"]


@frozen
class DatasetSplit(Split):
    """Some items of a data set, read when they are wanted.

    Attributes:
        dataset: that holds them.
        rows: their numbers in it, `(examples,)`.
        targets: of the examples, as batches hold them.
        name: of the data set, for the names of examples.
        training: random transforms draw anew in each epoch.
        seed: of random transforms.
    """

    dataset: GivenDataset
    rows: Tensor
    targets: Tensor
    name: str
    training: bool = False
    seed: int = 0

    @property
    def sampling_weights(self) -> Tensor | None:
        weights = self.dataset.sampling_weights
        return weights[self.rows] if weights is not None and self.training else None

    @property
    def identifiers(self) -> Sequence[str]:
        return [f"{self.name} {row}" for row in self.rows.tolist()]

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, indices: Tensor) -> Batch:
        rows = self.rows[indices].tolist()
        return Batch(self.dataset.batch(rows, self.seed), self.targets[indices].clone())

    def redrawn(self, random: torch.Generator) -> DatasetSplit:
        """Return the split with another seed for random transforms, drawn from the generator."""
        if not self.training:
            return self
        seed = int(torch.randint(2**62, (), generator=random))
        return attrs.evolve(self, seed=seed)
