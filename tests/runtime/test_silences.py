"""How long work under way has said nothing, and who hears its words."""

from __future__ import annotations

import threading

import pytest

from nasframe.runtime import Silences, hearing_signs_of_life, sign_of_life


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("nasframe.runtime.silences.time", found)
    return found


def look_for(silences: Silences[str], clock: Clock, seconds: int) -> None:
    """Look once a second."""
    for _ in range(seconds):
        clock.now += 1
        silences.look()


def test_work_is_silent_for_too_long_after_its_last_word_and_not_after_its_begin(clock: Clock) -> None:
    silences = Silences[str](5)
    silences.begin("a")
    silences.begin("b")
    look_for(silences, clock, 4)
    silences.heard("a")
    look_for(silences, clock, 3)
    assert silences.too_long() == ["b"]
    silences.end("b")
    look_for(silences, clock, 3)
    assert silences.too_long() == ["a"]
    assert ("a" in silences, "b" in silences, len(silences)) == (True, False, 1)


def test_before_its_first_word_work_has_the_grace_of_its_begin(clock: Clock) -> None:
    silences = Silences[str](5)
    silences.begin("a", 10)
    look_for(silences, clock, 14)
    assert silences.too_long() == []
    silences.heard("a")
    look_for(silences, clock, 6)
    assert silences.too_long() == ["a"]


def test_the_hours_for_which_nobody_looked_count_as_seconds(clock: Clock) -> None:
    silences = Silences[str](60)
    silences.begin("a")
    clock.now += 36_000
    silences.look()
    assert silences.too_long() == []


def test_signs_of_life_are_heard_in_their_own_thread_alone() -> None:
    heard, other = list[str](), list[str]()

    def work() -> None:
        sign_of_life()
        with hearing_signs_of_life(lambda: other.append("there")):
            sign_of_life()

    with hearing_signs_of_life(lambda: heard.append("here")):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        sign_of_life()
    sign_of_life()
    assert (heard, other) == (["here"], ["there"])
