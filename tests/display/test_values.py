"""A value as text."""

from __future__ import annotations

from typing import Any

import pytest

from nasframe.display import flatten, format_value, number, sparkline


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.97314, "", "0.9731"),
        (0, "", "0"),
        (0.0, "", "0.0000"),
        (-0.5, "", "-0.5000"),
        (3.2e-5, "", "3.2e-05"),
        (12345.6, "", "12,346"),
        (1e20, "", "1e+20"),
        (1204, "", "1,204"),
        (1204, "count", "1,204"),
        (1203.7, "count", "1,204"),
        (2.25, "s", "2.2 s"),
        (3, "s", "3.0 s"),
        (62.5, "%", "62.5 %"),
        (True, "count", "yes"),
        (False, "", "no"),
        (None, "s", "undefined"),
        (float("nan"), "", "undefined"),
        (float("inf"), "count", "undefined"),
        ([0.5, None], "", "0.5000, undefined"),
        ("a", "s", "a"),
    ],
)
def test_a_value_is_shown_in_one_way(value: Any, unit: str, text: str) -> None:
    assert format_value(value, unit) == text


def test_a_number_on_a_page_has_all_its_digits_behind_it() -> None:
    assert number(1 / 3, key="a<b") == (
        '<data value="0.3333333333333333" title="0.3333333333333333" data-key="a&lt;b">0.3333</data>'
    )


@pytest.mark.parametrize("value", [None, True, "<b>", float("nan")])
def test_what_is_no_number_is_text_on_a_page(value: Any) -> None:
    found = number(value, key="k")
    assert found.startswith('<span data-key="k">')
    assert "<b>" not in found


def test_nested_mappings_become_one_with_dotted_names() -> None:
    assert flatten({"a": {"b": {"c": 1}, "d": None}, "e": {}}) == {"a.b.c": 1, "a.d": None}


def test_a_row_of_bars_is_no_wider_than_it_may_be_and_stays_within_its_height() -> None:
    assert sparkline([-1.0, 0.5, 7.0]) == "▁▅█"
    assert len(sparkline([0.5] * 300, width=40)) == 40
