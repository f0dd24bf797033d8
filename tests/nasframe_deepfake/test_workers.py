from __future__ import annotations

import operator
import os

import pytest

from nasframe.errors import NasframeError
from nasframe_deepfake.workers import in_processes


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    assert list(in_processes(abs, range(-20, 0), workers)) == list(range(20, 0, -1))


def test_an_error_of_a_worker_reaches_the_caller() -> None:
    with pytest.raises(TypeError):
        list(in_processes(operator.neg, ["text"], 2))


def test_a_worker_that_dies_is_an_error_in_words() -> None:
    with pytest.raises(NasframeError, match="a worker process died"):
        list(in_processes(os._exit, [1], 2))


def test_few_items_start_no_process() -> None:
    assert set(in_processes(process, range(3), 0, least=4)) == {os.getpid()}


def process(_: int) -> int:
    return os.getpid()
