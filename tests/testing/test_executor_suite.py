"""The suite for executors finds broken promises, and fails no good executor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

PLUGINS = "executors"
GOOD = ["Local", "OneByOne"]

BROKEN = {
    "WithoutASentence": "test_it_is_an_executor_with_a_sentence_about_it",
    "SaysTwice": "test_every_trial_ends_in_one_report_and_its_files_are_in_its_folder",
    "HidesFailures": "test_a_trial_that_fails_is_reported_with_its_message_and_the_others_are_done",
    "LosesTheMessage": "test_a_trial_that_fails_is_reported_with_its_message_and_the_others_are_done",
    "HidesTheFullDisk": "test_a_full_disk_is_raised",
    "Nothing": "test_a_full_disk_is_raised",
}


@pytest.mark.parametrize(("name", "count"), [("Local", 7), ("OneByOne", 4)])
def test_an_executor_that_keeps_its_promises_passes(
    name: str, count: int, outcomes: Mapping[str, Any]
) -> None:
    assert not outcomes[name].failed
    assert len(outcomes[name].passed) == count


@pytest.mark.parametrize(("name", "test"), BROKEN.items(), ids=BROKEN.keys())
def test_a_broken_promise_fails_its_test(name: str, test: str, outcomes: Mapping[str, Any]) -> None:
    assert test in outcomes[name].failed


def test_a_suite_without_make_says_what_to_write(outcomes: Mapping[str, Any]) -> None:
    (message,) = outcomes["Nothing"].failed.values()
    assert message == (
        "TestNothing does not say what to test; write in it\n\n"
        "    def make(self, workers, folder):\n"
        "        return MyExecutor(workers=workers, folder=folder)"
    )
