"""A table: one record, and its forms."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasframe.display import Column, Estimate, Table

GRMC = Estimate(0.9595, 0.9512, 0.9661, {"0": 0.9512, "1": 0.9661})


def table(**more: Any) -> Table:
    columns = [
        Column("variant"),
        Column("auc", best="largest"),
        Column("parameters", "size", unit="count", best="smallest"),
        Column("state"),
    ]
    rows: list[list[Any]] = [
        ["grmc", GRMC, 1204, "done"],
        ["<b>soft</b>", Estimate(1 / 3), 980.5, "failed"],
        ["none", Estimate(None), None, ""],
    ]
    return Table("results", "auc & size", columns, rows, **more)


class Elements(HTMLParser):
    """Names of the elements, attributes, and texts of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


# -- the console ----------------------------------------------------------------------------------------


def test_the_text_has_the_title_and_aligned_columns_with_numbers_to_the_right() -> None:
    assert table().to_text(indent="  ").splitlines() == [
        "auc & size",
        "  variant                          auc   size  state",
        "  grmc         0.9595 [0.9512, 0.9661]  1,204  done",
        "  <b>soft</b>                   0.3333    980  failed",
        "  none                               —      —",
    ]


def test_of_a_long_table_a_console_shows_the_first_rows_and_the_marked_ones() -> None:
    rows = [[f"r{number}", number] for number in range(1200)]
    long = Table("long", "Long", [Column("row"), Column("n")], rows, marked=[700], console_rows=2)
    assert long.to_text(indent="  ").splitlines() == [
        "Long",
        "    row     n",
        "    r0      0",
        "    r1      1",
        "  > r700  700",
        "  … 1,197 more, which the report lists",
    ]
    assert len(long.to_csv().splitlines()) == 1201
    assert len(long.to_json()["rows"]) == 1200
    assert long.to_html().count("<tr") == 1201
    assert 'class="scroll long"' in long.to_html()
    assert 'class="scroll"' in Table("short", "Short", [Column("row")], [["r0"]], console_rows=2).to_html()


def test_a_marked_row_stands_out_in_the_text_and_on_the_page() -> None:
    marked = table(marked=[1])
    assert [line[:2] for line in marked.to_text().splitlines()[1:]] == ["  ", "  ", "> ", "  "]
    rows = [values for tag, values in Elements(marked.to_html()).found if tag == "tr"]
    assert [values.get("class") for values in rows] == [None, None, "marked", None]


def test_where_all_values_are_equal_the_mean_says_so() -> None:
    assert Estimate(0.5, 0.5, 0.5).to_text() == "0.5000 (all equal)"
    found = Table("t", "", [Column("a"), Column("b")], [["x", Estimate(0.5, 0.5, 0.5)]])
    assert '<span class="interval">all equal</span>' in found.to_html()
    assert Estimate(0.5).to_text() == "0.5000"
    assert Estimate(0.5, 0.4, None).to_text() == "0.5000"


def test_a_mean_and_its_ends_have_one_notation() -> None:
    assert Estimate(0.5, 2.86e-06, 1.0).to_text() == "0.5000 [3e-06, 1.0000]"
    assert Estimate(0.0, -1e-6, 0.1).to_text() == "0.0000 [-1e-06, 0.1000]"
    assert Estimate(4e-4, 3e-4, 0.1).to_text() == "0.0004 [0.0003, 0.1000]"
    assert Estimate(2e-7, 1e-7, 3e-7).to_text() == "2e-07 [1e-07, 3e-07]"
    found = Table("t", "", [Column("a"), Column("b")], [["x", Estimate(0.5, 2.86e-06, 1.0)]])
    assert '<span class="interval">3e-06 to 1.0000</span>' in found.to_html()


def test_the_smallest_and_the_largest_value_do_not_look_like_an_interval() -> None:
    assert Estimate(0.5, 0.4, 0.6, is_range=True).to_text() == "0.5000 (0.4000…0.6000)"


