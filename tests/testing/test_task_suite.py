"""The suite for tasks finds every broken promise, and fails no good task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

PLUGINS = "tasks"
GOOD = ["Good", "ScoresNoFiles"]
BROKEN = {
    "SameName": "test_stages_have_names_that_differ_and_can_be_folders",
    "NoFolderName": "test_stages_have_names_that_differ_and_can_be_folders",
    "InputsOfNow": "test_the_inputs_of_a_stage_are_json_and_the_same_at_every_call",
    "InputsNotJson": "test_the_inputs_of_a_stage_are_json_and_the_same_at_every_call",
    "WrongOrder": "test_a_stage_comes_after_earlier_ones",
    "OtherFiles": "test_stages_run_twice_write_the_same_files",
    "WritesElsewhere": "test_stages_run_twice_write_the_same_files",
    "DottedName": "test_shapes_and_outputs_are_positive_numbers_under_plain_names",
    "Overlapping": "test_no_two_splits_share_an_example_and_none_is_empty",
    "EmptySplit": "test_no_two_splits_share_an_example_and_none_is_empty",
    "OtherShape": "test_batches_have_the_shapes_that_were_announced",
    "NotANumber": "test_batches_have_the_shapes_that_were_announced",
    "Sorting": "test_a_batch_is_in_the_order_of_its_indices",
    "Jittering": "test_reading_draws_nothing_and_gives_the_same_every_time",
    "HandingOut": "test_changing_a_batch_changes_no_example",
    "NegativeWeights": "test_sampling_weights_can_be_drawn_from",
    "RedrawingByChance": "test_redrawing_keeps_number_names_and_weights_and_is_seeded",
    "RedrawingFewer": "test_redrawing_keeps_number_names_and_weights_and_is_seeded",
    "RedrawingInPlace": "test_redrawing_keeps_number_names_and_weights_and_is_seeded",
    "Peeks": "test_the_test_split_stays_closed_through_search_and_training",
    "LossOfEach": "test_the_loss_is_a_finite_scalar_with_a_finite_gradient",
    "LossWithoutGradient": "test_the_loss_is_a_finite_scalar_with_a_finite_gradient",
    "LossNotFinite": "test_the_loss_is_a_finite_scalar_with_a_finite_gradient",
    "WithoutObjective": "test_metrics_are_numbers_and_hold_the_objective",
    "MetricsAsTensors": "test_metrics_are_numbers_and_hold_the_objective",
    "MetricsOfManyOnly": "test_metrics_are_numbers_and_hold_the_objective",
    "CalibratesATensor": "test_calibration_and_evaluation_are_json",
    "EvaluatesATensor": "test_calibration_and_evaluation_are_json",
    "ScoresOfABatch": "test_scores_are_one_an_example_with_labels_of_two_classes",
    "ScoresWithoutLabels": "test_scores_are_one_an_example_with_labels_of_two_classes",
    "OneBaseline": "test_baselines_take_the_inputs_by_name_and_learn",
    "NarrowBaseline": "test_baselines_take_the_inputs_by_name_and_learn",
    "CountsInText": "test_what_is_saved_says_how_many_parameters_are_frozen",
    "StopsAtAMissingFile": "test_predict_answers_one_record_a_file_in_order",
    "LeavesMissingFilesOut": "test_predict_answers_one_record_a_file_in_order",
    "ScoresByChance": "test_predict_answers_one_record_a_file_in_order",
    "ScoresOneThreadAtATime": "test_a_scorer_is_used_again_and_from_several_threads_at_once",
    "NamesNoColumn": "test_a_scorer_names_the_columns_of_its_further_numbers",
    "ExportsOneExample": "test_what_is_exported_takes_its_example_and_batches_of_any_size",
    "NoHelp": "test_every_option_has_a_help_text",
    "Nothing": "test_a_stage_comes_after_earlier_ones",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_task_that_keeps_its_promises_passes(name: str, outcomes: Mapping[str, Any]) -> None:
    assert not outcomes[name].failed
    assert len(outcomes[name].passed) >= 20


@pytest.mark.parametrize(("name", "test"), BROKEN.items(), ids=BROKEN.keys())
def test_a_broken_promise_fails_its_test(name: str, test: str, outcomes: Mapping[str, Any]) -> None:
    assert test in outcomes[name].failed


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Overlapping", "2/0 is in validation and in test"),
        ("WrongOrder", "doubled comes after {'numbers'}, which is no earlier stage"),
        ("WritesElsewhere", "doubled wrote into the folder of numbers"),
        ("OtherFiles", "numbers wrote another noise"),
        ("OneBaseline", "linear gives one network twice"),
        ("Peeks", "the test split was opened"),
        ("Nothing", "def make(self):\n        return MyTask()"),
    ],
)
def test_the_failure_says_what_is_wrong(name: str, words: str, outcomes: Mapping[str, Any]) -> None:
    assert words in "\n".join(outcomes[name].failed.values())
