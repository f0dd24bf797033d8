"""The suite for search spaces finds every broken promise, and fails no good space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

PLUGINS = "spaces"
GOOD = ["Good", "DealtAndSaysSo"]
BROKEN = {
    "NoSpace": "test_it_is_valid_and_knows_where_it_came_from",
    "ForgetsTheOutput": "test_it_is_valid_and_knows_where_it_came_from",
    "ChangesItsMind": "test_it_is_the_same_at_every_call",
    "Miscounts": "test_the_count_is_that_of_distinct_valid_architectures",
    "Repeats": "test_the_count_is_that_of_distinct_valid_architectures",
    "SamplesNothing": "test_a_sample_is_complete_and_valid",
    "Dices": "test_the_seed_alone_decides_the_sample",
    "ForgetsItsOptions": "test_an_architecture_reads_back_from_its_document",
    "Empty": "test_a_sampled_architecture_builds_and_runs",
    "IgnoresOutputs": "test_the_number_of_outputs_is_the_one_asked_for",
    "DerivesNothing": "test_any_probabilities_derive_an_architecture_of_the_space",
    "DividesByProbability": "test_extreme_probabilities_derive_an_architecture_of_the_space",
    "DerivesByChance": "test_the_same_probabilities_derive_the_same_architecture",
    "Unreachable": "test_the_supernet_gives_the_outputs_and_every_logit_a_finite_gradient",
    "Dealt": "test_one_hot_weights_compute_the_built_network",
    "TwoSharing": "test_an_operation_that_is_not_selected_has_no_gradient",
    "Drifting": "test_an_architecture_update_changes_no_weight_and_no_buffer",
    "Dicing": "test_a_search_ends_twice_with_the_same_bits",
    "NoHelp": "test_every_option_has_a_help_text",
    "Nothing": "test_a_sample_is_complete_and_valid",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_space_that_keeps_its_promises_passes(name: str, outcomes: Mapping[str, Any]) -> None:
    assert not outcomes[name].failed
    assert len(outcomes[name].passed) >= 20


@pytest.mark.parametrize(("name", "test"), BROKEN.items(), ids=BROKEN.keys())
def test_a_broken_promise_fails_its_test(name: str, test: str, outcomes: Mapping[str, Any]) -> None:
    assert test in outcomes[name].failed


def test_a_suite_without_make_says_what_to_write(outcomes: Mapping[str, Any]) -> None:
    (message,) = outcomes["Nothing"].failed.values()
    assert message.endswith("    def make(self):\n        return MySpace()")
