"""A table in CSV, as programs and spreadsheets write it: its separator, its header, numbers and texts."""

from __future__ import annotations

import csv
import io
import math
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import torch
from attrs import define, frozen
from torch import Tensor

from nasframe.errors import DataError
from nasframe.runtime import MAX_LISTING_BYTES, read_text, shorten
from nasframe.tasks.data_files.sampled_rows import MOST_ROWS, sampled_rows

__all__ = ["CsvColumns", "CsvTable", "exact_number_in", "number_in"]

_SEPARATORS = (",", ";", "\t")
_SAID = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_EXACT = 2.0**53  # up to here float64 tells whole numbers apart
_ROUNDING = 2.0**-40  # a difference by a smaller share does not count when inputs are standardised
_END = "\x1f"  # a row of its own after the last one, unless a quote is open there
_SHOWN = 40


@frozen
class CsvColumns:
    """The columns of a table that were asked for.

    Attributes:
        numbers: column → `(rows,)`, float64.
        texts: column → a text a row, without blanks around it.
        lines: the first line of each row in the file.
        decimal: the decimal mark of these numbers; empty where none has one.
    """

    numbers: Mapping[str, Tensor]
    texts: Mapping[str, Sequence[str]]
    lines: Sequence[int]
    decimal: str = ""


