from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from nasframe.runtime import Cancellation, hearing_signs_of_life, sign_of_life
from nasframe_audiovisual import in_threads, threads


def test_threads_give_results_in_the_order_of_the_items() -> None:
    started = threading.Barrier(2)

    def last_first(item: int) -> int:
        if item < 2:
            started.wait()  # both are under way before either is done
        return -item

    assert list(in_threads(last_first, range(50), 2)) == [-item for item in range(50)]
    assert list(in_threads(abs, [])) == []


def test_threads_work_only_a_little_ahead_of_who_asks() -> None:
    begun: list[int] = []
    results = in_threads(begun.append, range(1000), 2)
    for _ in range(10):
        next(results)
    assert len(begun) <= 10 + 2 * 2
    results.close()  # type: ignore[attr-defined]
    assert len(begun) <= 10 + 2 * 2


def test_an_error_in_a_thread_reaches_the_caller_and_ends_the_others() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_threads(lambda item: 1 // (3 - item), range(1000), 2))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("nasframe")]


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_ctrl_c_ends_threads_that_have_hours_before_them() -> None:
    # A process started in the background of a shell ignores the signal, and so do its children.
    script = """
import signal, time
from nasframe_audiovisual import in_threads
signal.signal(signal.SIGINT, signal.default_int_handler)
for item in in_threads(lambda item: time.sleep(0.1), range(100_000), 2):
    print("one", flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=300)
    assert process.returncode != 0
    assert errors.rstrip().endswith(b"KeyboardInterrupt")


def test_a_function_is_told_that_the_caller_stops_and_its_thread_has_ended_then() -> None:
    cancellation, begun, ended = Cancellation(), threading.Event(), threading.Event()

    def endless(item: int) -> int:
        if item:
            begun.set()
            while not cancellation.is_cancelled:
                ended.wait(0.001)
            ended.set()
        return item

    results = in_threads(endless, range(2), 2, cancellation)
    assert next(results) == 0
    assert begun.wait(60)
    results.close()  # type: ignore[attr-defined]
    assert ended.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("nasframe")]


TWICE = """
import contextlib, signal, sys, threading
from nasframe.runtime import Cancellation
from nasframe_audiovisual import in_threads

cancellation, begun = Cancellation(), threading.Event()

def work(item):
    if item:
        begun.set()
        while not cancellation.is_cancelled:
            pass
        print("ending", flush=True)
        sys.stdin.readline()
        print("ended", flush=True)

signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    with contextlib.closing(in_threads(work, [0, 1], 2, cancellation)) as results:
        next(results)
        begun.wait()
        print("begun", flush=True)
        next(results)
except KeyboardInterrupt:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_a_second_ctrl_c_while_threads_end_reaches_the_caller_and_ends_no_program_under_them() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", TWICE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "ending\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "interrupted\n"
    said, errors = process.communicate("go on\n", timeout=300)
    assert (said, errors, process.returncode) == ("ended\n", "", 0)


def test_an_item_that_hangs_is_given_up_and_another_thread_does_the_others() -> None:
    release, late = threading.Event(), list[int]()

    def work(item: int) -> int:
        if item in (1, 2):
            release.wait(60)
            late.append(item)
        return -item

    try:
        found = [*in_threads(work, range(8), 2, patience=1.0, lost=lambda item, end: (item, end))]
    finally:
        release.set()
    assert found == [
        0,
        *((item, "hung and said nothing for 1 seconds") for item in (1, 2)),
        *range(-3, -8, -1),
    ]


def test_an_item_that_is_done_while_the_one_before_it_hangs_has_its_result() -> None:
    release = threading.Event()

    def work(item: int) -> int:
        release.wait(60 if item == 0 else 1.2)  # the other one is looked at before it is done
        return item

    found = [*in_threads(work, range(2), 2, patience=2.0, lost=lambda item, end: "lost")]
    release.set()
    assert found == ["lost", 1]


def test_items_that_hang_at_once_are_given_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    release, waits, whole = threading.Event(), list[float](), threads._Job.ends_within
    monkeypatch.setattr(
        threads._Job, "ends_within", lambda job, seconds: waits.append(seconds) or whole(job, seconds)
    )
    found = [*in_threads(lambda item: release.wait(60), range(6), 6, patience=0.5, lost=lambda *_: False)]
    release.set()
    assert found == [False] * 6
    assert len(waits) < 6  # no item was waited for on its own


def test_whoever_waits_for_the_items_hears_their_signs_of_life() -> None:
    heard = list[str]()

    def work(item: int) -> None:
        sign_of_life()
        threading.Event().wait(1.4)

    with hearing_signs_of_life(lambda: heard.append("here")):
        assert [*in_threads(work, range(2), 2, patience=1.0)] == [None, None]
    assert heard


def test_an_item_that_hangs_is_an_error_where_nobody_has_a_result_for_it() -> None:
    release = threading.Event()
    with pytest.raises(TimeoutError, match=r"b\.mp4: its work said nothing for 0\.1 seconds"):
        list(in_threads(lambda item: release.wait(60), ["b.mp4"], patience=0.1))
    release.set()


def test_an_item_in_a_thread_that_gives_signs_of_life_may_take_longer_than_the_patience() -> None:
    def work(item: int) -> int:
        for _ in range(12):
            threading.Event().wait(0.1)
            sign_of_life()
        return item

    assert list(in_threads(work, range(2), 2, patience=1.0)) == [0, 1]


HANGING = """
import os
from nasframe_audiovisual import in_threads

read, write = os.pipe()
def work(item):
    return os.read(read, 1) if item else b""
print(list(in_threads(work, [0, 1, 0], 1, patience=0.1, lost=lambda item, end: "lost")), flush=True)
"""


def test_a_program_ends_although_a_thread_of_it_hangs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("[b'', 'lost', b'']\n", "", 0)


def test_a_program_that_leaves_an_iterator_of_threads_unfinished_ends() -> None:
    code = (
        "from nasframe_audiovisual import in_threads\nleft = in_threads(abs, range(99), 2)\nprint(next(left))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("0\n", "", 0)
