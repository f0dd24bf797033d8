"""The threads with which outputs are computed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from nasframe import Split, TensorTask
from nasframe.errors import DataError
from nasframe.runtime import one_thread
from nasframe.tasks import TensorSplit
from nasframe.training import collect_outputs

WIDTH = 2**15
"""With float32 numbers and two examples, a batch is worth a thread of its own."""


class Recorded(nn.Module):
    """The sum of each example, from two threads at once where it is told to wait for that."""

    def __init__(self, together: int = 1) -> None:
        super().__init__()
        self.together, self.threads = threading.Barrier(together), list[str]()

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        self.threads.append(threading.current_thread().name)
        self.together.wait(timeout=60)
        return inputs["x"].sum(1, keepdim=True)


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


def outputs_of(network: nn.Module, split: Split, *, independent: bool) -> Tensor:
    outputs, _ = collect_outputs(
        network, network, split, 2, torch.device("cpu"), "validation", independent=independent
    )
    return outputs


def test_independent_passes_are_made_beside_each_other_and_come_in_the_order_of_the_split() -> None:
    network = Recorded(together=3)
    assert outputs_of(network, split_of(12), independent=True)[:, 0].tolist() == [*range(12)]
    assert len({*network.threads}) >= 3


@pytest.mark.parametrize(("width", "independent"), [(WIDTH, False), (64, True)])
def test_other_passes_and_those_of_small_batches_are_the_callers(width: int, independent: bool) -> None:
    network = Recorded()
    found = outputs_of(network, split_of(12, width=width), independent=independent)
    assert found[:, 0].tolist() == [*range(12)]
    assert {*network.threads} == {threading.current_thread().name}


def test_a_split_that_does_not_fill_the_last_group_is_computed_whole() -> None:
    assert outputs_of(Recorded(), split_of(9), independent=True)[:, 0].tolist() == [*range(9)]


def test_a_bad_example_among_passes_beside_each_other_is_named() -> None:
    with pytest.raises(DataError, match="example 7"):
        outputs_of(Recorded(), split_of(12, bad=7), independent=True)


def test_inside_one_thread_there_are_as_many_passes_as_torch_had_threads_outside() -> None:
    network = Recorded(together=3)
    with one_thread():
        assert outputs_of(network, split_of(6), independent=True)[:, 0].tolist() == [*range(6)]
