"""Folders of studies that older versions began: they are read, and gone on with in place."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import nasframe
from nasframe.cli import main
from nasframe.errors import RunError
from tests.studies.records import write_format_1
from tests.toys import PAIRS, SUMS

ALONE = ["--workers", "1", "--out", "old"]
SWEEP = ["sweep", str(SUMS), "samples=1,4", "--seeds", "1", "search.epochs=1", "search.min_epochs=1", *ALONE]
COMPARE = [
    *("compare", str(PAIRS), "--relaxation", "softmax", "--seeds", "1", "--random", "1"),
    *("search.epochs=1", *ALONE),
]
TABLE = ["tabulate", str(PAIRS), "--architectures", "2", *ALONE]


def read(file: str | Path) -> Any:
    return json.loads(Path(file).read_text(encoding="utf-8"))


def write(file: str | Path, value: Any) -> None:
    Path(file).write_text(json.dumps(value), encoding="utf-8")


def make_old(folder: Path, kind: str) -> None:
    """Give a folder the names that versions until 0.1 wrote."""
    if (folder / "trials").exists():
        (folder / "trials").rename(folder / "cells")
    with sqlite3.connect(folder / "study.sqlite3") as queue:
        queue.execute("CREATE TABLE IF NOT EXISTS version_info (version_info_id INTEGER)")
    if kind == "table":
        write_format_1(folder)
    record = folder / f"{kind}.json"
    found = read(record)
    for key in ("chosen", "caveats"):
        found.pop(key, None)
    if kind == "comparison":
        found["censuses"] = found.pop("tables")
    for trial in found.get("trials", ()):
        trial["folder"] = trial["folder"].replace("trials/", "cells/")
    for row in found.get("rows", ()):
        del row["validation"]
    write(record, found)
    if kind == "table":
        write(record, {**found, "kind": "census"})
        record.rename(folder / "census.json")
        (folder / "table.jsonl").rename(folder / "census.jsonl")
        write(folder / "study.json", {**read(folder / "study.json"), "kind": "census"})


def changed(command: list[str], values: dict[str, str]) -> list[str]:
    """The command with other values of some options."""
    return [values.get(option, word) for option, word in zip(["", *command], command, strict=False)]


def trials_of(folder: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in folder.glob("cells/*/*.json")}


@pytest.mark.parametrize(
    ("command", "kind", "more", "done"),
    [
        (SWEEP, "sweep", {"--seeds": "2"}, "2 of 4 trials: done already, skipped"),
        (COMPARE, "comparison", {"--random": "2"}, "2 of 3 trials: done already, skipped"),
    ],
)
def test_a_study_with_cells_is_gone_on_with_in_place(
    command: list[str],
    kind: str,
    more: dict[str, str],
    done: str,
    home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(command) == 0
    before = read(f"old/{kind}.json")
    make_old(home / "old", kind)
    kept = trials_of(home / "old")
    capsys.readouterr()
    assert main(command) == 0
    assert "0 of" not in capsys.readouterr().err
    assert trials_of(home / "old") == kept
    after = read(f"old/{kind}.json")
    assert {trial["folder"].partition("/")[0] for trial in after["trials"]} == {"cells"}
    assert (after["rows"], after["chosen"]) == (before["rows"], before["chosen"])
    assert main(changed(command, more)) == 0
    assert done in capsys.readouterr().err
    assert not (home / "old" / "trials").exists()
    assert {file: file.stat().st_mtime_ns for file in kept} == kept


@pytest.mark.parametrize(("command", "kind"), [(SWEEP, "sweep"), (COMPARE, "comparison")])
@pytest.mark.parametrize("more", [[], ["--overwrite"]])
def test_a_folder_with_cells_and_trials_is_refused(
    command: list[str], kind: str, more: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 0
    make_old(home / "old", kind)
    (home / "old" / "trials").mkdir()
    capsys.readouterr()
    assert main([*command, *more]) == 2
    assert "old: holds trials/ and, as studies of older versions do, cells/" in capsys.readouterr().err
    assert list((home / "old" / "cells").iterdir())


def test_a_replaced_study_has_trials(home: Path) -> None:
    assert main(SWEEP) == 0
    make_old(home / "old", "sweep")
    assert main([*SWEEP, "--overwrite"]) == 0
    assert not (home / "old" / "cells").exists()
    assert len(list((home / "old" / "trials").iterdir())) == 2


def test_an_old_table_is_read_and_gone_on_with_as_one_set_of_files(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(TABLE) == 0
    new = nasframe.load_table("old")
    make_old(home / "old", "table")
    for name in ("", "census.json", "census.jsonl"):
        old = nasframe.load_table(home / "old" / name)
        assert [{**row, "key": ""} for row in new.rows] == old.rows
        assert old.scores("test") == new.scores("test")
        assert [old.find(entry.assignment) for entry in new.listed] == [*old.listed]
    capsys.readouterr()
    assert main(changed(TABLE, {"--architectures": "3"})) == 0
    assert "2 of 3 trials: done already, skipped" in capsys.readouterr().err
    names = {file.name for file in (home / "old").iterdir()}
    assert "table.json.xz" in names
    assert not {"census.json", "census.jsonl", "table.json", "table.jsonl"} & names
    assert read("old/study.json")["kind"] == nasframe.load_table("old").record["kind"] == "table"
    assert nasframe.load_table("old").rows[:2] == new.rows


def test_an_old_table_that_is_gone_on_with_is_whole_until_the_new_one_is_written(home: Path) -> None:
    assert main(TABLE) == 0
    make_old(home / "old", "table")
    (home / "old" / "table.jsonl").write_text("{}\n", encoding="utf-8")  # a kill came before table.json
    assert len(nasframe.load_table("old")) == 2


@pytest.mark.parametrize("name", ["pairs-table", "pairs-census"])
def test_a_comparison_finds_a_table_under_its_new_and_its_old_default_name(name: str, home: Path) -> None:
    assert main([*TABLE[:-1], name]) == 0
    if name == "pairs-census":
        make_old(home / name, "table")
    assert main(COMPARE) == 0
    (table,) = read("old/comparison.json")["tables"]
    assert table["path"] == name


def test_the_old_names_say_the_new_ones_and_do_the_same(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["census", *TABLE[1:-2]]) == 0
    assert "nasframe: `census` is now `tabulate`; the old name goes with the next" in capsys.readouterr().err
    assert (home / "runs" / "pairs-census" / "table.json.xz").is_file()
    assert main([*COMPARE, "--census", "runs/pairs-census"]) == 0
    assert "--census is now --table" in capsys.readouterr().err
    assert read("old/comparison.json")["tables"][0]["path"] == "runs/pairs-census"
    with pytest.warns(DeprecationWarning, match=r"nasframe\.load_census is now nasframe\.load_table"):
        table = nasframe.load_census("runs/pairs-census")
    with pytest.warns(DeprecationWarning, match=r"nasframe\.census is now nasframe\.tabulate") as warned:
        assert nasframe.census(PAIRS, "runs/pairs-census", architectures=2) == table
    assert warned[0].filename == __file__
    given = {"relaxations": ["softmax"], "seeds": 1, "random": 1, "overrides": ["search.epochs=1"]}
    with pytest.warns(DeprecationWarning, match=r"compare\(census=…\) is now compare\(tables=…\)") as warned:
        nasframe.compare(PAIRS, "old", census=["runs/pairs-census"], **given)  # type: ignore[arg-type]
    assert warned[0].filename == __file__
    with pytest.raises(nasframe.errors.ConfigurationError, match="are the same option; give tables alone"):
        nasframe.compare(PAIRS, "old", tables=[], census=[])


def test_a_table_of_another_kind_is_named_by_its_new_name(home: Path) -> None:
    assert main(TABLE) == 0
    make_old(home / "old", "table")
    with pytest.raises(RunError, match="holds a table, not a sweep"):
        nasframe.sweep(SUMS, ["samples=1,4"], out="old")


@pytest.mark.parametrize("command", [SWEEP, COMPARE, TABLE], ids=lambda command: command[0])
def test_all_that_a_study_writes_lies_in_its_folder_whatever_its_name(command: list[str], home: Path) -> None:
    (home / "runs").mkdir()
    folder = home / "runs" / "is it 50% of %3F grmc?"
    assert main([*command[:-3], "2", "--out", str(folder), f"cache={home / 'cache'}"]) == 0
    assert list((home / "runs").iterdir()) == [folder]
    assert {item.name for item in home.iterdir()} <= {"runs", "cache"}
    assert (folder / "study.json").is_file()


@pytest.mark.parametrize("command", [SWEEP, COMPARE, TABLE], ids=lambda command: command[0])
def test_a_folder_whose_name_is_not_utf8_is_refused_before_any_work(
    command: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = home / "runs" / "bad\udcffbyte"
    assert main([*command[:-3], "1", "--out", str(folder)]) == 2
    assert "the name is not UTF-8" in capsys.readouterr().err
    assert not (home / "runs").exists()
