"""`nasframe predict`: folders, lists, a threshold, and records as a table, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nasframe import FileScorer
from nasframe.cli import main

Capture = pytest.CaptureFixture[str]
COLUMNS = ["file", "decision", "score", "threshold", "reason", "error"]
SECONDS = [{"start": 0.0, "end": 1.0, "score": 0.0}, {"start": 1.0, "end": 2.0, "score": 1.0}]
SECONDS += [{"start": 2.0, "end": 2.5, "score": None, "reason": "dark"}]
LEFT_OUT = [{"start": 0.5, "end": 0.75, "reason": "loud"}, {"start": 2.5, "end": 3.0, "reason": "still"}]
SUMMARY = "By two seconds, the left part most."


@pytest.fixture
def home(home: Path) -> Path:
    """A working folder with files to score in several places."""
    for name in (
        "clips/b.json",
        "clips/a.JSON",
        "clips/deep/c.json",
        "clips/notes.txt",
        "alone.dat",
        "-x.json",
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("[0.1, 0.9]", encoding="utf-8")
    (home / "empty" / "deeper").mkdir(parents=True)
    return home


def scored(capture: Capture, *words: object) -> tuple[int, list[dict[str, Any]]]:
    status = main(["predict", *map(str, words), "--json"])
    return status, [json.loads(line) for line in capture.readouterr().out.splitlines()]


def names(records: Sequence[dict[str, Any]]) -> list[str]:
    return [record["file"] for record in records]


# -- folders --------------------------------------------------------------------------------------------


def test_of_a_folder_all_files_with_an_ending_of_the_task_are_scored_in_order(
    finished_run: Path, home: Path, capsys: Capture
) -> None:
    status, records = scored(capsys, finished_run, "clips")
    assert status == 0
    assert names(records) == ["clips/a.JSON", "clips/b.json", "clips/deep/c.json"]


def test_a_file_that_is_named_is_tried_and_counted_as_often_as_it_is_named(
    finished_run: Path, home: Path, capsys: Capture
) -> None:
    status, records = scored(
        capsys, finished_run, "alone.dat", "clips/deep", "alone.dat", "clips/deep/c.json"
    )
    assert status == 0
    assert names(records) == ["alone.dat", "clips/deep/c.json", "alone.dat", "clips/deep/c.json"]
    assert len({record["score"] for record in records}) == 1


def test_a_folder_without_any_is_an_error_that_stops_no_other(
    finished_run: Path, home: Path, capsys: Capture
) -> None:
    status, records = scored(capsys, finished_run, "clips/b.json", "empty", "alone.dat")
    assert status == 1
    assert names(records) == ["clips/b.json", "empty", "alone.dat"]
    assert records[1]["reason"] == "empty-folder"
    assert records[1]["error"] == "is a folder without any file that ends in .json"


def test_a_link_that_leads_back_into_a_folder_ends(finished_run: Path, home: Path, capsys: Capture) -> None:
    (home / "clips" / "deep" / "again").symlink_to(home / "clips")
    status, records = scored(capsys, finished_run, "clips")
    assert status == 0
    assert names(records) == ["clips/a.JSON", "clips/b.json", "clips/deep/c.json"]


def test_a_folder_for_a_task_that_names_no_endings_is_an_error_in_words(
    finished_run: Path, home: Path, toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(toy_streams.Streams, "file_endings", ())
    status, (record,) = scored(capsys, finished_run, "clips")
    assert (status, record["reason"]) == (1, "folder")
    assert "names no endings of files; name the files" in record["error"]


# -- lists ----------------------------------------------------------------------------------------------


LISTS = {
    "plain": b"clips/b.json\nalone.dat\n",
    "without an end": b"clips/b.json\nalone.dat",
    "Windows": b"\xef\xbb\xbfclips/b.json\r\nalone.dat\r\n",
    "UTF-16": b"\xff\xfe" + "clips/b.json\r\nalone.dat\r\n".encode("utf-16-le"),
    "UTF-16, the other order": b"\xfe\xff" + "clips/b.json\nalone.dat\n".encode("utf-16-be"),
    "comments": b"# two\n\n  \nclips/b.json\n  # not this: clips/a.JSON\n\talone.dat  \n",
}


@pytest.mark.parametrize("content", LISTS.values(), ids=LISTS.keys())
def test_a_list_has_a_path_on_each_line(
    content: bytes, finished_run: Path, home: Path, capsys: Capture
) -> None:
    Path("list.txt").write_bytes(content)
    status, records = scored(capsys, finished_run, "--list", "list.txt")
    assert status == 0
    assert names(records) == ["clips/b.json", "alone.dat"]


def test_a_missing_file_of_a_list_is_an_error_of_that_file(
    finished_run: Path, home: Path, capsys: Capture
) -> None:
    Path("list.txt").write_text("alone.dat\nnone.json\nclips\nempty\n")
    status, records = scored(capsys, finished_run, "clips/b.json", "--list", "list.txt")
    assert status == 1
    folder = ["clips/a.JSON", "clips/b.json", "clips/deep/c.json"]
    assert names(records) == ["clips/b.json", "alone.dat", "none.json", *folder, "empty"]
    assert [name for name, record in zip(names(records), records, strict=True) if "error" in record] == [
        "none.json",
        "empty",
    ]


def test_a_path_of_a_list_begins_in_the_working_folder_or_else_in_that_of_the_list(
    finished_run: Path, home: Path, capsys: Capture
) -> None:
    Path("clips/list.txt").write_text(f"alone.dat\nb.json\ndeep/c.json\n{home / 'alone.dat'}\n")
    Path("deep").mkdir()
    Path("deep/c.json").write_text("[0.5, 0.5]")
    status, records = scored(capsys, finished_run, "--list", "clips/list.txt")
    assert status == 0
    assert names(records) == ["alone.dat", "clips/b.json", "deep/c.json", str(home / "alone.dat")]


def test_a_list_comes_from_standard_input_from_a_pipe_and_from_several_files(
    finished_run: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    class Input:
        buffer = io.BytesIO(b"alone.dat\n-x.json\n")

    monkeypatch.setattr(sys, "stdin", Input())
    Path("list.txt").write_text("clips/b.json\n")
    reading, writing = os.pipe()
    os.write(writing, b"clips/a.JSON\n")
    os.close(writing)
    pipe = f"/dev/fd/{reading}"
    status, records = scored(capsys, finished_run, "--list", "list.txt", "--list", "-", "--list", pipe)
    os.close(reading)
    assert status == 0
    assert names(records) == ["clips/b.json", "alone.dat", "-x.json", "clips/a.JSON"]


def test_a_name_that_is_no_utf_8_is_found(finished_run: Path, home: Path, capsys: Capture) -> None:
    name = b"\xe9t\xe9.json"
    try:
        Path(os.fsdecode(name)).write_text("[0.1, 0.9]")
    except OSError:
        pytest.skip("the file system takes names in UTF-8 alone")
    Path("list.txt").write_bytes(name + b"\n")
    assert main(["predict", str(finished_run), "--list", "list.txt"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "--list list.txt: cannot be read: no such file"),
        (b"a.json\0b.json\0", "--list list.txt: line 1: holds a NUL; expected one path on each line"),
        (b"# nothing\n", "no files to score; list.txt has no line with a path"),
    ],
)
def test_a_list_that_cannot_be_used_is_a_mistake(
    content: bytes | None, words: str, finished_run: Path, home: Path, capsys: Capture
) -> None:
    if content is not None:
        Path("list.txt").write_bytes(content)
    assert main(["predict", str(finished_run), "--list", "list.txt"]) == 2
    assert words in capsys.readouterr().err


# -- options --------------------------------------------------------------------------------------------


def test_a_threshold_replaces_the_fitted_one(finished_run: Path, home: Path, capsys: Capture) -> None:
    _, (high,) = scored(capsys, finished_run, "alone.dat", "--threshold", "1")
    _, (low,) = scored(capsys, finished_run, "alone.dat", "--threshold", "0")
    assert (high["threshold"], high["decision"], low["decision"]) == (1.0, "left", "right")


@pytest.mark.parametrize("value", ["nan", "inf", "-0.1", "1.5"])
def test_a_threshold_out_of_bounds_is_a_mistake(
    value: str, finished_run: Path, home: Path, capsys: Capture
) -> None:
    assert main(["predict", str(finished_run), "alone.dat", f"--threshold={value}"]) == 2
    assert "threshold: expected" in capsys.readouterr().err


def test_csv_and_json_together_are_a_mistake(finished_run: Path, home: Path, capsys: Capture) -> None:
    assert main(["predict", str(finished_run), "alone.dat", "--csv", "--json"]) == 2
    assert "--csv and --json: expected one of them" in capsys.readouterr().err


# -- what is printed ------------------------------------------------------------------------------------


class Speaking(FileScorer):
    """Scores with further numbers, seconds and notes; a file called `bad` has an error."""

    columns = ("left part", "kind")

    def score(self, files: Sequence[Path]) -> Iterator[dict[str, Any]]:
        for number, file in enumerate(files):
            if file.stem == "bad":
                yield {"file": str(file), "error": 'holds "nothing",\nat all', "reason": "silent"}
                continue
            yield {
                "file": str(file),
                "score": 0.1 + number / 10,
                "threshold": 0.5,
                "decision": "left",
                "left part": 0.125,
                "kind": "short",
                "seconds": SECONDS,
                "left_out": LEFT_OUT,
                "summary": SUMMARY,
                "notes": ["Trained on toys.", f"Note {number % 2}."],
            }


@pytest.fixture
def speaking(toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy_streams.Streams, "file_scorer", lambda *_: Speaking())


@pytest.mark.usefixtures("speaking")
def test_csv_has_a_row_for_each_file_and_the_columns_that_the_task_names(
    finished_run: Path, home: Path, capsys: Capture
) -> None:
    assert main(["predict", str(finished_run), "a.json", "bad", "=b,c.json", "--csv"]) == 1
    found = capsys.readouterr()
    rows = list(csv.reader(io.StringIO(found.out, newline="")))
    toys, notes = "Trained on toys. Note 0.", ["nasframe: Trained on toys.", "nasframe: Note 0."]
    assert rows == [
        [*COLUMNS, "left part", "kind", "summary", "notes"],
        ["a.json", "left", "0.1", "0.5", "", "", "0.125", "short", SUMMARY, toys],
        ["bad", "", "", "", "silent", 'holds "nothing",\nat all', "", "", "", ""],
        ["=b,c.json", "left", repr(0.1 + 2 / 10), "0.5", "", "", "0.125", "short", SUMMARY, toys],
    ]
    assert found.err.splitlines() == notes  # of two files, each once


@pytest.mark.usefixtures("speaking")
def test_csv_per_second_has_a_row_for_each_second_and_each_part_that_is_left_out(
    finished_run: Path, home: Path, capsys: Capture
) -> None:
    assert main(["predict", str(finished_run), "a.json", "bad", "--csv", "--per-second"]) == 1
    found = capsys.readouterr()
    notes = "Trained on toys. Note 0."
    assert list(csv.reader(io.StringIO(found.out, newline=""))) == [
        ["file", "start", "end", "score", "threshold", "reason", "error", "notes"],
        ["a.json", "0.0", "1.0", "0.0", "0.5", "", "", notes],
        ["a.json", "0.5", "0.75", "", "0.5", "loud", "", notes],
        ["a.json", "1.0", "2.0", "1.0", "0.5", "", "", notes],
        ["a.json", "2.0", "2.5", "", "0.5", "dark", "", notes],
        ["a.json", "2.5", "3.0", "", "0.5", "still", "", notes],
        ["bad", "", "", "", "", "silent", 'holds "nothing",\nat all', ""],
    ]
    assert "nasframe: Trained on toys." in found.err


def test_csv_per_second_of_a_task_without_seconds_has_a_row_without_a_place(
    finished_run: Path, home: Path, capsys: Capture
) -> None:
    assert main(["predict", str(finished_run), "alone.dat", "--csv", "--per-second"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out, newline=""))
    assert (row["file"], row["start"], row["end"]) == ("alone.dat", "", "")
    assert 0 < float(row["score"]) < 1


@pytest.mark.usefixtures("speaking")
def test_the_table_has_the_summary_and_the_seconds_below_each_file_and_each_note_once_at_the_end(
    finished_run: Path, home: Path, capsys: Capture
) -> None:
    assert main(["predict", str(finished_run), *(f"{name}.json" for name in "abc"), "--per-second"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["0.1000", "0.5000", "left", "a.json"]
    assert lines[3].strip() == SUMMARY
    assert lines[4].split() == ["0.0000", "0.0", "to", "1.0", "s"]
    assert lines[5].split() == ["-", "0.5", "to", "0.8", "s", "loud"]
    assert lines[6].split() == ["1.0000", "1.0", "to", "2.0", "s", "#" * 20]
    assert lines[7].split() == ["-", "2.0", "to", "2.5", "s", "dark"]
    assert lines[8].split() == ["-", "2.5", "to", "3.0", "s", "still"]
    assert lines[9].split()[-1] == "b.json"
    assert lines[-4:] == ["", "Trained on toys.", "Note 0.", "Note 1."]
    assert main(["predict", str(finished_run), "a.json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-5].split()[-1] == "a.json"
    assert lines[-4].strip() == SUMMARY


@pytest.mark.usefixtures("speaking")
def test_json_has_all_that_a_record_holds(finished_run: Path, home: Path, capsys: Capture) -> None:
    _, (record,) = scored(capsys, finished_run, "a.json")
    assert record["seconds"] == SECONDS
    assert record["notes"] == ["Trained on toys.", "Note 0."]


@pytest.mark.usefixtures("speaking")
def test_a_number_without_a_column_is_said_once(
    finished_run: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(Speaking, "columns", ("kind",))
    assert main(["predict", str(finished_run), "a.json", "b.json", "--csv"]) == 0
    said = "nasframe: warning: the task names no columns for left part; --json has them"
    assert capsys.readouterr().err.splitlines().count(said) == 1


def test_csv_of_nothing_that_can_be_scored_has_its_columns(
    finished_run: Path, home: Path, capsys: Capture
) -> None:
    assert main(["predict", str(finished_run), "empty", "--csv"]) == 1
    head, row = csv.reader(io.StringIO(capsys.readouterr().out, newline=""))
    assert head == [*COLUMNS, "summary", "notes"]
    assert row[0] == "empty"


def test_ctrl_c_between_two_files_ends_with_130_and_what_was_scored_is_printed(
    finished_run: Path, home: Path, toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    closed = []

    class Interrupted(FileScorer):
        def score(self, files: Sequence[Path]) -> Iterator[dict[str, Any]]:
            try:
                yield {"file": str(files[0]), "score": 0.5}
                raise KeyboardInterrupt
            finally:
                closed.append(True)

    monkeypatch.setattr(toy_streams.Streams, "file_scorer", lambda *_: Interrupted())
    assert main(["predict", str(finished_run), "a.json", "b.json", "--json"]) == 130
    assert names([json.loads(line) for line in capsys.readouterr().out.splitlines()]) == ["a.json"]
    assert closed == [True]


def test_csv_holds_the_bytes_of_a_name_and_json_an_escape_for_each_that_is_not_utf_8(
    finished_run: Path, home: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    name = b"clips/\xffa\xc3\xa9.json"
    Path(os.fsdecode(name)).write_text("[0.1, 0.9]", encoding="utf-8")
    assert main(["predict", str(finished_run), os.fsdecode(name), "--csv"]) == 0
    assert capfdbinary.readouterr().out.splitlines()[1].startswith(name + b",")
    assert main(["predict", str(finished_run), os.fsdecode(name), "--json"]) == 0
    line = capfdbinary.readouterr().out
    assert b"\\udcff" in line
    assert os.fsencode(json.loads(line)["file"]) == name
    assert main(["predict", str(finished_run), os.fsdecode(name)]) == 0
    assert rb"clips/\udcffa" in capfdbinary.readouterr().out