def test_a_column_may_be_for_files_or_for_people_alone() -> None:
    columns = [Column("name"), Column("axis.key", only="files"), Column("course", only="people")]
    found = Table("t", "", columns, [["x", 0.5, "▁█"]])
    assert found.to_csv() == "name,axis.key\r\nx,0.5\r\n"
    assert found.to_json()["rows"] == [{"name": "x", "axis.key": 0.5}]
    assert found.to_text().splitlines() == ["name  course", "x     ▁█"]
    assert "axis.key" not in found.to_html()


# -- the page -------------------------------------------------------------------------------------------


def test_names_that_are_no_html_are_shown_as_they_are() -> None:
    found = Elements(table().to_html())
    assert "b" not in {tag for tag, _ in found.found}
    assert "<b>soft</b>" in "".join(found.texts)
    assert "auc & size" in found.texts


def test_every_number_of_a_page_has_all_its_digits_and_its_key() -> None:
    shown = {values["data-key"]: values for tag, values in Elements(table().to_html()).found if tag == "data"}
    assert shown["results.grmc.auc"]["value"] == shown["results.grmc.auc"]["title"] == "0.9595"
    assert shown["results.<b>soft</b>.auc"]["value"] == repr(1 / 3)
    assert "results.none.auc" not in shown


def test_the_interval_stands_below_its_mean() -> None:
    assert '<span class="interval">0.9512 to 0.9661</span>' in table().to_html()


def best(found: Table) -> list[str]:
    """Keys of the bold numbers."""
    elements = Elements(found.to_html()).found
    return [
        str(elements[place + 1][1]["data-key"])
        for place, (tag, values) in enumerate(elements)
        if tag == "td" and values.get("class") == "best"
    ]


def test_the_best_mean_is_bold_only_in_columns_that_say_which_is_better() -> None:
    assert best(table()) == ["results.grmc.auc", "results.<b>soft</b>.parameters"]


def test_all_rows_of_the_best_mean_are_bold_and_none_where_all_are_equal() -> None:
    columns = [Column("name"), Column("a", best="smallest"), Column("b", best="largest")]
    rows = [["x", 1, 2], ["y", 1, 2], ["z", 3, 2]]
    assert best(Table("t", "", columns, rows)) == ["t.x.a", "t.y.a"]


