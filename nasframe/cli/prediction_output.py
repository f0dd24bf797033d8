"""The records of scored files on standard output: a table for people, lines of JSON, rows of CSV."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nasframe.display import format_value
from nasframe.runtime import csv_text, print_document, print_json, print_message, print_text, visible

__all__ = [
    "COLUMNS",
    "LAST_COLUMNS",
    "SECOND_COLUMNS",
    "CsvRows",
    "JsonLines",
    "PredictionOutput",
    "PredictionTable",
]

COLUMNS = ("file", "decision", "score", "threshold", "reason", "error")
"""The first columns of CSV with a row for each file; those of the task follow."""

LAST_COLUMNS = ("summary", "notes")
"""The columns behind those of the task."""

SECOND_COLUMNS = ("file", "start", "end", "score", "threshold", "reason", "error", "notes")
"""The columns of CSV with a row for each second."""

_BAR = 20  # characters of a bar


class PredictionOutput(ABC):
    """Prints each record as it comes."""

    @abstractmethod
    def add(self, record: Mapping[str, Any]) -> None:
        """Print a record."""

    def end(self) -> None:  # noqa: B027
        """Print what is said once for all records."""


class JsonLines(PredictionOutput):
    """A line of JSON for each record, with all that it holds."""

    def add(self, record: Mapping[str, Any]) -> None:
        print_json(record, indent=None)


class PredictionTable(PredictionOutput):
    """A table that prints each line as its result comes; the path is last, because it may be long.

    The summary of a result stands below its line.

    Args:
        score_meaning: a line above the table.
        per_second: the scores of the seconds and the parts without one stand below each file.
    """

    def __init__(self, score_meaning: str, per_second: bool) -> None:
        self._meaning = score_meaning
        self._per_second = per_second
        self._begun = False
        self._notes: dict[str, None] = {}

    def add(self, record: Mapping[str, Any]) -> None:
        if not self._begun:
            self._begun = True
            print_text(
                f"{visible(self._meaning)}\n" * bool(self._meaning) + "    SCORE  THRESHOLD  DECISION  FILE"
            )
        self._notes |= dict.fromkeys(record.get("notes", ()))
        if "error" in record:
            self._print("-", "-", "error", f"{record['file']}: {record['error']}")
            return
        score, threshold = (
            format_value(record[key]) if key in record else "-" for key in ("score", "threshold")
        )
        self._print(score, threshold, str(record.get("decision", "-")), record["file"])
        if summary := record.get("summary"):
            print_text(visible(f"{'':9}  {summary}"))
        if self._per_second:
            for line in _second_lines(_parts(record)):
                print_text(visible(line))

    def end(self) -> None:
        if self._notes:
            print_text()
        for note in self._notes:
            print_text(visible(note))

    def _print(self, score: str, threshold: str, decision: str, file: str) -> None:
        print_text(visible(f"{score:>9}  {threshold:>9}  {visible(decision):8}  {file}"))


def _parts(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the seconds of a record and the parts that were left out, in order of time."""
    left_out = [{**part, "score": None} for part in record.get("left_out", ())]
    return sorted([*record.get("seconds", ()), *left_out], key=lambda part: (part["start"], part["end"]))


def _second_lines(seconds: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each second or part: its score, its place in the file, and a bar."""
    scores = [item["score"] for item in seconds if item["score"] is not None]
    low, high = min([0.0, *scores]), max([1.0, *scores])
    for item in seconds:
        score = item["score"]
        shown = "-" if score is None else format_value(score)
        place = f"{item['start']:8.1f} to {item['end']:8.1f} s"
        if score is None:
            more = str(item.get("reason", ""))
        else:
            more = "#" * round(_BAR * (score - low) / (high - low))
        yield f"{shown:>9}  {place:22}  {more}".rstrip()


class CsvRows(PredictionOutput):
    """Rows of CSV below a line of columns, which are the same for every file.

    A note goes to standard error too, once, as whoever starts the command may look at no column.

    Args:
        columns: further keys of the records that the task names.
        per_second: a row for each second of a file and each part that was left out, in place of one for each
            file.
    """

    def __init__(self, columns: Sequence[str], per_second: bool) -> None:
        own = [name for name in columns if name not in LAST_COLUMNS]
        by_file = tuple(dict.fromkeys((*COLUMNS, *own, *LAST_COLUMNS)))
        self._columns = SECOND_COLUMNS if per_second else by_file
        self._per_second = per_second
        self._begun = False
        self._unnamed: set[str] = set()
        self._said: set[str] = set()

    def add(self, record: Mapping[str, Any]) -> None:
        self._begin()
        for note in record.get("notes", ()):
            if note not in self._said:
                self._said.add(note)
                print_message(f"nasframe: {note}")
        if self._per_second:
            self._rows(_second_rows(record))
            return
        self._rows([record])
        unnamed = {name for name, value in record.items() if isinstance(value, int | float)}
        unnamed -= {*self._columns, *self._unnamed}
        if unnamed:
            self._unnamed |= unnamed
            names = ", ".join(sorted(unnamed))
            print_message(f"nasframe: warning: the task names no columns for {names}; --json has them")

    def end(self) -> None:
        self._begin()

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._print(csv_text([self._columns]))

    def _rows(self, records: Sequence[Mapping[str, Any]]) -> None:
        self._print(csv_text([[_cell(record.get(name)) for name in self._columns] for record in records]))

    def _print(self, text: str) -> None:
        if sys.stdout.isatty():  # a name may hold what a terminal obeys
            print_text(text.removesuffix("\n"))
        else:
            print_document(text)


def _second_rows(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return a row for each second or part of a record; one without start and end where there is none."""
    parts = _parts(record)
    if "error" in record or not parts:
        return [record]
    same = {name: record.get(name) for name in ("file", "threshold", "notes")}
    return [{**item, **same} for item in parts]


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return "" if value is None else value
