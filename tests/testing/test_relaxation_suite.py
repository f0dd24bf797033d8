"""The suite for relaxations finds every broken promise, and fails no good relaxation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

PLUGINS = "relaxations"
GOOD = ["Good", "GoodStraightThrough", "HardMaximumThatSaysSo"]

BROKEN = {
    "OffSimplex": "test_weights_lie_on_the_simplex_in_shape_and_dtype_of_the_logits",
    "Negative": "test_weights_lie_on_the_simplex_in_shape_and_dtype_of_the_logits",
    "WrongShape": "test_weights_lie_on_the_simplex_in_shape_and_dtype_of_the_logits",
    "WrongDtype": "test_weights_lie_on_the_simplex_in_shape_and_dtype_of_the_logits",
    "Overflowing": "test_huge_logits_stay_finite_forward_and_backward",
    "EndsCold": "test_weights_lie_on_the_simplex_from_the_start_of_a_search_to_its_end",
    "Unseeded": "test_the_same_generator_state_gives_the_same_weights_and_the_same_gradient",
    "OwnGenerator": "test_without_a_generator_torch_global_generator_decides",
    "GradientDraws": "test_the_weights_are_the_same_with_and_without_gradient",
    "InPlace": "test_the_logits_stay_as_they_are",
    "RowsMix": "test_choices_do_not_see_each_other",
    "NoGradient": "test_the_gradient_is_finite_not_zero_and_in_the_dtype_of_the_logits",
    "KeepsAGraph": "test_no_graph_is_kept_where_no_gradient_is_asked_for",
    "ClaimsOneHot": "test_weights_called_one_hot_are_exactly_zeros_and_ones",
    "AddsStraightThrough": "test_weights_called_one_hot_are_exactly_zeros_and_ones",
    "SharpensItsDraws": "test_one_hot_weights_are_drawn_as_often_as_probabilities_says",
    "OneDrawForAll": "test_one_hot_weights_are_drawn_as_often_as_probabilities_says",
    "HardMaximum": "test_one_hot_weights_are_drawn_as_often_as_probabilities_says",
    "HalfPrecision": "test_bfloat16_only_rounds_the_result",
    "MultipliesUnderAutocast": "test_autocast_does_not_make_it_less_exact",
    "RandomProbabilities": "test_probabilities_draw_nothing",
    "ProbabilitiesOffSimplex": "test_probabilities_lie_on_the_simplex_in_shape_and_dtype_of_the_logits",
    "ProbabilitiesMix": "test_the_probabilities_of_a_choice_depend_on_its_own_logits",
    "WithoutHelp": "test_every_option_has_a_help_text",
    "WithoutDefault": "test_every_option_has_a_default",
    "NeverEqual": "test_a_copy_equals_it",
    "WithoutOptions": "test_its_options_are_the_fields_of_an_attrs_class",
    "Nothing": "test_probabilities_draw_nothing",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_relaxation_that_keeps_its_promises_passes(name: str, outcomes: Mapping[str, Any]) -> None:
    assert not outcomes[name].failed
    assert len(outcomes[name].passed) >= 20


@pytest.mark.parametrize(("name", "test"), BROKEN.items(), ids=BROKEN.keys())
def test_a_broken_promise_fails_its_test(name: str, test: str, outcomes: Mapping[str, Any]) -> None:
    assert test in outcomes[name].failed


def test_a_suite_without_make_says_what_to_write(outcomes: Mapping[str, Any]) -> None:
    (message,) = outcomes["Nothing"].failed.values()
    assert message == (
        "TestNothing does not say what to test; write in it\n\n"
        "    def make(self):\n        return MyRelaxation()"
    )
