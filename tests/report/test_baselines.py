from __future__ import annotations

from typing import Any

from nasframe.display import Estimate, Table
from nasframe.report import baseline_table


def scores(auc: float | None, part: float, parameters: int, **more: Any) -> dict[str, Any]:
    parts = {"per_part": {"a": {"auc": part, "count": 3}}}
    return {"auc": auc, "acc": 0.5, **parts, "parameters": parameters, **more}


def random(auc: float | None, part: float, validation: float | None) -> dict[str, Any]:
    return scores(auc, part, 20, validation={"auc": validation}, architecture="0123")


def rows(table: Table | None) -> dict[str, list[Any]]:
    """Name of a row → its other cells, of an estimate the mean."""
    assert table is not None
    return {
        str(row[0]): [cell.mean if isinstance(cell, Estimate) else cell for cell in row[1:]]
        for row in table.rows
    }


TEST = scores(0.9, 0.8, 10, objective="auc", threshold=0.4)


def test_a_network_measured_against_nothing_has_no_table() -> None:
    assert baseline_table(TEST) is None
    assert baseline_table({**TEST, "baselines": {}}) is None


def test_columns_are_the_objective_overall_and_of_every_part_and_the_parameters() -> None:
    fixed = scores(0.7, 0.6, 30, validation={"auc": 0.99})
    table = baseline_table({**TEST, "baselines": {"fixed": fixed}})
    assert table is not None
    assert [column.key for column in table.columns] == ["network", "auc", "a", "parameters"]
    assert rows(table) == {"searched": [0.9, 0.8, 10], "fixed": [0.7, 0.6, 30]}


def test_random_architectures_share_their_mean_and_the_one_that_validation_chooses() -> None:
    drawn = {"random 1": random(0.5, 0.4, 0.9), "random 2": random(0.7, 0.6, 0.8)}
    table = baseline_table({**TEST, "baselines": drawn})
    assert [*rows(table)] == ["searched", "random, mean of 2", "random, best of 2 on validation"]
    assert rows(table)["random, mean of 2"] == [0.6, 0.5, 20]
    assert rows(table)["random, best of 2 on validation"] == [0.5, 0.4, 20]


def test_a_single_random_architecture_is_one_row_and_no_mean() -> None:
    table = baseline_table({**TEST, "baselines": {"random 1": random(0.5, 0.4, 0.9)}})
    assert rows(table) == {"searched": [0.9, 0.8, 10], "random": [0.5, 0.4, 20]}
    assert table is not None
    assert not table.signs
    assert "mean" not in table.note


def test_an_undefined_number_makes_an_undefined_mean_and_is_never_chosen() -> None:
    drawn = {"random 1": random(None, 0.4, None), "random 2": random(0.7, 0.6, 0.8)}
    table = baseline_table({**TEST, "baselines": drawn})
    assert rows(table)["random, mean of 2"] == [None, 0.5, 20]
    assert rows(table)["random, best of 2 on validation"] == [0.7, 0.6, 20]


def test_the_mean_of_random_architectures_has_the_lowest_and_the_highest_beside_it() -> None:
    drawn = {"random 1": random(0.5, 0.4, 0.9), "random 2": random(0.7, 0.6, 0.8)}
    table = baseline_table({**TEST, "baselines": drawn})
    assert table is not None
    assert table.rows[1][1] == Estimate(0.6, 0.5, 0.7, {"random 1": 0.5, "random 2": 0.7}, is_range=True)
    assert "lowest and the highest" in table.note


def test_the_objective_over_all_has_its_interval_where_there_is_one() -> None:
    fixed = scores(0.7, 0.6, 30, validation={"auc": 0.99}, auc_low=0.2, auc_high=0.9)
    table = baseline_table({**TEST, "baselines": {"fixed": fixed}})
    assert table is not None
    cell = table.rows[1][1]
    assert isinstance(cell, Estimate)
    assert cell.interval == (0.2, 0.9)
    assert not isinstance(table.rows[0][1], Estimate)
    assert "value [95 % interval]" in table.signs


def test_the_note_speaks_of_parts_and_frozen_networks_only_where_there_are_some() -> None:
    def note(**more: Any) -> str:
        test = {"auc": 0.9, "objective": "auc", "parameters": 10, **more}
        table = baseline_table({**test, "baselines": {"fixed": {"auc": 0.7, "parameters": 30}}})
        assert table is not None
        return table.note

    parts = {"per_part": {"a": {"auc": 0.8}}}
    assert note(parameters_total=10) == "Every row was trained in the same way."
    assert note(**parts).startswith("The columns: auc, over all and for each part. Every")
    assert note(parameters_total=50).startswith("The columns: parameters without frozen networks. Every")
    assert note(**parts, parameters_total=50).startswith(
        "The columns: auc, over all and for each part, and parameters without frozen networks. Every"
    )
