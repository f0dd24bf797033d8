"""The threads with which outputs are computed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from nasframe import Split, TensorTask
from nasframe.errors import DataError
from nasframe.runtime import one_thread, shared_copy
from nasframe.tasks import TensorSplit
from nasframe.training import collect_outputs

WIDTH = 2**15
"""With float32 numbers and two examples, a batch is worth a thread of its own."""


class Recorded(nn.Module):
    """The sum of each example, which it keeps during a pass; it waits until several passes are made at once.

    `threads` are the names of the threads in which passes were made, of copies too.
    """

    def __init__(self, together: int = 1) -> None:
        super().__init__()
        self.waiting, self.threads = [threading.Barrier(together)], list[str]()
        self.kept = torch.zeros(())

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        self.kept = inputs["x"].sum(1, keepdim=True)
        self.threads.append(threading.current_thread().name)
        self.waiting[0].wait(timeout=60)
        return self.kept

    def copied(self) -> Recorded:
        """Return a copy with a value of its own."""
        copied = Recorded()
        copied.waiting, copied.threads = self.waiting, self.threads
        return copied


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("width", "threads"), [(8, 1), (2100, 3)])
def test_a_small_network_computes_on_one_thread_and_a_large_one_on_all(width: int, threads: int) -> None:
    network, seen = nn.Linear(width, width), []

    def forward(inputs: dict[str, Tensor]) -> Tensor:
        seen.append(torch.get_num_threads())
        return network(inputs["x"])

    data = TensorTask({"x": torch.zeros(40, width)}, torch.arange(40) % 2).data({})
    collect_outputs(network, forward, data.splits.validation, 4, torch.device("cpu"))  # type: ignore[arg-type]
    assert set(seen) == {threads}
    assert torch.get_num_threads() == 3


def split_of(examples: int, bad: int | None = None, width: int = WIDTH) -> Split:
    """Return a split whose examples are (their number, 0, …); one may be NaN."""
    numbers = torch.zeros(examples, width)
    numbers[:, 0] = torch.arange(examples)
    if bad is not None:
        numbers[bad] = torch.nan
    names = [f"example {number}" for number in range(examples)]
    return TensorSplit({"x": numbers}, torch.arange(examples) % 2, names)


def outputs_of(network: Recorded, split: Split, *, copies: bool = True) -> Tensor:
    made = network.copied if copies else None
    outputs, _ = collect_outputs(network, network, split, 2, torch.device("cpu"), "validation", copies=made)
    return outputs


def test_passes_of_copies_are_made_beside_each_other_and_come_in_the_order_of_the_split() -> None:
    network = Recorded(together=3)
    assert outputs_of(network, split_of(12))[:, 0].tolist() == [*range(12)]
    assert len({*network.threads}) >= 3


@pytest.mark.parametrize(("width", "copies"), [(WIDTH, False), (64, True)])
def test_other_passes_and_those_of_small_batches_are_the_callers(width: int, copies: bool) -> None:
    network = Recorded()
    found = outputs_of(network, split_of(12, width=width), copies=copies)
    assert found[:, 0].tolist() == [*range(12)]
    assert {*network.threads} == {threading.current_thread().name}


def test_a_split_that_does_not_fill_the_last_group_is_computed_whole() -> None:
    assert outputs_of(Recorded(), split_of(9))[:, 0].tolist() == [*range(9)]


def test_a_bad_example_among_passes_beside_each_other_is_named() -> None:
    with pytest.raises(DataError, match="example 7"):
        outputs_of(Recorded(), split_of(12, bad=7))


def test_inside_one_thread_there_are_as_many_passes_as_torch_had_threads_outside() -> None:
    network = Recorded(together=3)
    with one_thread():
        assert outputs_of(network, split_of(6))[:, 0].tolist() == [*range(6)]


def test_passes_that_a_hook_sees_are_the_callers() -> None:
    network = Recorded()
    network.register_forward_hook(lambda *_: None)
    outputs_of(network, split_of(12))
    assert {*network.threads} == {threading.current_thread().name}


class Stored(nn.Identity):
    """Keeps a list."""

    def __init__(self) -> None:
        super().__init__()
        self.stored = [1]


def test_a_shared_copy_shares_tensors_and_not_what_a_pass_stores() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), Stored())
    copied = shared_copy(network)
    assert all(one is other for one, other in zip(network.parameters(), copied.parameters(), strict=True))
    assert all(one is other for one, other in zip(network.buffers(), copied.buffers(), strict=True))
    assert copied[2].stored is not network[2].stored
