"""The cost of each row of a comparison, and the score against it."""

from __future__ import annotations

import pytest

from nasframe.studies.variants.cost_in_trainings import with_costs_in_trainings
from tests.studies.records import Finished


def test_a_search_costs_its_time_over_that_of_a_training_and_the_training() -> None:
    cost = {"training": 2.0, "seconds": 8.0}
    (found,) = with_costs_in_trainings([{"cost": cost, "search": {"seconds": 6.0}}])
    assert found["cost"] == {**cost, "trainings": 4.0}


def test_a_loop_that_proposes_counts_its_own_trainings() -> None:
    cost = {"training": 2.0, "seconds": 8.0}
    (found,) = with_costs_in_trainings([{"cost": cost, "search": {"cost": 10.0}}])
    assert found["cost"]["trainings"] == 11


def test_a_run_whose_time_is_not_recorded_has_no_cost() -> None:
    known = {"cost": {"training": 2.0, "seconds": 4.0}, "search": {}}
    first, second = with_costs_in_trainings([{"cost": {}, "search": None}, known])
    assert first["cost"] == {}
    assert second["cost"]["trainings"] == 2


def test_the_best_of_several_random_networks_costs_all_their_trainings(finished_studies: Finished) -> None:
    rows = {row["name"]: row["values"] for row in finished_studies.found["rows"]}
    best = rows["random, best of 2 on validation"]
    assert best["cost_in_trainings"]["mean"] == 2
    assert rows["random, mean of 2"]["cost_in_trainings"]["mean"] == 1
    seconds = dict.fromkeys(best["total_seconds"]["by_seed"], 0.0)
    for network in finished_studies.found["baselines"]:
        if network["kind"] == "random":
            seconds[str(network["seed"])] += network["seconds"]
    assert best["total_seconds"]["by_seed"] == pytest.approx(seconds)


def test_random_search_has_a_point_for_each_training_and_a_search_one_at_its_end(
    finished_studies: Finished,
) -> None:
    curves = {curve["name"]: curve for curve in finished_studies.found["cost_curves"]}
    assert [point["trainings"] for point in curves["random search"]["points"]] == [1, 2]
    rows = {row["name"]: row["values"] for row in finished_studies.found["rows"]}
    last = curves["random search"]["points"][-1]
    assert last["test"] == rows["random, best of 2 on validation"]["accuracy"]
    (end,) = curves["softmax"]["points"]
    assert end["test"] == rows["softmax"]["accuracy"]
    assert end["seconds"] == pytest.approx(rows["softmax"]["total_seconds"]["mean"])


def test_total_costs_are_not_tested(finished_studies: Finished) -> None:
    tested = {test["metric"] for test in finished_studies.found["tests"]}
    assert tested & {"total_seconds", "cost_in_trainings"} == set()
    assert "search_seconds" in tested


def test_a_study_records_the_machine_of_its_trials(finished_studies: Finished) -> None:
    (machine,) = finished_studies.found["machines"]
    assert machine["threads"] == 1
    assert machine["cores"] >= 1
