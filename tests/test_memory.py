"""Nothing is left behind by a search or a prediction: live tensors and objects are counted, not bytes."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

import nasframe
from tests.memory import search


def live() -> Counter[str]:
    """The number of objects of each class, after the garbage is collected."""
    for _ in range(3):
        gc.collect()
    return Counter(f"{type(item).__module__}.{type(item).__qualname__}" for item in gc.get_objects())


def left_behind(work: Callable[[int], object], times: int) -> dict[str, int]:
    """Class → objects of it that each repetition of some work adds, in a first and in a second row of them.

    What a library keeps once, whenever that is, is no leak.
    """
    found: list[Counter[str]] = []
    for _ in range(3):
        for number in range(times):
            work(number)
        found.append(live())
    before, first, second = found
    grown = {name: min(first[name] - before[name], second[name] - first[name]) for name in second}
    return {name: count for name, count in grown.items() if count >= times}


def test_a_leak_is_seen() -> None:
    kept: list[torch.Tensor] = []
    found = left_behind(lambda number: kept.append(torch.zeros(number)), times=4)
    assert found["torch.Tensor"] == 4


def test_a_search_leaves_nothing_behind() -> None:
    assert left_behind(lambda seed: search(1, seed), times=4) == {}


def test_a_longer_search_holds_no_more_tensors() -> None:
    counts: list[int] = []

    class Counts:
        @nasframe.hookimpl
        def search_epoch(self, run: Any, epoch: int, record: Any) -> None:
            gc.collect()
            counts.append(sum(issubclass(type(item), torch.Tensor) for item in gc.get_objects()))

    nasframe.manager().register(Counts(), "counts_tensors")
    try:
        search(12)
    finally:
        nasframe.manager().unregister("counts_tensors")
    assert len(counts) == 12
    assert max(counts[6:]) <= max(counts[1:6])


def test_a_prediction_leaves_nothing_behind(
    finished_run: Path, tmp_path: Path, toy_streams: ModuleType
) -> None:
    file = tmp_path / "one.json"
    file.write_text("[0.25, 0.75]", encoding="utf-8")

    def predict(_: int) -> None:
        (answer,) = nasframe.predict(finished_run, [file])
        assert 0 <= answer["score"] <= 1

    assert left_behind(predict, times=4) == {}


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not list open files")
def test_no_file_stays_open(finished_run: Path, tmp_path: Path) -> None:
    def opened() -> int:
        gc.collect()
        return len([*Path("/proc/self/fd").iterdir()])

    search(1)
    nasframe.predict(finished_run, [])
    before = opened()
    for number in range(3):
        search(1, number)
        nasframe.predict(finished_run, [tmp_path / "none"])
    assert opened() <= before
