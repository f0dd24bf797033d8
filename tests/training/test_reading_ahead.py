"""Batches that a thread reads ahead: the same ones, in the same order."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import ClassVar

import pytest
import torch
from attrs import define, field
from torch import Tensor

from nasframe import Batch, Split
from nasframe.tasks.tensors.tensor_split import TensorSplit
from nasframe.training import JoinedSplit, batches
from nasframe.training.reading_ahead import may_be_read_ahead

CPU = torch.device("cpu")
WIDTH = 2**15
"""Features of an example: two make a batch that is large enough to be read ahead."""


@define
class Numbered(Split):
    """Examples that hold their numbers; it notes the threads that read it."""

    count: int
    reads_ahead: bool = True  # type: ignore[misc]
    width: int = WIDTH
    bad: int = -1
    threads: list[str] = field(factory=list)
    sampling_weights: ClassVar[None] = None

    @property
    def identifiers(self) -> Sequence[str]:
        return [str(number) for number in range(self.count)]

    def __len__(self) -> int:
        return self.count

    def batch(self, indices: Tensor) -> Batch:
        if self.bad in indices.tolist():
            raise ValueError(f"example {self.bad}")
        self.threads.append(threading.current_thread().name)
        return Batch({"x": indices.float()[:, None].expand(-1, self.width)}, indices)


def read(split: Split, size: int = 2, seed: int = 0) -> list[list[int]]:
    drawn = batches(split, size, torch.Generator().manual_seed(seed), CPU)
    return [batch.targets.tolist() for batch in drawn]


@pytest.mark.parametrize(("count", "size"), [(0, 2), (1, 2), (2, 2), (7, 2), (12, 3)])
def test_batches_that_are_read_ahead_are_those_that_are_not(count: int, size: int) -> None:
    assert read(Numbered(count), size) == read(Numbered(count, reads_ahead=False), size)


def test_large_batches_are_read_in_another_thread_and_small_ones_in_this_one() -> None:
    here = threading.current_thread().name
    large, small, unwilling = Numbered(8), Numbered(8, width=4), Numbered(8, reads_ahead=False)
    for split in (large, small, unwilling):
        read(split)
    assert large.threads[0] == here
    assert all(name.startswith("nasframe-batches") for name in large.threads[1:])
    assert set(small.threads) == set(unwilling.threads) == {here}


def test_a_subclass_is_read_in_line_unless_it_says_itself_that_it_reads_ahead() -> None:
    class Noisy(TensorSplit):
        def batch(self, indices: Tensor) -> Batch:
            batch = super().batch(indices)
            return Batch({"x": batch.inputs["x"] + torch.rand_like(batch.inputs["x"])}, batch.targets)

    class Calm(TensorSplit):
        reads_ahead = True

    parts = {"x": torch.zeros(8, WIDTH)}, torch.arange(8), [str(number) for number in range(8)]
    assert may_be_read_ahead(TensorSplit(*parts))
    assert may_be_read_ahead(Calm(*parts))
    assert not may_be_read_ahead(Noisy(*parts))


def test_threads_that_are_still_to_come_have_as_many_threads_as_before() -> None:
    before, found = torch.get_num_threads(), list[int]()
    torch.set_num_threads(3)
    try:
        read(Numbered(8))
        later = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
        later.start()
        later.join()
        assert found == [torch.get_num_threads()] == [3]
    finally:
        torch.set_num_threads(before)


def test_an_error_is_raised_in_the_place_of_its_batch() -> None:
    drawn = batches(Numbered(40, bad=0), 2, torch.Generator().manual_seed(1), CPU)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(1)).split(2)
    place = next(number for number, rows in enumerate(order) if 0 in rows.tolist())
    for _ in range(place):
        next(drawn)
    with pytest.raises(ValueError, match="example 0"):
        next(drawn)


def test_the_thread_ends_with_the_batches_also_where_they_are_not_all_taken() -> None:
    drawn = batches(Numbered(40), 2, torch.Generator(), CPU)
    for _ in range(3):
        next(drawn)
    del drawn
    assert not [one for one in threading.enumerate() if one.name.startswith("nasframe-batches")]


def test_two_splits_are_read_ahead_where_both_may_be() -> None:
    one, other = Numbered(4), Numbered(4, reads_ahead=False)
    assert JoinedSplit(one, one).reads_ahead
    assert not JoinedSplit(one, other).reads_ahead
