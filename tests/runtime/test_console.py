"""Lists and JSON that a command prints."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from nasframe.runtime import format_columns, format_number, print_columns, print_json, print_metrics


def test_json_has_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [float("nan"), 1.0], "b": {"c": float("inf")}, "path": Path("x")})
    assert json.loads(capsys.readouterr().out) == {"a": [None, 1.0], "b": {"c": None}, "path": "x"}


def test_lists_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    assert format_columns([("a", "bb"), ("ccc", "d")]) == ["a    bb", "ccc  d"]
    assert format_columns([("a", "bb"), ("ccc", "d")], indent="  ", right=[0]) == ["    a  bb", "  ccc  d"]
    assert format_columns([("a", "bb"), ("ccc", "d")], right=[1]) == ["a    bb", "ccc   d"]
    assert format_columns([]) == []
    print_columns([("a", "bb"), ("ccc", "d")], indent=" ")
    assert capsys.readouterr().out == " a    bb\n ccc  d\n"


def test_the_names_that_moved_work_for_one_release_and_say_where_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.warns(DeprecationWarning, match="is now nasframe.display.format_value") as told:
        shown = [format_number(value) for value in (0.5, 1200, float("nan"), None, "x", True)]
    assert shown == ["0.5000", "1,200", "undefined", "undefined", "x", "yes"]
    assert told[0].filename == __file__
    with pytest.warns(DeprecationWarning, match="is now nasframe.display.metric_tables"):
        print_metrics({"auc": 0.5, "parts": {"head": 3}, "empty": {}})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["metric", "value"], ["auc", "0.5000"], [], ["Parts"], ["value"], ["head", "3"]]


def test_on_a_terminal_the_last_column_is_wrapped_beside_the_others_or_below_its_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("epochs", "30", "most epochs of a search, which may stop before"), ("level", "0.5", "")]
    print_columns(rows, "  ")
    assert capsys.readouterr().out.splitlines()[0].endswith("which may stop before")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    print_columns(rows, "  ")
    assert capsys.readouterr().out.splitlines() == [
        "  epochs  30   most epochs of a search,",
        "               which may stop before",
        "  level   0.5",
    ]
    monkeypatch.setenv("COLUMNS", "32")
    print_columns(rows, "  ")
    assert capsys.readouterr().out.splitlines() == [
        "  epochs  30",
        "      most epochs of a search,",
        "      which may stop before",
        "  level   0.5",
    ]
