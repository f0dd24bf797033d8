"""Tensors as a task."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from nasframe import Experiment, SearchOptions, Task, TensorTask, search
from nasframe.errors import DataError
from nasframe.testing import TaskSuite


def task(examples: int = 100, **options: object) -> TensorTask:
    return TensorTask({"x": torch.randn(examples, 4, 3)}, torch.arange(examples) % 5, **options)  # type: ignore[arg-type]


class TestTensorTask(TaskSuite):
    from_file = False

    def make(self) -> Task:
        return task()


def test_the_four_splits_hold_everything() -> None:
    splits = task().data({}).splits
    parts = (splits.weights, splits.architecture, splits.validation, splits.test())
    assert sum(map(len, parts)) == 100


def test_every_split_holds_the_classes_in_equal_shares() -> None:
    splits = task().data({}).splits
    for split, size in (
        (splits.weights, 8),
        (splits.architecture, 4),
        (splits.validation, 4),
        (splits.test(), 4),
    ):
        assert split.batch(torch.arange(len(split))).targets.bincount().tolist() == [size] * 5


def test_the_seed_decides_the_splits() -> None:
    first, second, third = (task(seed=seed).data({}).splits.weights.identifiers for seed in (0, 0, 1))
    assert first == second != third


@pytest.mark.parametrize(
    ("tensors", "labels", "message"),
    [
        ({}, torch.arange(10), "no inputs"),
        ({"x": torch.zeros(9, 2)}, torch.arange(10), r"a row for each of the 10 labels: x has 9"),
        ({"x": torch.zeros(4, 2)}, torch.arange(4), "at least 8 examples, found 4"),
    ],
)
def test_data_that_does_not_fit_is_refused_in_words(
    tensors: object, labels: torch.Tensor, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        TensorTask(tensors, labels)  # type: ignore[arg-type]


def test_small_classes_are_spread_over_all_splits() -> None:
    splits = TensorTask({"x": torch.zeros(40, 2)}, torch.arange(40) % 10).data({}).splits
    parts = (splits.weights, splits.architecture, splits.validation, splits.test())
    assert [len(part) for part in parts] == [16, 8, 8, 8]


def test_shares_that_leave_a_split_empty_are_refused() -> None:
    with pytest.raises(DataError, match="8 examples are too few for the shares"):
        TensorTask({"x": torch.zeros(8, 2)}, torch.arange(8) % 2, fractions=(100, 1, 1, 1)).data({})
    with pytest.raises(ValueError, match="fractions must be four numbers above 0"):
        TensorTask({"x": torch.zeros(8, 2)}, torch.arange(8) % 2, fractions=(1, 1, 0, 1))


def test_rows_of_numbers_are_searched_as_sequences_of_one_position_with_the_same_bits(tmp_path: Path) -> None:
    random = torch.Generator().manual_seed(0)
    left, right = torch.randn(2, 80, 5, generator=random)
    labels = (left.mean(1) > right.mean(1)).long()
    results = []
    for name, streams in (
        ("rows", {"left": left, "right": right}),
        ("sequences", {"left": left[:, None], "right": right[:, None]}),
    ):
        experiment = Experiment.of(
            task=TensorTask(streams, labels),
            space="bimodal",
            search=SearchOptions(epochs=2, min_epochs=1),
            device="cpu",
        )
        found = search(experiment, out=tmp_path / name)
        results.append([(line["loss"], line["validation"]) for line in found.history])
    assert results[0] == results[1]
