"""The page of a table of a space."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from nasframe import Run
from nasframe.display import Estimate
from nasframe.report import space_table_tables, write_space_table_page
from tests.report.studies import FEW, MESSAGE, space_table

Look = Callable[..., Any]


@pytest.fixture
def page(tabulated: Path, look: Look) -> Any:
    return look(tabulated / "report.html")


def value(page: Any, key: str) -> float:
    return float(page.locator(f"[data-key='{key}']").get_attribute("value"))


def test_the_quantiles_are_those_of_the_scores(page: Any, run: Run) -> None:
    _, rows = space_table(run)
    tests = [row["test"]["auc"] for row in rows if row["test"]["auc"] is not None]
    assert value(page, "quantiles.largest.test") == max(tests)
    assert value(page, "quantiles.median.test") == pytest.approx(median(tests))
    assert value(page, "quantiles.smallest.validation") == 0.5
    assert value(page, "quantiles.25 %.test") < value(page, "quantiles.75 %.test")


def test_the_rank_correlation_is_that_of_the_entries(run: Run) -> None:
    record, rows = space_table(run)

    def shown() -> Any:
        table = next(table for table in space_table_tables(record, rows) if table.name == "correlation")
        return table.rows

    pair = "auc, validation and auc, test"
    assert shown() == [[pair, Estimate(pytest.approx(1)), 39]]  # the record says 0.5
    record["correlation"] = {"rho": 0.9999, "low": 0.9, "high": 1.0, "architectures": 39}
    assert shown() == [[pair, Estimate(0.9999, 0.9, 1.0), 39]]
    record["correlation"]["architectures"] = 279
    assert shown() == [[pair, Estimate(pytest.approx(1)), 39]]
    rows[:] = rows[:1]
    assert "correlation" not in [table.name for table in space_table_tables(record, rows)]


def test_a_record_without_a_correlation_shows_none(run: Run) -> None:
    record, rows = space_table(run)
    del record["correlation"]
    assert "correlation" not in [table.name for table in space_table_tables(record, rows)]


def test_few_architectures_have_no_quantile_that_they_cannot_give(run: Run) -> None:
    def quantiles(architectures: int) -> list[object]:
        table, *_ = space_table_tables(*space_table(run, architectures))
        return [row[0] for row in table.rows]

    assert quantiles(3) == ["largest", "median", "smallest"]
    assert quantiles(5) == ["largest", "75 %", "median", "25 %", "smallest"]
    assert quantiles(40)[:3] == ["largest", "95 %", "90 %"]


def test_the_caveats_of_a_table_stand_on_its_page(page: Any) -> None:
    assert page.locator("#scores").get_by_text(FEW).count() == 1


def test_the_best_architectures_are_those_of_validation(page: Any) -> None:
    names = page.locator("#the-best-architectures tbody th").all_text_contents()
    assert names == [f"{number:016x}"[:12] for number in range(39, 29, -1)]


def test_scores_are_drawn_over_both_splits_and_over_the_size(page: Any) -> None:
    labels = page.evaluate(
        "[...document.querySelectorAll('svg.chart')].map((chart) => chart.getAttribute('aria-label'))"
    )
    assert labels == [
        "auc of the architectures: 40 validation, 39 test",
        "auc on the test split against size: 39 of architectures",
        "Test against validation: 39 of architectures",
    ]


def test_what_could_not_be_trained_is_named_with_its_message(page: Any) -> None:
    assert page.locator("#not-trained").get_by_text("architecture 41").count() == 1
    assert page.locator("#not-trained").get_by_text(MESSAGE).count() == 1


def test_a_table_without_scores_still_has_a_page(run: Run, tmp_path: Path, look: Look) -> None:
    record, rows = space_table(run, architectures=2)
    for row in rows:
        row["validation"] = row["test"] = {"auc": None}
    write_space_table_page(record, rows, tmp_path)
    page = look(tmp_path / "report.html")
    assert page.wrongs == []
    write_space_table_page({}, [], tmp_path)
    assert "0 random architectures" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_record_that_lacks_a_key_still_makes_a_page(run: Run, tmp_path: Path) -> None:
    record, rows = space_table(run)
    for key in record:
        write_space_table_page({name: part for name, part in record.items() if name != key}, rows, tmp_path)
    for key in rows[0]:
        less = [{name: part for name, part in row.items() if name != key} for row in rows]
        write_space_table_page(record, less, tmp_path)
        assert "</html>" in (tmp_path / "report.html").read_text(encoding="utf-8"), key
