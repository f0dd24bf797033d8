"""Metrics as tables."""

from __future__ import annotations

import json

from nasframe.display import metric_tables


def test_single_values_share_a_table_and_categories_have_their_own() -> None:
    single, parts, sizes = metric_tables(
        {
            "auc": 0.5,
            "agreement": None,
            "per_part": {"a": {"auc": 0.25, "count": 3}, "b": {"auc": None, "deep": {"x": 1}}},
            "tags": ["x", "y"],
            "sizes": {"head": 1200},
            "empty": {},
        },
        title="on the test split",
    )
    assert single.to_text().splitlines() == [
        "on the test split",
        "metric         value",
        "auc           0.5000",
        "agreement  undefined",
        "tags            x, y",
    ]
    assert parts.name == "per_part"
    assert [line.split() for line in parts.to_text().splitlines()] == [
        ["Per", "part"],
        ["auc", "count", "deep.x"],
        ["a", "0.2500", "3", "—"],
        ["b", "undefined", "—", "1"],
    ]
    assert [line.split() for line in sizes.to_text().splitlines()] == [
        ["Sizes"],
        ["value"],
        ["head", "1,200"],
    ]


def test_an_undefined_metric_is_null_in_json_and_empty_in_csv() -> None:
    (table,) = metric_tables({"a": None, "b": float("nan")})
    assert json.loads(json.dumps(table.to_json(), allow_nan=False))["rows"] == [
        {"metric": "a", "value": None},
        {"metric": "b", "value": None},
    ]
    assert table.to_csv() == "metric,value\r\na,\r\nb,\r\n"


def test_without_metrics_there_is_no_table() -> None:
    assert metric_tables({}) == []


def test_a_number_with_both_ends_of_its_interval_is_one_entry() -> None:
    found = {"auc": 0.5, "auc_low": 0.25, "auc_high": 0.75, "eer_low": 0.1, "ap": 0.5, "ap_low": None}
    single, parts = metric_tables({**found, "ap_high": None, "per_part": {"a": found}})
    assert [line.split(maxsplit=1) for line in single.to_text().splitlines()] == [
        ["metric", "value"],
        ["auc", "0.5000 [0.2500, 0.7500]"],
        ["eer_low", "0.1000"],
        ["ap", "0.5000"],
    ]
    assert parts.to_csv().splitlines()[0] == "name,auc,auc_low,auc_high,eer_low,ap,ap_low"
