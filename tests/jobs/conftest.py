"""The toys whose functions are done as jobs, and the processes that are there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.toys import TOYS


@pytest.fixture
def home(home: Path, toy_sums: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with the toys at hand."""
    monkeypatch.syspath_prepend(TOYS)
    return home


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait until a condition holds."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 120
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    return wait


@pytest.fixture
def processes() -> Callable[[int], dict[int, str]]:
    """The processes below one, without itself: number → command line."""

    def below(process: int) -> dict[int, str]:
        found: dict[int, str] = {}
        for file in Path(f"/proc/{process}/task").glob("*/children"):
            for number in map(int, _text(file).split()):
                line = _text(Path(f"/proc/{number}/cmdline")).replace("\0", " ")
                found |= {number: line, **below(number)}
        return found

    return below


@pytest.fixture
def no_worker_is_left(processes: Callable[[int], dict[int, str]]) -> Iterator[None]:
    """Below this process there are, at most, the fork server and the resource tracker."""
    yield
    found = [line for line in processes(os.getpid()).values() if "multiprocessing" in line]
    assert len(found) <= 2, found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:  # it has ended
        return ""
