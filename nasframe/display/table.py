"""A table: one record for the console, the page, CSV and JSON."""

from __future__ import annotations

import csv
import io
import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from attrs import Attribute, evolve, field, frozen, validators
from markupsafe import Markup

from nasframe.display.latex import latex_number, latex_text
from nasframe.display.latex_layout import Layout, layout_of
from nasframe.display.markup import slug
from nasframe.display.rendering import render
from nasframe.display.values import Unit, format_together, format_value
from nasframe.runtime import format_columns, visible

__all__ = ["Cell", "Column", "Estimate", "Table"]

_NOTHING, _EQUAL = "—", "all equal"

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A text that begins with one of these is a formula to a spreadsheet, unless it is a number below zero."""

_INTERVAL, _RANGE = ("low", "high"), ("min", "max")
"""Names of the ends of an interval, and of the smallest and the largest value, in CSV and JSON."""

_LONGEST_LINE, _SMALLER = 15, 0.82
"""Letters of a line of a long text in LaTeX, and how much narrower the letters of an interval are."""

_MAY_END = r"(?<=[,;/=_.])(?=[^\W\d])"
"""The places in a name at which a line of LaTeX may end."""

_SORTED_FROM = 3
"""A table with fewer rows needs no buttons that sort it."""


@frozen
class Estimate:
    """A mean with its 95 % interval, or with the smallest and the largest of its values.

    Attributes:
        mean: None where it is undefined.
        low, high: the ends of the interval; None where there is none.
        by_seed: the single values, such as those of the seeds, by name.
        is_range: True where the ends are the smallest and the largest value, no interval of the mean.
        is_resampled: True where the ends come from resampling one set of examples. Where they are the mean,
            no resample gave another value, as an interval of several equal values would say it.
        alarm: True for a value that must not be like this: it is red on a page. Say so in words beside it.
        unit: of these numbers, where they have another one than their column.
    """

    mean: float | None
    low: float | None = None
    high: float | None = None
    by_seed: Mapping[str, float | None] = field(factory=dict)
    is_range: bool = False
    is_resampled: bool = False
    alarm: bool = False
    unit: Unit = ""

    @classmethod
    def read(cls, found: Mapping[str, Any] | float | None) -> Estimate:
        """Return the estimate of a JSON object with `mean`, `low`, `high`, `by_seed`, or of a mean alone."""
        known: Mapping[str, Any] = found if isinstance(found, Mapping) else {"mean": found}
        return cls(known.get("mean"), known.get("low"), known.get("high"), known.get("by_seed") or {})

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of the interval; None where there is none, or where all values are the mean."""
        if self.mean is None or self.low is None or self.high is None or self.is_constant:
            return None
        return self.low, self.high

    def to_text(self, unit: str = "") -> str:
        """Return the mean and both ends, as an interval need not lie evenly around its mean.

        Example:
            >>> Estimate(0.9595, 0.9512, 0.9661).to_text()
            '0.9595 [0.9512, 0.9661]'
            >>> Estimate(0.5, 0.4, 0.6, is_range=True).to_text()
            '0.5000 (0.4000…0.6000)'
            >>> Estimate(0.5, 0.5, 0.5).to_text()
            '0.5000 (all equal)'
            >>> Estimate(1.0, 1.0, 1.0, is_resampled=True).to_text()
            '1.0000 [1.0000, 1.0000]'
        """
        if self.mean is None:
            return _NOTHING
        if self.interval is None:
            return f"{self.mean_text(unit)} ({_EQUAL})" if self.is_constant else self.mean_text(unit)
        between, (opened, closed) = ("…", "()") if self.is_range else (", ", "[]")
        return f"{self.mean_text(unit)} {opened}{self.ends_text(unit, between)}{closed}"

    def mean_text(self, unit: str = "") -> str:
        """Return the mean in the notation of its ends."""
        if self.mean is None:
            return _NOTHING
        return format_together([self.mean, *(self.interval or ())], self.unit or unit)[0]

    def ends_text(self, unit: str = "", between: str = "") -> str:
        """Return both ends; `all equal` where there is no spread, and nothing where there are no ends."""
        if self.mean is None or self.interval is None:
            return _EQUAL if self.is_constant else ""
        ends = format_together([self.mean, *self.interval], self.unit or unit)[1:]
        return (between or ("…" if self.is_range else " to ")).join(ends)

    @property
    def is_constant(self) -> bool:
        """True where all values are the mean."""
        return (
            not self.is_resampled and self.mean is not None and self.low is not None and self.low == self.high
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values; the ends of a range are its `min` and its `max`."""
        low, high = _RANGE if self.is_range else _INTERVAL
        return {"mean": self.mean, low: self.low, high: self.high, "by_seed": dict(self.by_seed)}


Cell = str | int | float | bool | None | Estimate
"""A value in a table; None where there is none."""


@frozen
class Column:
    """A column of a table.

    Attributes:
        key: its name in CSV and JSON.
        title: its name for people; the key where there is none.
        unit: of its numbers, see `format_value`.
        best: the values of which the best are bold; empty where nobody knows which are better.
        only: `files` for a column of CSV and JSON alone, `people` for one of the console and the page.
    """

    key: str
    title: str = ""
    unit: Unit = ""
    best: Literal["", "largest", "smallest"] = ""
    only: Literal["", "files", "people"] = ""

    @property
    def heading(self) -> str:
        """The name for people."""
        return self.title or self.key.replace("_", " ")


def _fits(table: Table, attribute: Attribute[Any], rows: Sequence[Sequence[Cell]]) -> None:
    wrong = [row for row in rows if len(row) != len(table.columns)]
    if wrong:
        raise ValueError(
            f"table {table.name!r}: a row has {len(wrong[0])} cells for {len(table.columns)} columns"
        )


@frozen
class Table:
    """A table, shown wherever it is needed with the same numbers.

    Attributes:
        name: of its file, and of its numbers on a page: `name.row.column`.
        title: one line for people.
        columns: in order; the first one names the rows.
        rows: one cell for each column.
        note: a few sentences on how it is read.
        marked: indices of the rows that stand out.
        signs: what the signs in its text mean, a few words each; they stand once below several tables.
        links: index of a row → address that its name leads to on a page, relative to it.
        console_rows: so many rows, and the marked ones, are text for a console; 0 for all. The page has all
            of them in a box that scrolls, and so have the files.
        stacks: on a narrow screen each row is a block, with the headings beside its values.

    Example:
        >>> table = Table(
        ...     "results",
        ...     "auc on the test split",
        ...     [Column("variant"), Column("auc", best="largest"), Column("parameters", unit="count")],
        ...     [
        ...         ["grmc", Estimate(0.9595, 0.9512, 0.9661), 1204],
        ...         ["softmax", Estimate(0.9, 0.85, 0.94), 980],
        ...     ],
        ... )
        >>> print(table.to_text(indent="  "))
        auc on the test split
          variant                      auc  parameters
          grmc     0.9595 [0.9512, 0.9661]       1,204
          softmax  0.9000 [0.8500, 0.9400]         980
        >>> table.to_csv().splitlines()[:2]
        ['variant,auc,auc_low,auc_high,parameters', 'grmc,0.9595,0.9512,0.9661,1204']
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]] = field(validator=_fits)
    note: str = ""
    marked: Sequence[int] = ()
    signs: Sequence[str] = ()
    links: Mapping[int, str] = field(factory=dict)
    console_rows: int = field(default=0, validator=validators.ge(0))
    stacks: bool = False

    def to_text(self, indent: str = "") -> str:
        """Return the title and aligned columns, numbers to the right; `>` stands before a marked row."""
        shown = self._for("people")
        limit = self.console_rows or len(self.rows)
        places = [place for place in range(len(self.rows)) if place < limit or place in self.marked]
        lines = [
            [column.heading for column in shown.columns],
            *(
                [_text(cell, column) for cell, column in zip(shown.rows[place], shown.columns, strict=True)]
                for place in places
            ),
        ]
        right = [place for place, is_text in enumerate(shown._texts()) if not is_text]
        found = [visible(self.title)] if self.title else []
        for place, line in zip([-1, *places], format_columns(lines, right=right), strict=True):
            mark = ("> " if place in self.marked else "  ") if self.marked else ""
            found.append(f"{indent}{mark}{line}".rstrip())
        if left := len(self.rows) - len(places):
            found.append(f"{indent}… {left:,} more, which the report lists")
        return "\n".join(found)

    def __str__(self) -> str:
        return self.to_text()

    def to_html(self) -> Markup:
        """Return the table in a box that scrolls. Behind each number stand all its digits."""
        shown = self._for("people")
        best = [shown._best(place) for place in range(len(shown.columns))]
        return render("nasframe.display", "table.html", table=shown, best=best, texts=shown._texts())

    __html__ = to_html

    @property
    def is_sortable(self) -> bool:
        """True where a page lets the reader sort the rows."""
        return len(self.rows) >= _SORTED_FROM

    @property
    def is_long(self) -> bool:
        """True where a console does not show every row."""
        return 0 < self.console_rows < len(self.rows)

    def to_csv(self) -> str:
        """Return CSV as of RFC 4180, numbers with all their digits, an estimate in three columns.

        These are `auc`, `auc_low` and `auc_high`; the ends of a range are `auc_min` and `auc_max`, and a
        column with both kinds of ends has all of them.

        A text that a spreadsheet would take for a formula begins with an apostrophe, which the spreadsheet
        takes for the sign of a text. This file is for people and their spreadsheets: nothing here reads it
        back, and JSON has all texts as they are.
        """
        filed = self._for("files")
        spread = [_ends_in(column) for column in filed._entries()]
        out = io.StringIO()
        writer = csv.writer(out)
        heads: list[str] = []
        for column, pairs in zip(filed.columns, spread, strict=True):
            heads += [column.key, *(f"{column.key}_{end}" for pair in pairs for end in pair)]
        writer.writerow(map(_csv, heads))
        for row in filed.rows:
            words: list[str] = []
            for cell, pairs in zip(row, spread, strict=True):
                if not isinstance(cell, Estimate):
                    words += [_csv(cell), *[""] * (2 * len(pairs))]
                    continue
                words.append(_csv(cell.mean))
                for pair in pairs:
                    is_own = (pair is _RANGE) is cell.is_range
                    words += map(_csv, (cell.low, cell.high) if is_own else (None, None))
            writer.writerow(words)
        return out.getvalue()

    def to_json(self) -> dict[str, Any]:
        """Return plain values: `name`, `title`, `note`, `columns`, and `rows` of column key → value."""
        filed = self._for("files")
        return {
            "name": self.name,
            "title": self.title,
            "note": self.note,
            "columns": [
                {"key": column.key, "title": column.heading, "unit": column.unit} for column in filed.columns
            ],
            "rows": [
                {column.key: _plain(cell) for column, cell in zip(filed.columns, row, strict=True)}
                for row in filed.rows
            ],
        }

    def to_latex(self) -> str:
        """Return a floating table of LaTeX, which needs the package booktabs alone.

        Its label is `tab:` and the name of the table. A mean and its interval have a column each, the best
        are bold as on a page. Columns of pictures made of letters are left out. A wide table has smaller
        letters, then long texts in several lines and intervals below their means, and one that is too wide
        even so has its columns in several tables; see `layout_of`.

        Example:
            >>> columns = [Column("name"), Column("auc", best="largest")]
            >>> print(Table("results", "AUC", columns, [["a_b", 0.9], ["c", 0.8]]).to_latex())
            % needs \\usepackage{booktabs}
            \\begin{table}
            \\centering
            \\caption{AUC}
            \\label{tab:results}
            \\begin{tabular}{lr}
            \\toprule
            name & auc \\\\
            \\midrule
            a\\_b & \\textbf{0.9000} \\\\
            c & 0.8000 \\\\
            \\bottomrule
            \\end{tabular}
            \\end{table}
            <BLANKLINE>
        """
        kept = [place for place, column in enumerate(self.columns) if column.only == ""]
        shown = self._of_columns(kept)
        layout = layout_of(shown._letters(), shown._wrapped_letters())
        words = " ".join(filter(None, [self.note, "; ".join(self.signs)]))
        lines = [r"% needs \usepackage{booktabs}"]
        for number, block in enumerate(layout.blocks, start=1):
            is_last = number == len(layout.blocks)
            part = f" (part {number} of {len(layout.blocks)})" if len(layout.blocks) > 1 else ""
            lines += [
                r"\begin{table}",
                r"\centering",
                f"\\caption{{{latex_text(self.title + part)}}}",
                f"\\label{{tab:{slug(self.name) or 'table'}{f'-{number}' * (number > 1)}}}",
                *layout.commands,
                *(shown._wrapped_tabular(block, layout) if layout.is_wrapped else shown._tabular(block)),
                *(
                    [f"\\par\\smallskip{{\\footnotesize {latex_text(words)}\\par}}"]
                    if words and is_last
                    else []
                ),
                r"\end{table}",
            ]
        return "\n".join([*lines, ""])

    def _tabular(self, places: Sequence[int]) -> list[str]:
        """Return the lines of an environment `tabular` with some of the columns."""
        texts, wide = self._texts(), self._with_ends()
        kinds = "".join("l" if texts[place] else "r@{\\ }l" if wide[place] else "r" for place in places)
        heads = [
            f"\\multicolumn{{2}}{{c}}{{{latex_text(self.columns[place].heading)}}}"
            if wide[place]
            else latex_text(self.columns[place].heading)
            for place in places
        ]
        best = [self._best(place) for place in range(len(self.columns))]
        lines = [f"\\begin{{tabular}}{{{kinds}}}", r"\toprule", _latex_line(heads), r"\midrule"]
        for index, row in enumerate(self.rows):
            cells = [
                part
                for place in places
                for part in _latex_cell(row[place], self.columns[place], wide[place], index in best[place])
            ]
            mark = r"\textgreater{} " if index in self.marked else ""
            lines.append(_latex_line([f"{mark}{cells[0]}", *cells[1:]]))
        return [*lines, r"\bottomrule", r"\end{tabular}"]

    def _wrapped_tabular(self, places: Sequence[int], layout: Layout) -> list[str]:
        """Return the same with long texts in several lines, and the ends of a mean below it."""
        texts, letters = self._texts(), self._wrapped_letters()
        best = [self._best(place) for place in range(len(self.columns))]
        kinds = "".join("l" if texts[place] else "r" for place in places)
        heads = []
        for place in places:
            words = textwrap.wrap(self.columns[place].heading, letters[place])
            heads.append(_latex_lines([*map(latex_text, words)], texts[place], "b"))
        lines = [rf"\begin{{tabular}}{{{kinds}}}", r"\toprule", _latex_line(heads), r"\midrule"]
        for index, row in enumerate(self.rows):
            cells = []
            for number, place in enumerate(places):
                cell, width = row[place], layout.letter * letters[place]
                mark = r"\textgreater{} " if index in self.marked and number == 0 else ""
                if isinstance(cell, str):
                    cells.append(_latex_paragraph(cell, width, letters[place], mark))
                    continue
                has_ends = isinstance(cell, Estimate) and bool(cell.ends_text())
                shown, *ends = _latex_cell(cell, self.columns[place], has_ends, index in best[place])
                below = [rf"{{\scriptsize {end}}}" for end in ends if end]
                cells.append(mark + _latex_lines([shown, *below], texts[place], "t"))
            lines += [*([r"\addlinespace[2pt]"] if index else []), _latex_line(cells)]
        return [*lines, r"\bottomrule", r"\end{tabular}"]

    def _wrapped_letters(self) -> list[int]:
        """Return the letters of each column where entries have several lines."""
        found = []
        for column, entries in zip(self.columns, self._entries(), strict=True):
            least = [max(map(len, column.heading.split()), default=1)]
            for cell in entries:
                if isinstance(cell, Estimate):
                    ends = cell.ends_text(column.unit, "" if cell.is_range else ", ")
                    least += [len(cell.mean_text(column.unit)), math.ceil(_SMALLER * (len(ends) + 2))]
                elif isinstance(cell, str):
                    least.append(min(len(cell), _LONGEST_LINE))
                    least += [min(len(part), 2 * _LONGEST_LINE) for part in _latex_parts(cell)]
                else:
                    least.append(len(_text(cell, column)))
            found.append(max(least))
        return found

    def _letters(self) -> list[int]:
        """Return the letters of the longest entry of each column, its heading among them."""
        return [
            max(map(len, [column.heading, *(_text(cell, column) for cell in entries)]))
            for column, entries in zip(self.columns, self._entries(), strict=True)
        ]

    def _for(self, readers: Literal["files", "people"]) -> Table:
        """Return the table without the columns that are for other readers."""
        kept = [place for place, column in enumerate(self.columns) if column.only in ("", readers)]
        return self if len(kept) == len(self.columns) else self._of_columns(kept)

    def _of_columns(self, kept: Sequence[int]) -> Table:
        rows = [[row[place] for place in kept] for row in self.rows]
        return evolve(self, columns=[self.columns[place] for place in kept], rows=rows)

    def _with_ends(self) -> list[bool]:
        """Return for each column True where some entry is a mean with words beside it."""
        return [
            any(isinstance(cell, Estimate) and cell.ends_text() for cell in column)
            for column in self._entries()
        ]

    def _texts(self) -> list[bool]:
        """Return for each column True where it has no number: its entries stand at the left."""
        return [
            not any(isinstance(cell, int | float | Estimate) for cell in column) for column in self._entries()
        ]

    def _entries(self) -> Sequence[Sequence[Cell]]:
        """Return the cells of each column."""
        return list(zip(*self.rows, strict=True)) or [()] * len(self.columns)

    def _best(self, place: int) -> set[int]:
        """Return the indices of the rows with the best value of a column; empty where all are equal."""
        choice = self.columns[place].best
        means = {
            index: mean for index, row in enumerate(self.rows) if (mean := _mean(row[place])) is not None
        }
        if not choice or len(set(means.values())) < 2:
            return set()
        best = (max if choice == "largest" else min)(means.values())
        return {index for index, mean in means.items() if mean == best}


