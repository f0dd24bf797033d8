"""The course of long work: steps, numbers, pace and the time that is left."""

from __future__ import annotations

import pytest

from nasframe.runtime.course import Course, duration


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_time_left_is_that_of_all_steps_at_the_pace_of_those_after_the_first(clock: Clock) -> None:
    course = Course("search", 30, clock)
    course.advance(0)
    assert course.left_in_words() == "…"
    clock.now += 300  # it loads its data and its kernels
    course.advance(1)
    assert (course.left_in_words(), course.rate_in_words()) == ("…", "")
    for _ in range(2):
        clock.now += 20
        course.advance(1)
    assert course.seconds_left == pytest.approx(27 * 20)
    clock.now += 5  # it falls between two steps
    assert course.seconds_left == pytest.approx(27 * 20 - 5)


def test_steps_of_an_earlier_call_say_nothing_about_the_pace(clock: Clock) -> None:
    course = Course("search", 30, clock)
    course.advance(28)
    assert course.seconds_left is None
    clock.now += 90
    course.advance(1)
    assert course.seconds_left is None
    course.total = 31
    clock.now += 60
    course.advance(1)
    assert course.seconds_left == pytest.approx(60)
    assert course.rate_in_words() == "1.0/min"


def test_of_steps_that_are_done_side_by_side_the_first_counts_too(clock: Clock) -> None:
    course = Course("trials", 8, clock, warms_up=False)
    clock.now += 100
    for _ in range(4):  # four workers end at once
        course.advance(1)
    assert course.seconds_left == pytest.approx(100)


def test_a_late_step_never_has_less_than_no_time_left(clock: Clock) -> None:
    course = Course("search", 3, clock)
    for _ in range(2):
        clock.now += 10
        course.advance(1)
    clock.now += 500
    assert course.seconds_left == 0


def test_a_line_has_the_steps_the_numbers_and_the_time_left(clock: Clock) -> None:
    course = Course("search", 30, clock)
    clock.now += 10
    course.report({"loss": 0.41234, "au\x1bc": None, "running": 2, "entropy": float("nan")})
    course.advance(1)
    facts = "loss 0.4123, au\\x1bc undefined, running 2, entropy undefined"
    assert course.in_words() == f"search: 1 of 30, {facts}"
    clock.now += 10
    course.advance(1)
    assert course.in_words() == f"search: 2 of 30, {facts}; 0:04:40 left"


def test_a_number_has_as_many_digits_in_every_step(clock: Clock) -> None:
    course = Course("search", 30, clock)
    course.report({"accuracy": 0.75, "auc": 1.0, "loss": 0.73333, "rate": 0.00002, "zero": 0.0})
    assert (
        course.numbers_in_words() == "accuracy 0.7500, auc 1.0000, loss 0.7333, rate 2.000e-05, zero 0.0000"
    )


def test_work_without_a_known_end_has_no_time_left(clock: Clock) -> None:
    course = Course("outcomes", None, clock)
    clock.now += 10
    course.advance(1_200)
    assert course.in_words() == "outcomes: 1,200"


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00:00"), (59.2, "0:01:00"), (86_399, "23:59:59")])
def test_a_duration_has_hours_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_steps_that_workers_end_together_with_the_first_promise_no_short_time(clock: Clock) -> None:
    course = Course("decode", 12, clock)
    clock.now += 8.0
    for _ in range(4):
        course.advance(1)
        clock.now += 0.01
    assert course.left_in_words() == "…"
    clock.now += 8.0
    for _ in range(4):
        course.advance(1)
    left = course.seconds_left
    assert left is not None
    assert 7.0 < left < 9.0
