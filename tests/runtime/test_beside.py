"""Functions that are computed beside each other."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
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
def test_a_helper_that_is_held_up_holds_up_nothing_else() -> None:
    begun, ended = threading.Event(), threading.Event()

    def hold(event: threading.Event) -> None:
        event.set()
        ended.wait(timeout=60)

    def occupy() -> None:
        torch.set_num_threads(2)
        with one_thread():
            mine = threading.Event()
            beside([partial(hold, begun), partial(hold, mine)])

    other = threading.Thread(target=occupy)
    other.start()
    assert begun.wait(timeout=60)
    caller = threading.current_thread()
    assert set(beside([threading.current_thread] * 20)) <= {caller, *threading.enumerate()}
    ended.set()
    other.join(timeout=60)
    assert not other.is_alive()


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("bad", [0, 1, 49])
def test_an_error_of_any_function_is_raised_and_none_is_under_way_then(bad: int) -> None:
    under_way: set[int] = set()

    def called(number: int) -> None:
        under_way.add(number)
        try:
            if number == bad:
                raise ZeroDivisionError(str(number))
        finally:
            under_way.remove(number)

    with pytest.raises(ZeroDivisionError, match=str(bad)):
        beside([partial(called, number) for number in range(50)])
    assert not under_way
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


@pytest.mark.usefixtures("two_threads")
def test_ctrl_c_ends_the_work() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        beside([interrupted, *[int] * 20])
    assert len({*thread_names(2), threading.current_thread().name}) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.usefixtures("two_threads")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_helpers_of_its_own() -> None:
    thread_names(2)
    child = os.fork()
    if child == 0:
        found: Callable[[], list[str]] = partial(thread_names, 2)
        os._exit(0 if len({*found(), threading.current_thread().name}) == 2 else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