@define
class CsvTable:
    """A CSV file with a header, whose separator is `,`, `;` or a tab.

    Where the separator is no comma, numbers may have a decimal comma.

    Attributes:
        path: of the file.
        header: the names of the columns; empty for a column without one.
        separator: between the fields.
    """

    path: Path
    header: tuple[str, ...]
    separator: str
    _text: str
    _skipped: int  # lines before the text
    _header_line: int = 0

    @classmethod
    def of_file(cls, path: Path) -> CsvTable:
        """Return the table of a file, of which the header is read.

        Raises:
            DataError: it is larger than 256 MiB, no text in UTF-8, or has no header with names that differ.
        """
        text = read_text(path, DataError, MAX_LISTING_BYTES)
        if "\0" in text[:4096]:
            raise DataError(f"{path}: holds a NUL; expected a table as text (CSV)")
        said = _SAID.match(text)  # as Excel takes it
        body = text[said.end() :] if said else text
        first = next((line for line in body.splitlines() if line.strip()), "")
        separator = said[1] if said else max(_SEPARATORS, key=lambda mark: _fields(first, mark))
        table = cls(path, (), separator, body, int(said is not None))
        for line, row in table._rows():
            table.header, table._header_line = tuple(name.strip() for name in row), line
            break
        table._check_header()
        return table

    @property
    def names(self) -> list[str]:
        """The names of the columns that have one."""
        return [name for name in self.header if name]

    def read(
        self, numbers: Sequence[str], texts: Sequence[str], cures: Mapping[str, str] | None = None
    ) -> CsvColumns:
        """Return some columns.

        Args:
            numbers: names of columns of finite numbers.
            texts: names of columns of texts, none of them empty.
            cures: column of numbers → what to do where it holds texts.

        Raises:
            DataError: with line and column: a gap, a text where a number is expected, the header once more,
                or a row of another length.
        """
        columns = {name: column for column, name in enumerate(self.header)}
        place = {name: columns[name] for name in (*numbers, *texts)}
        found = {name: array("d") for name in numbers}  # eight bytes a number
        kept: dict[str, list[str]] = {name: [] for name in texts}
        lines: list[int] = []
        empty: int | None = None
        decimal: dict[str, str] = {}
        rounded: dict[str, tuple[int, set[str]]] = {}
        rows = self._rows()
        for line, row in rows:
            if line <= self._header_line:
                continue
            if not any(field.strip() for field in row):
                empty = empty or line  # spreadsheets write such rows below a table
                continue
            if empty is not None:
                raise DataError(f"{self.path}: line {empty}: is empty; leave the row out")
            self._require_fields(row, line)
            if tuple(field.strip() for field in row) == self.header:
                raise DataError(f"{self.path}: line {line}: holds the header once more; leave the row out")
            for name in numbers:
                value = self._number(row[place[name]], name, line, decimal)
                if value is None:
                    below = next((later for _, later in rows if len(later) == len(row)), [])
                    beside = [other for other in numbers if self._is_text(row, below, place[other])]
                    cure = (cures or {}).get(name, "")
                    following = below[place[name]].strip() if below else ""
                    raise self._no_number(row[place[name]].strip(), name, line, following, cure, beside)
                found[name].append(value)
                if abs(value) >= _EXACT:
                    rounded.setdefault(name, (line, set()))[1].add(row[place[name]].strip())
            for name in texts:
                kept[name].append(self._in_one_line(row[place[name]], name, line))
            lines.append(line)
        if not lines:
            raise DataError(f"{self.path}: holds no row below its header")
        known = {name: torch.tensor(np.frombuffer(values)) for name, values in found.items()}
        for name, (line, whole) in rounded.items():
            self._require_told_apart(known[name], whole, name, line)
        return CsvColumns(known, kept, lines, decimal.get("mark", ""))

    def sample(self) -> list[tuple[int, list[str]]]:
        """Return the line and the fields, without blanks around them, of the rows to look at; see
        `sampled_rows`.

        Raises:
            DataError: it cannot be read as CSV, or a row has another length.
        """
        found: list[tuple[int, list[str]]] = []
        count = 0
        for count, (line, row) in enumerate(self._filled_rows(), 1):
            self._require_fields(row, line)
            if count <= MOST_ROWS:
                found.append((line, [field.strip() for field in row]))
        if count <= MOST_ROWS:
            return found
        wanted = {*sampled_rows(count).tolist()}
        return [
            (line, [field.strip() for field in row])
            for place, (line, row) in enumerate(self._filled_rows())
            if place in wanted
        ]

    def numbers_of(self, name: str, columns: CsvColumns) -> list[float | None]:
        """Return a column of texts as numbers; None for each text that is none.

        Args:
            name: of one of the `texts`.
            columns: that were read.

        Raises:
            DataError: with line and column: a number has another decimal mark than others of the file.
        """
        decimal = {"mark": columns.decimal} if columns.decimal else {}
        return [
            self._number(text, name, line, decimal)
            for text, line in zip(columns.texts[name], columns.lines, strict=True)
        ]

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the first line in the file and the fields of each row that has any.

        Raises:
            DataError: it is no CSV, or a quote is open at its end, which `csv` takes for a closed one.
        """
        at_end = False

        def lines() -> Iterator[str]:
            nonlocal at_end
            yield from io.StringIO(self._text, newline="")
            at_end = True
            yield _END

        rows, last = csv.reader(lines(), delimiter=self.separator), 0
        try:
            for row in rows:
                line, last = last + 1 + self._skipped, rows.line_num
                if at_end and self.separator.join(row) == _END:
                    return
                if at_end:
                    raise DataError(
                        f"{self.path}: line {line}: a quote is opened in this row and never closed; close "
                        "it, or leave it out"
                    )
                if row:
                    yield line, row
        except csv.Error as problem:
            hint = "; is a quote left open?" if rows.line_num > last + 1 else ""
            raise DataError(
                f"{self.path}: line {last + 1 + self._skipped}: cannot be read as CSV: {problem}{hint}"
            ) from problem

    def _filled_rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows below the header that are not empty; see `_rows`."""
        for line, row in self._rows():
            if line > self._header_line and any(field.strip() for field in row):
                yield line, row

    def _check_header(self) -> None:
        if not self.header:
            raise DataError(f"{self.path}: is empty; expected a header and rows")
        if not any(self.header):
            raise DataError(
                f"{self.path}: line {self._header_line}: is empty; expected the names of the columns"
            )
        if all(not name or _NUMBER.fullmatch(name) for name in self.header):
            raise DataError(
                f"{self.path}: line {self._header_line}: holds numbers; expected the names of the columns"
            )
        seen: dict[str, int] = {}
        for place, name in enumerate(self.header):
            first = seen.setdefault(name, place)
            if name and first != place:
                raise DataError(
                    f"{self.path}: line {self._header_line}: the columns {first + 1} and "
                    f"{place + 1} are both called {name!r}; expected names that differ"
                )

    def _require_fields(self, row: Sequence[str], line: int) -> None:
        if len(row) != len(self.header):
            raise DataError(
                f"{self.path}: line {line}: expected {len(self.header)} fields, as in the header, found "
                f"{len(row)}{_of_several_lines(row)}"
            )

    def _filled(self, field: str, name: str, line: int) -> str:
        text = field.strip()
        if not text:
            raise DataError(
                f"{self.path}: line {line}, column {name!r}: is empty; fill the gap, or leave the row out"
            )
        return text

    def _in_one_line(self, field: str, name: str, line: int) -> str:
        """Return a text that is not empty; one with a line end has swallowed the rows below it."""
        text = self._filled(field, name, line)
        if "\n" in text or "\r" in text:
            raise DataError(
                f"{self.path}: line {line}, column {name!r}: {shorten(text, _SHOWN)!r} goes on over several "
                "lines; is a quote left open?"
            )
        return text

    def _require_told_apart(self, values: Tensor, texts: set[str], name: str, line: int) -> None:
        """Refuse numbers that differ as they are written, and hardly or not in floating point.

        Args:
            values: of the column.
            texts: of those that may be rounded.
            name, line: of the first of these.
        """
        if float(values.max() - values.min()) > _ROUNDING * float(values.abs().max()):
            return
        exact = {exact_number_in(text): float(exact_number_in(text) or 0) for text in texts}
        if len({*exact.values()}) < len(exact):
            raise DataError(
                f"{self.path}: line {line}, column {name!r}: whole numbers beyond {int(_EXACT):,}, which "
                "floating point does not tell apart; subtract what they share, first"
            )

    def _is_text(self, row: Sequence[str], below: Sequence[str], place: int) -> bool:
        """Return True for a column that holds texts in two rows."""
        texts = [fields[place].strip() for fields in (row, below) if fields]
        return all(text and number_in(text, self.separator) is None for text in texts)

    def _no_number(
        self, text: str, name: str, line: int, following: str, cure: str, beside: Sequence[str]
    ) -> DataError:
        """Return the refusal of a text in a column of numbers.

        Args:
            text, name, line: what was found, and where.
            following: the text below it.
            cure: of a column that holds texts.
            beside: columns that hold texts in this row and the next one, this one among them.
        """
        hint = _comma(text)
        if line == self._header_line + 1 and not hint:
            is_header = number_in(following, self.separator) is not None
            several = f"the columns {', '.join(repr(shorten(other, _SHOWN)) for other in beside)} hold texts"
            texts = several if len(beside) > 1 else "the column holds texts"
            hint = ", or a second header" if is_header else f"; {texts}{cure}"
        return DataError(
            f"{self.path}: line {line}, column {name!r}: expected a finite number, found "
            f"{shorten(text, _SHOWN)!r}{hint}"
        )

    def _number(self, field: str, name: str, line: int, decimal: dict[str, str]) -> float | None:
        """Return the number of a field; None where it is a text.

        Raises:
            DataError: it is empty, or has another decimal mark than others of the file.
        """
        text = self._filled(field, name, line)
        value = number_in(text, self.separator)
        if value is None:
            return None
        mark = "," if "," in text else "." if "." in text else ""
        if mark and decimal.setdefault("mark", mark) != mark:
            raise DataError(
                f"{self.path}: line {line}, column {name!r}: {shorten(text, _SHOWN)!r} has a decimal "
                f"{mark!r}, and other numbers a {decimal['mark']!r}; expected one of them in the file"
            )
        return value


