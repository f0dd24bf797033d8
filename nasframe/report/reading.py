"""Reading a folder: the page of the run or the study that it holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasframe.errors import RunError
from nasframe.report.comparison_page import comparison_page
from nasframe.report.documents import read_rows, read_study_record, refuse_unfinished
from nasframe.report.loop_page import is_loop_comparison, loop_page
from nasframe.report.matrix_page import matrix_page, read_matrix
from nasframe.report.page import Page
from nasframe.report.run_page import run_page
from nasframe.report.space_table_page import space_table_page
from nasframe.report.studies_page import STUDIES, read_joined, studies_page
from nasframe.report.sweep_page import sweep_page
from nasframe.runs import Run
from nasframe.runtime import damage_in_words
from nasframe.tables import TABLE_FILE, facts_of, load_table

__all__ = ["read_page"]

_TABLES = {"table.json": "table.jsonl", "census.json": "census.jsonl"}
"""The record of a table of a space in format 1 → its rows, by their present and by their former names."""

_STUDIES = ("comparison.json", "sweep.json")


def read_page(folder: Path) -> Page:
    """Return the page of the run or the study in a folder, made anew.

    Raises:
        RunError: the folder holds none, or its files are damaged, or the study has not ended.
    """
    if (folder / TABLE_FILE).is_file():
        table = load_table(folder)
        with _damage(folder / TABLE_FILE):
            return space_table_page(
                {**table.record, "caveats": table.caveats}, table.rows, facts_of(table).to_dict()
            )
    if (folder / "matrix.json").is_file():
        with _damage(folder / "matrix.json"):
            return matrix_page(read_matrix(folder / "matrix.json"), folder.name)
    if (folder / STUDIES).is_file():
        with _damage(folder / STUDIES):
            return studies_page(read_joined(folder / STUDIES), folder.name)
    found = next((folder / name for name in (*_STUDIES, *_TABLES) if (folder / name).is_file()), None)
    if found is None:
        if (folder / "run.json").is_file():
            with _damage(folder):
                return run_page(Run.open(folder))
        refuse_unfinished(folder)
        expected = ", ".join(("run.json", *_STUDIES, "matrix.json", STUDIES, TABLE_FILE, "table.json"))
        raise RunError(f"{folder}: holds no run and no finished study; expected one of {expected}")
    with _damage(found):
        record = read_study_record(found)
        if found.name == "comparison.json":
            if is_loop_comparison(record):
                return loop_page(record)
            return comparison_page(record, folder)
        if found.name == "sweep.json":
            return sweep_page(record, folder)
        lines = folder / _TABLES[found.name]
        if not lines.is_file():
            raise RunError(f"{lines}: no such file; a table of a space has it beside {found.name}")
        return space_table_page(record, read_rows(lines))


@contextmanager
def _damage(found: Path) -> Iterator[None]:
    from jinja2 import TemplateError

    with damage_in_words(str(found)):
        try:
            yield
        except TemplateError as error:
            raise RunError(f"{found}: is damaged: {error}") from error
