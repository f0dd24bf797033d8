"""The threads with which outputs are computed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from nasframe import TensorTask
from nasframe.training import collect_outputs


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