def test_a_table_can_be_reached_by_the_keyboard_and_has_a_name() -> None:
    box = Elements(table().to_html()).found[0]
    assert box == ("div", {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": "auc & size"})


def test_the_note_stands_below_a_table() -> None:
    assert table(note="a < b").to_html().rstrip().endswith('<p class="note">a &lt; b</p>')
    assert "note" not in table().to_html()


# -- files ----------------------------------------------------------------------------------------------


def test_an_estimate_is_three_columns_of_csv_and_numbers_are_whole() -> None:
    text = table().to_csv()
    assert text.endswith("\r\n")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["variant", "auc", "auc_low", "auc_high", "parameters", "state"]
    assert rows[1] == ["grmc", "0.9595", "0.9512", "0.9661", "1204", "done"]
    assert rows[2] == ["<b>soft</b>", repr(1 / 3), "", "", "980.5", "failed"]
    assert rows[3] == ["none", "", "", "", "", ""]


def test_where_one_row_has_an_estimate_every_row_has_its_three_columns() -> None:
    mixed = Table("t", "", [Column("a"), Column("b")], [["x", 1.5], ["y", GRMC], ["z", None]])
    assert mixed.to_csv().split("\r\n")[1:4] == ["x,1.5,,", "y,0.9595,0.9512,0.9661", "z,,,"]


def test_an_estimate_may_have_another_unit_than_its_column() -> None:
    found = Estimate(1288.0, 779.7518, 1796.0, unit="count")
    assert found.to_text() == found.to_text("s") == "1,288 [780, 1,796]"
    table = Table("t", "", [Column("metric"), Column("difference")], [["size", found]])
    assert '<span class="interval">780 to 1,796</span>' in table.to_html()
    assert "1,288 & [780, 1,796]" in table.to_latex()


def test_the_ends_of_a_range_are_its_min_and_its_max_in_files() -> None:
    extremes = Estimate(0.5, 0.4, 0.6, is_range=True)
    found = Table("t", "", [Column("a"), Column("b")], [["x", extremes], ["y", Estimate(0.7)]])
    assert found.to_csv().split("\r\n")[:3] == ["a,b,b_min,b_max", "x,0.5,0.4,0.6", "y,0.7,,"]
    assert found.to_json()["rows"][0]["b"] == {"mean": 0.5, "min": 0.4, "max": 0.6, "by_seed": {}}


def test_a_column_with_an_interval_and_a_range_has_both_kinds_of_ends_in_files() -> None:
    extremes = Estimate(0.5, 0.4, 0.6, is_range=True)
    found = Table("t", "", [Column("a"), Column("b")], [["x", extremes], ["y", GRMC], ["z", 1.5]])
    assert found.to_csv().split("\r\n")[:4] == [
        "a,b,b_low,b_high,b_min,b_max",
        "x,0.5,,,0.4,0.6",
        "y,0.9595,0.9512,0.9661,,",
        "z,1.5,,,,",
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-x", "-1+1", "@x", "\tx", "\rx", "\n=1", "＝1"])
def test_a_text_is_no_formula_of_a_spreadsheet(text: str) -> None:
    found = Table("t", "", [Column("a"), Column("b")], [[text, -1.5]])
    assert next(csv.reader(io.StringIO(found.to_csv().partition("\r\n")[2], newline=""))) == [
        f"'{text}",
        "-1.5",
    ]
    assert found.to_json()["rows"] == [{"a": text, "b": -1.5}]


@given(st.lists(st.tuples(st.text(), st.floats(allow_nan=False, allow_infinity=False)), max_size=5))
def test_csv_is_read_back_as_it_was(rows: list[tuple[str, float]]) -> None:
    found = csv.reader(io.StringIO(Table("t", "", [Column("a"), Column("b")], rows).to_csv(), newline=""))
    next(found)
    for (text, value), (a, b) in zip(rows, found, strict=True):
        assert a.removeprefix("'") == text.removeprefix("'")
        assert float(b) == value


def test_json_has_plain_values() -> None:
    found = table(note="n").to_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["columns"][2] == {"key": "parameters", "title": "size", "unit": "count"}
    assert found["rows"][0]["auc"] == GRMC.to_json()
    assert found["note"] == "n"
    undefined = Table("t", "", [Column("a"), Column("b")], [["x", float("nan")]])
    assert undefined.to_json()["rows"] == [{"a": "x", "b": None}]
    assert undefined.to_csv().split("\r\n")[1] == "x,"


def test_an_estimate_is_read_from_a_record_and_a_missing_one_is_undefined() -> None:
    assert Estimate.read(GRMC.to_json()) == GRMC
    assert Estimate.read(None) == Estimate.read({}) == Estimate(None)


def test_a_row_of_another_length_is_an_error_that_names_the_table() -> None:
    with pytest.raises(ValueError, match="table 't': a row has 1 cells for 2 columns"):
        Table("t", "", [Column("a"), Column("b")], [["x"]])


def test_the_package_holds_its_templates_and_styles() -> None:
    from importlib import resources

    folder = resources.files("nasframe.display")
    names = {item.name for part in ("templates", "assets") for item in folder.joinpath(part).iterdir()}
    assert {"table.html", "figure.html", "charts.css"} <= names
    assert all(Path(name).suffix in (".html", ".css") for name in names)


@pytest.mark.parametrize("text", ["-1", "-0.5", "-1e-05", "a=1", "1-1"])
def test_a_text_that_is_a_number_below_zero_or_no_formula_stays_as_it_is(text: str) -> None:
    found = Table("t", "", [Column("a"), Column("b")], [[text, -1.5]])
    assert found.to_csv().splitlines()[1] == f"{text},-1.5"


def test_no_line_of_an_interval_ends_before_a_unit() -> None:
    table = Table("t", "T", [Column("name"), Column("time", unit="s")], [["a", Estimate(2.0, 1.5, 2.5)]])
    assert "1.5\u00a0s to 2.5\u00a0s" in str(table.to_html())