def _of_several_lines(row: Sequence[str]) -> str:
    """Return a hint for a row whose fields are too many or too few, where one of them has a line end."""
    several = any("\n" in field or "\r" in field for field in row)
    return ", in a row that goes on over several lines; is a quote left open?" if several else ""


def _fields(line: str, separator: str) -> int:
    """Return the number of fields in a line; 0 where one is too long, as in a wide table that is separated by
    another mark."""
    try:
        return len(next(csv.reader([line], delimiter=separator), []))
    except csv.Error:
        return 0


def number_in(text: str, separator: str = ",") -> float | None:
    """Return the finite number that a text is; None where it is none.

    Args:
        text: without blanks around it.
        separator: of the file; where it is no comma, a comma may be the decimal mark.

    Example:
        >>> number_in("1,5", ";"), number_in("1,5", ","), number_in("1e3"), number_in("nan")
        (1.5, None, 1000.0, None)
    """
    if not _NUMBER.fullmatch(text) or ("," in text and separator == ","):
        return None
    value = float(text.replace(",", "."))
    return value if math.isfinite(value) else None


def exact_number_in(text: str) -> Decimal | None:
    """Return the number that a text is, with any decimal mark and every digit; None where it is none.

    Example:
        >>> exact_number_in("1,50") == exact_number_in("1.5"), exact_number_in("one")
        (True, None)
    """
    return None if number_in(text, ";") is None else Decimal(text.replace(",", "."))


def _comma(text: str) -> str:
    """Return a hint where a number has a comma in a file that is separated by commas."""
    if "," in text and _NUMBER.fullmatch(text):
        return "; with a decimal comma, separate the fields by ';' or a tab"
    return ""
