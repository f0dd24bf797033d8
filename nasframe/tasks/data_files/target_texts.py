"""The target of a table: its texts as numbers where all of them are, else as the names of classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nasframe.errors import DataError
from nasframe.runtime import shorten
from nasframe.tasks.data_files.csv_table import CsvColumns, CsvTable, exact_number_in
from nasframe.tasks.tensors import KindName, kind_told_by

__all__ = ["is_gap", "require_no_stray_text", "target_of_texts"]

_GAPS = {
    *("", "na", "nan", "nat", "null", "nil", "none", "nd", "ka", "missing", "unknown", "unk", "undefined"),
    *("notavailable", "notapplicable", "nodata", "noanswer", "blank", "empty", "tbd", "inf", "infinity"),
}
"""The letters and digits of texts that stand for a number that is not there, or not finite."""

_EXACT = 2.0**53
"""From here on floating point does not tell whole numbers apart."""

_SHOWN = 40


def target_of_texts(
    table: CsvTable, name: str, columns: CsvColumns, kind: KindName | None
) -> Tensor | list[str]:
    """Return a target `(rows,)`, float64, where all its texts are numbers; else its texts.

    Texts that are numbers are classes by their numbers, so that 10 comes after 9; unless two different texts
    are one number, which are two classes if the user says `classes`.

    Args:
        table: of the file.
        name: of the target.
        columns: that were read, among them the target as texts.
        kind: that the user says; None or `classes`.

    Raises:
        DataError: with the line: a gap or a stray text among numbers, a number with another decimal mark than
            others of the file, or two texts that are one number, where the kind is not said.
    """
    texts = columns.texts[name]
    try:
        numbers = table.numbers_of(name, columns)
    except DataError:
        if kind == "classes":
            return [*texts]
        raise

    def place(row: int) -> str:
        return f"{table.path}: line {columns.lines[row]}, column {name!r}"

    require_no_stray_text(texts, numbers, kind, place)
    known = [number for number in numbers if number is not None]
    if len(known) < len(texts):
        return [*texts]
    found = torch.tensor(known, dtype=torch.float64)
    twice = _one_number(texts, known)
    if kind == "classes":
        return [*texts] if twice is not None or bool((found.abs() >= _EXACT).any()) else found
    if twice is not None and kind_told_by(found) == "classes":
        row, other = twice
        one = exact_number_in(texts[row]) == exact_number_in(other)
        cure = "; write it in one way, or" if one else " in floating point;"
        raise DataError(
            f"{place(row)}: {shorten(texts[row], _SHOWN)!r} and {shorten(other, _SHOWN)!r} are one number"
            f'{cure} say kind = "classes" for classes, or kind = "number" for a number to predict'
        )
    return found


def require_no_stray_text(
    texts: Sequence[str],
    numbers: Sequence[float | None],
    kind: KindName | None,
    place: Callable[[int], str],
) -> None:
    """Refuse a mark of a gap among numbers, and a few texts among many numbers.

    Args:
        texts: of a target.
        numbers: that they are; None for each that is none.
        kind: that the user says.
        place: row number → its place in the file in words.

    Raises:
        DataError: with the first such row.
    """
    known = [number for number in numbers if number is not None]
    others = [row for row, number in enumerate(numbers) if number is None]
    if not known or not others:
        return
    gaps = [row for row in others if is_gap(texts[row])]
    expected = "expected a number as in other rows, found"
    if gaps and (len(gaps) == len(others) or 2 * len(known) > len(texts)):
        raise DataError(
            f"{place(gaps[0])}: {expected} {texts[gaps[0]]!r}, which looks like a gap; fill it, or leave the "
            "row out; a class of that name needs another one"
        )
    many = 2 * len(known) > len(texts) and kind_told_by(torch.tensor(known)) == "number"
    if kind is None and (many or 10 * len(known) >= 9 * len(texts)):
        raise DataError(
            f"{place(others[0])}: {expected} {shorten(texts[others[0]], _SHOWN)!r}; for classes, say kind = "
            '"classes"'
        )


def is_gap(text: str) -> bool:
    """Return True for a mark of a missing number, as `n.a.`, `NULL`, `?` or `#DIV/0!`."""
    if text.startswith("#") and text[-1] in "!?":  # an error of a spreadsheet
        return True
    return "".join(filter(str.isalnum, text.casefold())) in _GAPS


def _one_number(texts: Sequence[str], numbers: Sequence[float]) -> tuple[int, str] | None:
    """Return the first row whose text differs from an earlier one of the same number, and that text."""
    first: dict[float, str] = {}
    for row, (text, number) in enumerate(zip(texts, numbers, strict=True)):
        other = first.setdefault(number, text)
        if other != text:
            return row, other
    return None
