"""A table that is damaged, hostile or unknown is refused with the file, the place and what was expected."""

from __future__ import annotations

import json
import lzma
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nasframe import hookimpl, load_table
from nasframe.cli import main
from nasframe.errors import PluginError, RunError
from nasframe.plugins import manager
from nasframe.runtime import read_compressed_json, write_compressed_json
from nasframe.tables import TABLE_FILE, TabularBenchmark, document, save_table
from tests.studies.records import write_format_1
from tests.tables.synthetic import entries, record, table_at


def test_a_file_is_small_and_read_back_with_five_digits(table: TabularBenchmark) -> None:
    assert (table.path / TABLE_FILE).stat().st_size < 6000
    expected = np.array([entry["test"]["accuracy"] for entry in entries()])
    np.testing.assert_allclose(table.curves("test"), expected, rtol=1e-4)
    assert [dict(entry.assignment) for entry in table.listed] == [item["assignment"] for item in entries()]


def test_the_same_table_gives_the_same_bytes(table: TabularBenchmark, tmp_path: Path) -> None:
    again = table_at(tmp_path)
    assert (again.path / TABLE_FILE).read_bytes() == (table.path / TABLE_FILE).read_bytes()


def test_a_file_that_unpacks_into_much_more_is_left_at_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "bomb.json.xz"
    packer = lzma.LZMACompressor(preset=0)
    block = b" " * 2**20
    file.write_bytes(b"".join([*(packer.compress(block) for _ in range(300)), packer.flush()]))
    assert file.stat().st_size < 10**6
    with pytest.raises(RunError, match=r"bomb\.json\.xz: holds more than 268 MB of text"):
        load_table(file)


def test_a_file_that_asks_for_much_memory_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "wide.json.xz"
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 2**29}]
    file.write_bytes(lzma.compress(b"{}", filters=filters, format=lzma.FORMAT_XZ))
    with pytest.raises(RunError, match=r"wide\.json\.xz: cannot be decompressed: Memory usage limit"):
        load_table(file)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda content: content[:-30], "is cut short: its compressed text does not end"),
        (lambda content: content[:100] + b"\0\0\0" + content[103:], "cannot be decompressed"),
        (lambda content: content + b"more", "holds 4 bytes behind its compressed text"),
        (lambda content: b"{}" * 40, "cannot be decompressed: Input format not supported by decoder"),
        (lambda content: lzma.compress(b"\xff"), "byte 0 of its text is not UTF-8"),
        (lambda content: lzma.compress(b"{"), "cannot be read as JSON"),
        (lambda content: lzma.compress(b'{"kind": "run"}'), "is no table"),
    ],
)
def test_a_damaged_file_is_refused(
    change: Any, problem: str, table: TabularBenchmark, tmp_path: Path
) -> None:
    file = tmp_path / "table.json.xz"
    file.write_bytes(change((table.path / TABLE_FILE).read_bytes()))
    with pytest.raises(RunError, match=rf"table\.json\.xz: .*{problem}"):
        load_table(file)


def _set(path: str, value: Any) -> Any:
    """A change of one value of the document, by its keys."""

    def change(head: dict[str, Any], rows: list[dict[str, Any]]) -> None:
        target: Any = {**head, "entries": rows}
        *keys, last = [int(key) if key.isdigit() else key for key in path.split(".")]
        for key in keys:
            target = target[key]
        if target is not head and not keys:
            target = head
        if value is KeyError:
            del target[last]
        else:
            target[last] = value

    return change


WRONG = {
    "format": (3, "table format 3 cannot be read; this version reads 1 and 2"),
    "objective": (7, "objective: expected text, found 7"),
    "epochs": (0, "epochs: expected a number from 1 to 100000, found 0"),
    "trainings": ([], "trainings: expected 1 or more values, found 0"),
    "space": ({"name": "bimodal"}, "space: lacks the key 'inputs'"),
    "experiment": (None, "experiment: expected text, found null"),
    "standard_error": ({"value": -1}, "standard_error.value: expected a number from 0 to inf, found -1"),
    "entries.3.key": ("g" * 64, "entries.3: key: expected 64 hexadecimal digits, found 'ggg"),
    "entries.3.assignment": ([], "entries.3: assignment: expected an object, found a list of 0"),
    "entries.3.parameters": (-1, "entries.3: parameters: expected a number from 0"),
    "entries.3.best_epoch": ([4, 4], "entries.3: best_epoch: expected 3 values, one a training, found 2"),
    "entries.3.best_epoch.2": (1, "entries.3: best_epoch.2: epoch 1 has 0.43"),
    "entries.3.best_epoch.1": (5, "entries.3: best_epoch: expected 4 or less, found 5"),
    "entries.3.seconds": ([1], "entries.3: seconds: expected 3 values, one a training, found 1"),
    "entries.3.test": (KeyError, "entries.3: lacks the key 'test'"),
    "entries.3.test.accuracy": ([[1]], "entries.3: test.accuracy: expected 3 lists, one a training, found 1"),
    "entries.3.test.accuracy.1": (
        [1, 2],
        "entries.3: test.accuracy.1: expected 4 numbers, one an epoch, found 2",
    ),
    "entries.3.test.accuracy.2": ([1, 2, "3", 4], "entries.3: test.accuracy.2: expected numbers or null"),
    "entries.3.architecture": ({}, "entries.3: architecture: lacks the key 'space'"),
    "entries.2.architecture": (
        {"space": [], "assignment": {}},
        "entries.2: architecture.space: expected an object, found a list of 0",
    ),
    "entries.1.versions": ({"torch": 2}, "entries.1: versions.torch: expected text, found 2"),
    "trainings.1.point": (
        {"task.fold": None},
        "trainings.1.point.task.fold: expected a number, text, true or false, a list or an object",
    ),
    "trainings.2.point": (
        {"space.operations": [{"name": "sum", "bias": None}]},
        "trainings.2.point.space.operations.0.bias: expected a number, text",
    ),
    "task": ({}, "task: lacks the key 'name'"),
    "entries.3.validation.accuracy.0": (
        [1, 2, True, 4],
        "entries.3: validation.accuracy.0: expected numbers",
    ),
}


