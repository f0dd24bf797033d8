"""The task `mnist1d`: ten shapes in sequences of 40, where convolution, pooling and skipping matter."""

from __future__ import annotations

import importlib.metadata
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from attrs import define
from torch import Tensor, nn

from nasframe import SPLITS, Baseline, Data, Splits, Stage, StartingValues
from nasframe.errors import DataError
from nasframe.options import option
from nasframe_tabular.preparation import PREPARE, prepare_stage, read_split, write_split
from nasframe_tabular.tasks.baselines import fixed_networks
from nasframe_tabular.tasks.classification import Classification
from nasframe_tabular.tasks.starting import experiment_on_sequences

__all__ = ["Convolution", "Mnist1D"]

LENGTH = 40
CLASSES = 10
_VERSION = 1
_SEQUENCE = "sequence"
_SEEDS = 2**32  # of NumPy's global generator


def _valid_sizes(_: Any, __: Any, value: Sequence[int]) -> None:
    if len(value) != len(SPLITS) or min(value) < CLASSES or any(size % CLASSES for size in value):
        raise ValueError(f"expected four multiples of {CLASSES} above 0, found {list(value)}")


@define(kw_only=True)
class Mnist1D(Classification):
    """MNIST-1D: a digit's template, padded, scaled, moved, under noise, sheared and sampled at 40 places.

    The one input is `sequence`, `(1, 40)`: channels, length. All splits have as many of each class. The test
    split is made from a seed of its own, so its size changes no other split.
    """

    classes: ClassVar[tuple[str, ...]] = tuple("0123456789")
    starting: ClassVar[StartingValues] = experiment_on_sequences(
        epochs=30, rate=1e-2, sizes=[700, 300, 500, 4000]
    )

    sizes: tuple[int, int, int, int] = option(
        (2600, 1400, 1000, 4000),
        help="examples of the splits weights, architecture, validation, test, each a multiple of ten",
        validator=_valid_sizes,
    )

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        """Return `prepare`, which makes the data from `split_seed`; the seed plays no part.

        Raises:
            DataError: there is a source.
        """
        if source is not None:
            raise DataError(f"the task mnist1d makes its data itself; leave out --data {source}")
        if 2 * self.split_seed + 1 >= _SEEDS:
            raise DataError(f"task.split_seed: expected less than {_SEEDS // 2}, found {self.split_seed}")
        inputs = {
            "version": _VERSION,
            "task": _SEQUENCE,
            "sizes": [*self.sizes],
            "split_seed": self.split_seed,
            "mnist1d": importlib.metadata.version("mnist1d"),
        }
        return [prepare_stage(self._prepare, inputs, fetched=False)]

    def _prepare(self, _: Path, out: Path) -> None:
        known, test = self.sizes[:3], self.sizes[3]
        first = _sections(*_made(sum(known), 2 * self.split_seed), known)
        parts = [*first, *_sections(*_made(test, 2 * self.split_seed + 1), [test])]
        start = 0
        for name, (sequences, labels) in zip(SPLITS, parts, strict=True):
            write_split(out, name, {_SEQUENCE: sequences}, labels, torch.arange(start, start + len(labels)))
            start += len(labels)

    def data(self, folders: Mapping[str, Path]) -> Data:
        folder = folders[PREPARE]
        weights, architecture, validation = (read_split(folder, name, _SEQUENCE) for name in SPLITS[:3])
        splits = Splits(weights, architecture, validation, lambda: read_split(folder, "test", _SEQUENCE))
        return Data({_SEQUENCE: (1, LENGTH)}, CLASSES, splits)

    def baselines(self, data: Data) -> Mapping[str, Baseline]:
        """Return a linear network, an MLP, and three layers of convolution."""
        return {**fixed_networks(data), "convolution": Baseline(Convolution)}


class Convolution(nn.Module):
    """Three layers of 25 channels, each of which halves the length, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv1d(1, 25, 5, stride=2, padding=1), nn.ReLU()),
            *(nn.Conv1d(25, 25, 3, stride=2, padding=1), nn.ReLU()),
            *(nn.Conv1d(25, 25, 3, stride=2, padding=1), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(125, CLASSES)),
        )

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        output: Tensor = self.layers(inputs[_SEQUENCE])
        return output


def _made(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return sequences `(count, 1, 40)` and their classes `(count,)`, as many of each class."""
    # Imported here: it brings matplotlib, which takes a second.
    from mnist1d.data import get_dataset_args, make_dataset

    arguments = get_dataset_args()
    arguments.num_samples, arguments.train_split, arguments.seed = count, 1.0, seed
    with _global_generators_kept():
        made = make_dataset(arguments)
    return torch.from_numpy(made["x"])[:, None], torch.from_numpy(made["y"]).long()


def _sections(sequences: Tensor, labels: Tensor, sizes: Sequence[int]) -> list[tuple[Tensor, Tensor]]:
    """Return sections of so many examples, with as many of each class."""
    members = [(labels == label).nonzero().flatten() for label in range(CLASSES)]
    found, start = [], 0
    for size in sizes:
        end = start + size // CLASSES
        rows = torch.cat([each[start:end] for each in members]).sort().values
        found.append((sequences[rows], labels[rows]))
        start = end
    return found


@contextmanager
def _global_generators_kept() -> Iterator[None]:
    """Give the global generators that the package seeds, of Python and of NumPy, their states back."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
