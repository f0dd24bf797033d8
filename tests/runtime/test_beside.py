"""Functions that are computed beside each other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from functools import partial

import pytest
import torch

from nasframe.runtime import beside, one_thread, threads_beside


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Give torch two threads, and then one in a block, as in a search on two cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with one_thread():
        yield
    torch.set_num_threads(before)


def thread_names(count: int) -> list[str]:
    """Return the names of the threads of functions that can only end when all have begun."""
    together = threading.Barrier(count)

    def named() -> str:
        together.wait(timeout=60)
        return threading.current_thread().name

    return beside([named] * count)


@pytest.mark.usefixtures("two_threads")
def test_results_are_in_the_order_of_the_functions_and_each_is_called_once() -> None:
    calls: list[int] = []

    def called(number: int) -> int:
        calls.append(number)
        return number

    assert beside([partial(called, number) for number in range(100)]) == [*range(100)]
    assert sorted(calls) == [*range(100)]
    assert beside([]) == []


@pytest.mark.usefixtures("two_threads")
def test_a_helper_works_beside_the_caller() -> None:
    assert threads_beside() == 2
    assert len({*thread_names(2), threading.current_thread().name}) == 2


@pytest.mark.parametrize("threads", [1, 2])
def test_the_caller_works_alone_outside_of_one_thread_and_where_torch_had_one(threads: int) -> None:
    before, caller = torch.get_num_threads(), threading.current_thread()
    torch.set_num_threads(threads)
    try:
        if threads == 1:
            with one_thread():
                found = beside([threading.current_thread] * 20)
        else:
            found = beside([threading.current_thread] * 20)
    finally:
        torch.set_num_threads(before)
    assert set(found) == {caller}


@pytest.mark.usefixtures("two_threads")
def test_one_thread_inside_one_thread_has_the_threads_from_outside() -> None:
    with one_thread():
        assert threads_beside() == 2
    assert threads_beside() == 2


@pytest.mark.usefixtures("two_threads")
def test_a_helper_computes_on_one_thread_without_gradients_and_without_helpers() -> None:
    together = threading.Barrier(2)

    def state() -> tuple[bool, int, bool]:
        together.wait(timeout=60)
        own = threading.current_thread() is threading.main_thread()
        return own or threads_beside() == 1, torch.get_num_threads(), torch.is_grad_enabled()

    with torch.enable_grad():
        assert beside([state, state]) == [(True, 1, False)] * 2
        assert torch.is_grad_enabled()


@pytest.mark.usefixtures("two_threads")
def test_helpers_that_are_held_up_hold_up_nothing_else_and_hold_no_results() -> None:
    ended, caller = threading.Event(), threading.current_thread()
    begun = threading.Semaphore(0)

    def hold() -> None:
        begun.release()
        ended.wait(timeout=60)

    def occupy() -> None:
        torch.set_num_threads(4)
        with one_thread():
            beside([hold] * 4)

    other = threading.Thread(target=occupy)
    other.start()
    assert all(begun.acquire(timeout=60) for _ in range(4)), "all helpers and the other caller are occupied"
    assert set(beside([threading.current_thread] * 20)) == {caller}
    (kept,) = beside([partial(torch.zeros, 1)])
    values = beside([partial(torch.zeros, 1), partial(torch.zeros, 1)])
    watched = weakref.ref(values[0])
    del values
    assert watched() is None
    del kept
    ended.set()
    other.join(timeout=60)
    assert not other.is_alive()


@pytest.mark.usefixtures("two_threads")
def test_after_an_error_of_a_function_none_is_under_way_and_none_is_begun() -> None:
    begun, under_way, ended = threading.Event(), threading.Event(), list[int]()

    def slow() -> None:
        under_way.set()
        begun.wait(timeout=60)
        time.sleep(0.1)
        ended.append(1)

    def bad() -> None:
        assert under_way.wait(timeout=60)
        begun.set()
        raise ZeroDivisionError

    def take(number: int) -> None:
        (bad if threading.current_thread() is threading.main_thread() else slow)()

    with pytest.raises(ZeroDivisionError):
        beside([partial(take, number) for number in range(50)])
    assert len(ended) == 1
    assert beside([int, int]) == [0, 0]


@pytest.mark.usefixtures("two_threads")
def test_an_error_in_a_helper_is_raised_in_the_caller() -> None:
    together = threading.Barrier(2)

    def fails_elsewhere() -> None:
        together.wait(timeout=60)
        if threading.current_thread() is not threading.main_thread():
            raise ZeroDivisionError("in a helper")

    with pytest.raises(ZeroDivisionError, match="in a helper"):
        beside([fails_elsewhere, fails_elsewhere])


PROGRAM = """
import os, signal, threading, time
import torch
from nasframe.runtime import beside, one_thread

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what is in its background without
main, under_way = threading.main_thread(), threading.Event()

def function():
    if threading.current_thread() is main:
        assert under_way.wait(60)
        {caller}
    else:
        under_way.set()
        time.sleep(0.3)
        {helper}
        time.sleep(2)
        torch.ones(1)  # asks for the interpreter

torch.set_num_threads(2)
with one_thread():
    beside([function, function])
"""


@pytest.mark.parametrize(
    ("caller", "helper", "said"),
    [
        ("pass", "os.kill(os.getpid(), signal.SIGINT)", "KeyboardInterrupt"),
        ("raise KeyboardInterrupt", "pass", "KeyboardInterrupt"),
        ("raise ValueError", "pass", "ValueError"),
    ],
    ids=["Ctrl-C while the caller waits", "Ctrl-C in the caller", "an error"],
)
def test_a_program_that_ends_while_a_helper_works_ends_in_order(caller: str, helper: str, said: str) -> None:
    """A thread that works while the interpreter is taken down would abort the process."""
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    words = [sys.executable, "-c", PROGRAM.format(caller=caller, helper=helper)]
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120)
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith(said), ended.stderr
    assert ended.returncode == (1 if said == "ValueError" else -signal.SIGINT)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.usefixtures("two_threads")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_helpers_of_its_own() -> None:
    thread_names(2)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if len({*thread_names(2), threading.current_thread().name}) == 2 else 1
        finally:
            os._exit(status)
    until = time.monotonic() + 60
    while (ended := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < until:
        time.sleep(0.01)
    if ended[0] == 0:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert ended[0] == child
    assert os.waitstatus_to_exitcode(ended[1]) == 0