@pytest.mark.parametrize("path", WRONG)
def test_a_wrong_value_is_named_by_its_keys(path: str, toy_pairs: None, tmp_path: Path) -> None:
    value, problem = WRONG[path]
    with pytest.raises(RunError) as caught:
        table_at(tmp_path, _set(path, value))
    assert problem in str(caught.value)
    assert TABLE_FILE in str(caught.value)


@pytest.mark.parametrize("name", ["nope", "acuracy"])
def test_an_objective_that_no_entry_holds_is_refused_when_a_table_is_loaded(
    name: str, table: TabularBenchmark, toy_pairs: None, tmp_path: Path
) -> None:
    words = f"objective: {name!r} is none of the metrics that its entries hold on the split validation"
    near = "; did you mean 'accuracy'?" if name == "acuracy" else ""
    with pytest.raises(RunError, match=rf"table\.json\.xz: {re.escape(words + near)}"):
        table_at(tmp_path, _set("objective", name))
    shutil.copytree(table.path, tmp_path / "older")
    write_format_1(tmp_path / "older")
    record = tmp_path / "older" / "table.json"
    record.write_text(record.read_text().replace('"objective": "accuracy"', f'"objective": "{name}"'))
    with pytest.raises(RunError, match=rf"table\.json: {re.escape(words)}"):
        load_table(tmp_path / "older")


def test_a_table_without_entries_is_refused_in_words(
    table: TabularBenchmark, toy_pairs: None, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match=r"table\.json\.xz: entries: expected 1 or more values, found 0"):
        table_at(tmp_path, lambda _, rows: rows.clear())
    shutil.copytree(table.path, tmp_path / "older")
    write_format_1(tmp_path / "older")
    (tmp_path / "older" / "table.jsonl").write_text("")
    with pytest.raises(RunError, match=r"table\.jsonl: holds no architecture"):
        load_table(tmp_path / "older")


def test_a_network_is_one_entry(toy_pairs: None, tmp_path: Path) -> None:
    def twice(_: Any, rows: list[dict[str, Any]]) -> None:
        rows[2]["key"] = rows[1]["key"]

    with pytest.raises(RunError, match=r"entries\.2: key: is that of an earlier entry"):
        table_at(tmp_path, twice)


def test_curves_that_no_memory_holds_are_refused(
    toy_pairs: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "_MOST_NUMBERS", 100)
    with pytest.raises(RunError, match="its curves hold more than 100 numbers"):
        table_at(tmp_path)


def test_a_number_that_json_cannot_hold_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Out of range float values"):
        write_compressed_json(tmp_path / "x.json.xz", {"x": float("nan")})
    write_compressed_json(tmp_path / "x.json.xz", {"ü": [1, 0.5, None]})
    assert read_compressed_json(tmp_path / "x.json.xz") == {"ü": [1, 0.5, None]}


