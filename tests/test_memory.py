"""Nothing is left behind by a search or a prediction: live tensors and objects are counted, not bytes."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch

import nasframe
from tests.memory import search, steps


def live() -> Counter[str]:
    """How many objects of each class there are, after the garbage is collected."""
    for _ in range(3):
        gc.collect()
    return Counter(f"{type(item).__module__}.{type(item).__qualname__}" for item in gc.get_objects())


def left_behind(work: Callable[[int], object], times: int) -> dict[str, int]:
    """Class → objects of it that each repetition of some work adds."""
    for number in range(2):
        work(number)
    before = live()
    for number in range(times):
        work(number)
    after = live()
    return {name: count - before[name] for name, count in after.items() if count - before[name] >= times}


def test_a_leak_is_seen() -> None:
    kept: list[torch.Tensor] = []
    found = left_behind(lambda number: kept.append(torch.zeros(number)), times=5)
    assert found["torch.Tensor"] == 5


def test_a_search_leaves_nothing_behind() -> None:
    assert left_behind(lambda seed: search(1, seed), times=5) == {}


def test_more_steps_hold_no_more_tensors() -> None:
    counts: list[int] = []

    def tensors() -> None:
        gc.collect()
        counts.append(sum(isinstance(item, torch.Tensor) for item in gc.get_objects()))

    steps(1, 30, tensors)
    steps(1, 300, tensors)
    assert counts[1] <= counts[0]


def test_a_prediction_leaves_nothing_behind(
    finished_run: Path, tmp_path: Path, toy_streams: ModuleType
) -> None:
    file = tmp_path / "one.json"
    file.write_text("[0.25, 0.75]", encoding="utf-8")

    def predict(_: int) -> None:
        (answer,) = nasframe.predict(finished_run, [file])
        assert 0 <= answer["score"] <= 1

    assert left_behind(predict, times=5) == {}


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