def _ends_in(column: Sequence[Cell]) -> list[tuple[str, str]]:
    """Return the names of the ends that stand beside the means of a column; none where it has no mean."""
    found = [cell for cell in column if isinstance(cell, Estimate)]
    ranges = any(cell.is_range for cell in found)
    intervals = any(not cell.is_range and (cell.low is not None or not ranges) for cell in found)
    return [*([_INTERVAL] if intervals else []), *([_RANGE] if ranges else [])]


def _latex_line(cells: Sequence[str]) -> str:
    first = cells[0]
    # after the end of a line these signs would belong to it
    return " & ".join([f"{{}}{first}" if first.startswith(("[", "*")) else first, *cells[1:]]) + r" \\"


def _latex_lines(lines: Sequence[str], is_text: bool, at: str) -> str:
    """Return lines as one entry, whose first (`t`) or last one (`b`) stands on the line of the others."""
    if len(lines) < 2:
        return "".join(lines)
    inner = r" \\ ".join(lines)
    return rf"\begin{{tabular}}[{at}]{{@{{}}{'l' if is_text else 'r'}@{{}}}}{inner}\end{{tabular}}"


def _latex_parts(words: str) -> list[str]:
    """Return the parts of a text between which a line may end."""
    return [part for part in re.split(rf"\s+|{_MAY_END}", words) if part]


