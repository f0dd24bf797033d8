"""The suite for operations finds every broken promise, and fails no good operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

PLUGINS = "operations"
GOOD = ["Good", "GoodVariadic", "IgnoresAnInputAndSaysWhy"]
BROKEN = {
    "NoOperation": "test_it_is_an_operation_with_a_sentence_about_it",
    "WithoutASentence": "test_it_is_an_operation_with_a_sentence_about_it",
    "WrongArity": "test_its_inputs_fit_its_arity_and_its_forward",
    "TakesOne": "test_its_inputs_fit_its_arity_and_its_forward",
    "NotVariadic": "test_a_variadic_one_takes_one_input_more_or_less",
    "BatchLast": "test_the_output_has_the_batch_first_and_the_shape_found_on_meta",
    "AsLongAsTheBatch": "test_the_output_has_the_batch_first_and_the_shape_found_on_meta",
    "GrowsLater": "test_it_has_as_many_parameters_as_counted_on_meta",
    "BatchMixes": "test_examples_of_a_batch_do_not_see_each_other_when_evaluated",
    "Noisy": "test_evaluation_draws_nothing_and_changes_nothing",
    "Counts": "test_evaluation_draws_nothing_and_changes_nothing",
    "OwnNoise": "test_training_draws_from_the_global_generator_alone",
    "InPlace": "test_the_inputs_stay_as_they_are",
    "OnlyFloat32": "test_it_computes_in_the_dtype_it_is_moved_to",
    "FalseZero": "test_what_removes_gives_zeros_and_what_passes_gives_its_input",
    "FalseIdentity": "test_what_removes_gives_zeros_and_what_passes_gives_its_input",
    "IgnoresAnInput": "test_a_finite_gradient_reaches_every_parameter_and_every_input",
    "IdleParameter": "test_a_finite_gradient_reaches_every_parameter_and_every_input",
    "InfiniteGradient": "test_a_finite_gradient_reaches_every_parameter_and_every_input",
    "RootAtZero": "test_zeros_which_an_empty_port_receives_give_finite_values_and_gradients",
    "HiddenTensor": "test_its_state_holds_all_that_it_computes_with",
    "StaysBehind": "test_it_moves_to_another_device_as_a_whole",
    "CopiesNothing": "test_a_copy_computes_the_same_and_shares_nothing",
    "LearnsInForward": "test_in_a_space_it_is_searched_derived_and_built",
    "SharesParameters": "test_in_a_space_what_is_not_selected_has_no_gradient",
    "Nothing": "test_the_inputs_stay_as_they_are",
}


@pytest.mark.parametrize("name", GOOD)
def test_an_operation_that_keeps_its_promises_passes(name: str, outcomes: Mapping[str, Any]) -> None:
    assert not outcomes[name].failed
    assert len(outcomes[name].passed) >= 12


@pytest.mark.parametrize(("name", "test"), BROKEN.items(), ids=BROKEN.keys())
def test_a_broken_promise_fails_its_test(name: str, test: str, outcomes: Mapping[str, Any]) -> None:
    assert test in outcomes[name].failed


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("WrongArity", "it says arity 3, and the suite has 2 shapes: set `shapes`, or `arity`"),
        ("BatchMixes", "the output of example 0 depends on the other examples"),
        ("IgnoresAnInput", "no gradient reaches input 1; say why in `no_gradient`"),
        ("IdleParameter", "no gradient reaches parameter idle.weight; say why in `no_gradient`"),
        ("InPlace", "input 0 was changed in place"),
        ("Nothing", "def make(self, shapes):\n        return MyOperation(shapes)"),
    ],
)
def test_the_failure_says_what_is_wrong(name: str, words: str, outcomes: Mapping[str, Any]) -> None:
    assert words in "\n".join(outcomes[name].failed.values())
