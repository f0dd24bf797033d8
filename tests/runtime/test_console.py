"""Tables, numbers and JSON that a command prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nasframe.runtime import format_columns, format_number, print_json, print_metrics


def test_json_has_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [float("nan"), 1.0], "b": {"c": float("inf")}, "path": Path("x")})
    assert json.loads(capsys.readouterr().out) == {"a": [None, 1.0], "b": {"c": None}, "path": "x"}


def test_tables_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    assert format_columns([("a", "bb"), ("ccc", "d")]) == ["a    bb", "ccc  d"]
    assert [format_number(value) for value in (0.5, 1200, float("nan"), None, "x", True)] == [
        "0.5000",
        "1,200",
        "undefined",
        "undefined",
        "x",
        "True",
    ]
    print_metrics({"auc": 0.5, "parts": {"head": 3}, "empty": {}})
    assert capsys.readouterr().out == "auc  0.5000\n\nparts\n  head  3\n"
