from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from nasframe_audiovisual import in_threads


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