def _latex_paragraph(words: str, width: float, letters: int, mark: str) -> str:
    """Return a text as a paragraph of a width in points; a short one as it is."""
    if len(words) <= letters and not (mark and len(words) > letters - 2):
        return f"{mark}{latex_text(words)}"
    inner = r"\allowbreak{}".join(map(latex_text, re.split(_MAY_END, words)))
    return rf"\parbox[t]{{{width:.0f}pt}}{{\raggedright {mark}{inner}\strut}}"


def _latex_cell(cell: Cell, column: Column, has_ends: bool, is_best: bool) -> list[str]:
    """Return a cell as LaTeX: one text, or the mean and its ends."""
    ends = ""
    if isinstance(cell, Estimate):
        opened, closed = "()" if cell.is_range or cell.interval is None else "[]"
        told = cell.ends_text(column.unit, "" if cell.is_range else ", ")
        ends = f"{opened}{latex_number(told)}{closed}" if told else ""
        words = latex_number(cell.mean_text(column.unit))
    elif isinstance(cell, str):
        words = latex_text(cell)
    else:
        words = latex_number(_text(cell, column))
    words = f"\\textbf{{{words}}}" if is_best else words
    return [words, ends] if has_ends else [words]


def _mean(cell: Cell) -> float | None:
    value = cell.mean if isinstance(cell, Estimate) else cell
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def _text(cell: Cell, column: Column) -> str:
    if isinstance(cell, Estimate):
        return cell.to_text(column.unit)
    return _NOTHING if cell is None else format_value(cell, column.unit)


def _plain(cell: Cell) -> Any:
    if isinstance(cell, Estimate):
        return cell.to_json()
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def _is_negative(text: str) -> bool:
    """True for a text that is a number below zero, such as the value of an option."""
    return re.fullmatch(r"-[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", text) is not None


def _csv(cell: str | int | float | bool | None) -> str:
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_FORMULA) and not _is_negative(cell) else cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None or not math.isfinite(cell) else repr(cell)
