"""Work is told that nobody waits for it any more, from whichever side."""

from __future__ import annotations

from concurrent.futures import CancelledError

import pytest

from nasframe.runtime import Cancellation


def test_work_goes_on_until_it_is_cancelled() -> None:
    cancellation = Cancellation()
    cancellation.check()
    cancellation.cancel()
    assert cancellation.is_cancelled
    with pytest.raises(CancelledError):
        cancellation.check()


def test_work_that_is_cancelled_by_a_caller_is_not_taken_up_again() -> None:
    answers = [False, True, False]
    cancellation = Cancellation(lambda: answers.pop(0))
    cancellation.check()
    for _ in range(2):
        with pytest.raises(CancelledError):
            cancellation.check()


def test_work_inside_other_work_ends_alone_or_with_it() -> None:
    outer = Cancellation()
    first, second = (Cancellation(lambda: outer.is_cancelled) for _ in range(2))
    first.cancel()
    assert (first.is_cancelled, second.is_cancelled, outer.is_cancelled) == (True, False, False)
    outer.cancel()
    assert second.is_cancelled