def test_a_damaged_table_says_how_to_get_a_whole_one(
    table: TabularBenchmark, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.json.xz"
    whole = (table.path / TABLE_FILE).read_bytes()
    wrong = lzma.compress(lzma.decompress(whole).replace(b'"best_epoch":', b'"worst_epoch":', 1))
    write_format_1(shutil.copytree(table.path, tmp_path / "older"))
    (tmp_path / "older" / "table.jsonl").write_text("{")
    for damaged, content in ((file, whole[:-40]), (file, b"text"), (file, wrong), (tmp_path / "older", None)):
        if content is not None:
            damaged.write_bytes(content)
        with pytest.raises(RunError, match="a whole copy of the table in its place .*`nasframe tabulate`$"):
            load_table(damaged)
        assert main(["tables", str(damaged)]) == 2
        assert "or make it anew" in capsys.readouterr().err


# -- names ------------------------------------------------------------------------------------------------


@pytest.fixture
def registered(table: TabularBenchmark, toy_pairs: None) -> Any:
    targets: dict[str, Any] = {"pairs-small": table.path / TABLE_FILE, "wrong": 7}
    manager().register(SimpleNamespace(register_tables=hookimpl(lambda: targets)), "with_tables")
    yield targets
    manager().unregister("with_tables")


def test_a_table_is_loaded_by_its_registered_name(
    registered: Any, table: TabularBenchmark, home: Path
) -> None:
    assert load_table("pairs-small") == load_table("with_tables:pairs-small") == table
    with pytest.raises(PluginError, match=r"pairs-smal: is no table: .*did you mean 'pairs-small'"):
        load_table("pairs-smal")
    with pytest.raises(PluginError, match="expected the path of its file, found 7"):
        load_table("wrong")


def test_a_path_at_which_nothing_lies_names_the_registered_tables(
    registered: Any, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del registered["wrong"]
    for path in ("runs/none", "none.json.xz", f"runs/{'n' * 5000}"):
        with pytest.raises(RunError, match=r": no such file or folder; registered tables: .*pairs-small"):
            load_table(path)
    assert main(["tables", "runs/none"]) == 2
    assert "registered tables: " in capsys.readouterr().err
    (home / "empty").mkdir()
    with pytest.raises(RunError, match=r"^empty: is no table: it has no table\.json\.xz$"):
        load_table("empty")
    with pytest.raises(PluginError, match=r"n: is no table: there is no such file or folder"):
        load_table("n" * 5000)
    assert main(["tables", "pairs-small", "0" * 300]) == 2
    assert "holds no architecture and no network" in capsys.readouterr().err


def test_the_command_lists_registered_tables_and_shows_one(
    registered: Any, table: TabularBenchmark, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del registered["wrong"]
    assert main(["tables"]) == 0
    assert re.search(r"^pairs-small +with_tables ", capsys.readouterr().out, re.MULTILINE)
    assert main(["tables", "--json"]) == 0
    assert {row["name"] for row in json.loads(capsys.readouterr().out)} >= {"pairs-small"}
    assert main(["tables", "pairs-small"]) == 0
    shown = capsys.readouterr().out
    assert "pairs: 30 networks, by accuracy" in shown
    facts = {tuple(line.rsplit(maxsplit=1)) for line in shown.splitlines() if len(line.split()) > 1}
    worst = min(score for score in table.scores("test") if score is not None)
    for name, value in (
        ("task", table.record["task"]["name"]),
        ("space", table.record["space"]["name"]),
        ("architectures of the space", "68"),
        ("networks", "30"),
        ("worst accuracy", f"{worst:.4f}"),
    ):
        assert (f"  {name}", value) in facts
    assert main(["tables", "pairs-small", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["task"], found["space"]) == tuple(table.record[key]["name"] for key in ("task", "space"))
    assert found["space_size"] == 68
    assert main(["tables", "pears-small"]) == 2
    assert "did you mean 'pairs-small'" in capsys.readouterr().err
    assert main(["plugins"]) == 0
    assert "pairs-small" in capsys.readouterr().out
    assert main(["plugins", "show", "pairs-small"]) == 0


def test_record_is_what_a_recipe_may_say(table: TabularBenchmark, tmp_path: Path) -> None:
    error = {"value": 0.01, "over": "images and utterances", "units": {"images": 630, "utterances": 1050}}
    saved = save_table(table, tmp_path / "small.json.xz", title="small", standard_error=error)
    assert (saved.title, saved.standard_error) == ("small", 0.01)
    assert load_table(tmp_path / "small.json.xz").record == {
        **record(),
        "title": "small",
        "standard_error": error,
    }
    small = save_table(table, tmp_path / "small.json.xz", metrics=[])
    assert (small.metrics("validation"), small.metrics("test")) == (["accuracy"], ["accuracy"])
    assert (small.scores("test"), table.metrics("validation")) == (table.scores("test"), ["loss", "accuracy"])
    with pytest.raises(RunError, match="standard_error: lacks the key 'value'"):
        save_table(table, tmp_path / "wrong.json.xz", standard_error={})
    assert not (tmp_path / "wrong.json.xz").exists()


def test_a_table_of_format_1_is_not_shipped_for_it_has_no_curves(
    table: TabularBenchmark, tmp_path: Path
) -> None:
    shutil.copytree(table.path, tmp_path / "older")
    write_format_1(tmp_path / "older")
    with pytest.raises(RunError, match=r"older: is a table of format 1, which holds no curves; go on with"):
        save_table(load_table(tmp_path / "older"), tmp_path / "small.json.xz")
