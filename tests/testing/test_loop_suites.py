"""The suites for loops find every broken promise, and fail no good loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

PLUGINS = "loops"
GOOD = [
    *("Good", "GoodBatches", "Evolution", "Halving", "Bilevel", "SecondOrder", "Joint"),
    *("OneShot", "Halves", "FromTheContractAlone"),
]

BROKEN = {
    "Incomplete": "test_every_proposal_is_a_valid_architecture",
    "Invalid": "test_every_proposal_is_a_valid_architecture",
    "TooMany": "test_it_proposes_no_more_than_it_says_and_at_most_what_it_is_asked_for",
    "Endless": "test_it_proposes_no_more_than_it_says_and_at_most_what_it_is_asked_for",
    "NumbersFromOne": "test_proposals_are_numbered_from_zero",
    "TooLong": "test_epochs_are_within_a_full_training",
    "Unseeded": "test_the_same_seed_and_results_give_the_same_proposals",
    "GlobalRandomness": "test_global_randomness_does_not_matter_and_stays_as_it_is",
    "Forgetful": "test_a_state_is_json_and_goes_on_with_the_same_proposals",
    "StateIsNoJson": "test_a_state_is_json_and_goes_on_with_the_same_proposals",
    "StateCounts": "test_a_state_is_the_same_however_often_it_is_asked_for",
    "FailsWithFailures": "test_a_training_that_fails_does_not_end_the_search_with_an_error",
    "KeepsStateInTheLoop": "test_its_own_options_and_the_problem_stay_as_they_are",
    "WithoutHelp": "test_every_option_has_a_help_text",
    "WithoutDefault": "test_every_option_has_a_default",
    "NoLoop": "test_it_is_a_proposal_loop",
    "Nothing": "test_it_is_a_proposal_loop",
    "OnlyWeights": "test_it_trains_weights_and_logits",
    "NoUpdates": "test_it_searches_to_the_end",
    "UnseededUpdates": "test_the_same_seed_gives_the_same_search",
    "Counting": "test_its_own_options_stay_as_they_are",
    "NothingTrained": "test_it_is_a_gradient_loop",
    "UnseededPaths": "test_paths_depend_on_their_source_alone",
    "PathsThatEnd": "test_it_searches_to_the_end",
    "PathsThatEndLater": "test_paths_are_valid_architectures_without_an_end",
    "PathsOutsideTheSpace": "test_paths_are_valid_architectures_without_an_end",
    "MovesLogits": "test_it_searches_to_the_end",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_loop_that_keeps_its_promises_passes(name: str, outcomes: Mapping[str, Any]) -> None:
    assert not outcomes[name].failed
    assert len(outcomes[name].passed) >= 10


@pytest.mark.parametrize(("name", "test"), BROKEN.items(), ids=BROKEN.keys())
def test_a_broken_promise_fails_its_test(name: str, test: str, outcomes: Mapping[str, Any]) -> None:
    assert test in outcomes[name].failed


@pytest.mark.parametrize("name", ["Nothing", "NothingTrained"])
def test_a_suite_without_make_says_what_to_write(name: str, outcomes: Mapping[str, Any]) -> None:
    (message,) = outcomes[name].failed.values()
    assert message == (
        f"Test{name} does not say what to test; write in it\n\n    def make(self):\n        return MyLoop()"
    )
