"""One part of a user's file, as the rows that are looked at show it: numbers or texts, and gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen
from torch import Tensor

from nasframe.runtime import shorten
from nasframe.tasks.data_files.csv_table import number_in
from nasframe.tasks.data_files.sampled_rows import sampled_rows
from nasframe.tasks.data_files.target_texts import is_gap

__all__ = ["FilePart", "column_part", "is_of_numbers", "not_finite", "rows_of", "value_part"]

_IDENTIFIERS = ("id", "index", "row", "no", "nr", "number", "uuid", "key", "name")
_FEW_TEXTS = 20  # of which a person makes columns of 0 and 1
_SHOWN = 40


@frozen
class FilePart:
    """A column of a table, or an array of one value a row.

    Attributes:
        texts: of the rows that were looked at.
        is_number: all of them are numbers, but for gaps.
        gap: the first place without a value, and the value that stands there, in words; empty where there is
            none.
        stray: of a column that is nearly all numbers, the first place where a text stands, in words.
    """

    name: str
    texts: Sequence[str]
    is_number: bool
    gap: str = ""
    stray: str = ""

    @property
    def values(self) -> Counter[str]:
        """Text → the number of rows in which it stands."""
        return Counter(self.texts)

    @property
    def no_target(self) -> str:
        """Why it can be no target, as the rest of a sentence; empty where it varies, and is a number or
        repeats its texts."""
        found = len(self.values)
        if self.gap:
            return f"{self.gap}; fill the gap, or leave the row out"
        if self.stray:
            return f"{self.stray}; write a number there, or leave the row out"
        if found < 2:
            return f"holds one value, {shorten(self.texts[0], _SHOWN)!r}, in the rows that were looked at"
        if not self.is_number and 2 * found > len(self.texts):
            return f"holds {found} different texts in {len(self.texts)} rows"
        return ""

    @property
    def no_numbers(self) -> str:
        """Why a column cannot be read as numbers, as the rest of a sentence; empty where it can."""
        found = len(self.values)
        if self.gap and self.is_number:
            return f"{self.gap}; fill the gap, or leave the row out, to use the column"
        if self.stray:
            return f"{self.stray}; write a number there, or leave the row out, to use the column"
        if not self.is_number:
            cure = (
                "give each text a column of 0 and 1"
                if found <= _FEW_TEXTS
                else "a column of numbers made from them could be one"
            )
            return f"holds {found} different texts, and inputs are numbers; {cure}"
        return ""

    @property
    def no_input(self) -> str:
        """Why a column is proposed for no input, as the rest of a sentence; empty where it can be one."""
        if why := self.no_numbers:
            return why
        word = self.name.casefold()
        distinct = len(self.values) == len(self.texts) > 2
        if distinct and (word in _IDENTIFIERS or word.endswith(("_id", " id"))):
            return "numbers the rows, which teaches nothing"
        return ""


def column_part(name: str, fields: Sequence[tuple[int, str]], separator: str) -> FilePart:
    """Return the part that a column of a table is.

    Args:
        name: of the column.
        fields: line and text of the rows that are looked at.
        separator: between the fields of the file.
    """
    texts = [text for _, text in fields]
    others = [(line, text) for line, text in fields if text and number_in(text, separator) is None]
    empty = next((f"line {line} is empty" for line, text in fields if not text), "")
    words = [(line, text) for line, text in others if not is_gap(text)]
    numbers = sum(map(bool, texts)) - len(others)
    if not words and (numbers or not others):
        marked = next((f"line {line} holds {text!r}, which is no number" for line, text in others), "")
        return FilePart(name, texts, True, empty or marked)
    stray = ""
    if 10 * numbers >= 9 * len(texts):
        line, text = words[0]
        stray = f"line {line} holds {shorten(text, _SHOWN)!r}, and nearly all other rows a number"
    return FilePart(name, texts, False, empty, stray)


def value_part(name: str, value: Any) -> FilePart:
    """Return the part that an array of one value a row is."""
    rows, found = rows_of(value)
    array = found.reshape(-1)
    texts = [
        item.decode(errors="replace") if isinstance(item, bytes) else str(item) for item in array.tolist()
    ]
    is_number = array.dtype.kind in "biuf"
    gap = not_finite(value) if is_number else ""
    if array.dtype.kind in "SU":
        gap = next((f"row {row} is empty" for row, text in zip(rows, texts, strict=True) if not text), "")
    return FilePart(name, texts, is_number, gap)


def rows_of(value: Any) -> tuple[list[int], np.ndarray]:
    """Return the numbers of the rows of an array that are looked at, and these rows."""
    rows = sampled_rows(len(value))
    head = value[rows] if len(rows) < len(value) else value
    return rows.tolist(), np.asarray(
        head.float() if isinstance(head, Tensor) and head.is_floating_point() else head
    )


def is_of_numbers(value: Any) -> bool:
    """Return True for an array of numbers."""
    return isinstance(value, Tensor) or value.dtype.kind in "biuf"


def not_finite(value: Any) -> str:
    """Return the first row that is looked at in which something is no finite number, in words; or nothing."""
    rows, found = rows_of(value)
    if found.dtype.kind != "f" or not found.size:
        return ""
    bad = ~np.isfinite(found.reshape(len(rows), -1)).all(axis=1)
    if not bad.any():
        return ""
    place = int(bad.argmax())
    row = found.reshape(len(rows), -1)[place]
    return f"row {rows[place]} holds {'NaN' if np.isnan(row).any() else 'infinity'}"
