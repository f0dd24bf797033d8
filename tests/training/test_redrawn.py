"""Examples that are drawn anew every epoch of training, and never for validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from attrs import define, evolve, field
from torch import Tensor

from nasframe import Architecture, Batch, Data, SearchOptions, Split, TensorTask, TrainOptions, build
from nasframe.relaxations import Softmax
from nasframe.searching import Bilevel, Search
from nasframe.training import JoinedSplit, Training
from nasframe_bimodal.space import Bimodal


@define
class Recorded(Split):
    """A split that notes the first number of each generator it is redrawn with."""

    inner: Split
    drawn: list[float] = field(factory=list)

    @property
    def sampling_weights(self) -> Tensor | None:
        return self.inner.sampling_weights

    @property
    def identifiers(self) -> Sequence[str]:
        return self.inner.identifiers

    def __len__(self) -> int:
        return len(self.inner)

    def batch(self, indices: Tensor) -> Batch:
        return self.inner.batch(indices)

    def redrawn(self, random: torch.Generator) -> Split:
        self.drawn.append(float(torch.rand((), generator=random)))
        return self.inner


@pytest.fixture
def recorded(digits_data: Data) -> Data:
    splits = digits_data.splits
    return evolve(
        digits_data,
        splits=evolve(
            splits,
            weights=Recorded(splits.weights),
            architecture=Recorded(splits.architecture),
            validation=Recorded(splits.validation),
        ),
    )


def draws(data: Data) -> list[list[float]]:
    splits = data.splits
    return [split.drawn for split in (splits.weights, splits.architecture, splits.validation)]  # type: ignore[attr-defined]


def search(task: TensorTask, data: Data, **changes: Any) -> Search:
    return Search(
        space=Bimodal(channels=8, cells=1).build(data.inputs, data.outputs),
        task=task,
        data=data,
        relaxation=Softmax(),
        loop=Bilevel(),
        options=SearchOptions(epochs=2, batch_size=64),
        **changes,
    )


def test_a_search_redraws_both_training_splits_once_an_epoch(digits: TensorTask, recorded: Data) -> None:
    engine = search(digits, recorded)
    rehearsed = [len(one) for one in draws(recorded)]
    engine.fit()
    found = zip(draws(recorded), rehearsed, strict=True)
    weights, architecture, validation = (made[before:] for made, before in found)
    assert len(set(weights + architecture)) == 4
    assert validation == []


def test_a_training_redraws_both_training_splits_once_an_epoch(digits: TensorTask, recorded: Data) -> None:
    space = Bimodal(channels=8, cells=1).build(recorded.inputs, recorded.outputs)
    network = build(Architecture(space, space.sample(0)))
    Training(network, digits, recorded, TrainOptions(epochs=3, batch_size=64)).fit()
    weights, architecture, validation = draws(recorded)
    assert len(set(weights + architecture)) == 6
    assert validation == []


def test_the_same_seed_draws_the_same_and_another_seed_other_examples(
    digits: TensorTask, digits_data: Data
) -> None:
    found = []
    for seed in (0, 0, 1):
        splits = digits_data.splits
        data = evolve(digits_data, splits=evolve(splits, weights=Recorded(splits.weights)))
        search(digits, data, seed=seed).fit()
        found.append(data.splits.weights.drawn)  # type: ignore[attr-defined]
    assert found[0] == found[1] != found[2]


def test_a_split_is_its_own_redrawing_unless_it_says_otherwise(digits_data: Data) -> None:
    random = torch.Generator()
    first, second = digits_data.splits.weights, digits_data.splits.architecture
    assert first.redrawn(random) is first
    joined = JoinedSplit(first, second).redrawn(random)
    assert joined.first is first
    assert joined.second is second
