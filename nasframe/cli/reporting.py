"""`nasframe report`: the page of a run, a study or several studies, and what a paper takes from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from nasframe.cli.report_folders import misplaced
from nasframe.cli.run_folder import file_in_words, is_there, near_path
from nasframe.cli.study_options import print_files
from nasframe.errors import ConfigurationError, RunError
from nasframe.runtime import counted, format_names, print_message, print_text

if TYPE_CHECKING:
    from nasframe.report import Page

__all__ = ["report"]

FigureFormat = Literal["svg", "pdf"]


def report(
    folder: Path,
    /,
    *more: Annotated[Path, Parameter(name="STUDY")],
    out: Path | None = None,
    tables: Path | None = None,
    latex: Path | None = None,
    figures: Path | None = None,
    format: FigureFormat | None = None,
    methods: bool = False,
    overwrite: bool = False,
) -> None:
    """Make the page of a run or a study anew, or one page of several studies, and files for a paper.

    Parameters
    ----------
    folder
        A run folder, or the folder of a comparison, a sweep or a table of a space.
    more
        Further studies of the same task, comparisons or sweeps: one page with the rows of all of them.
    out
        With several studies: the folder of their page.
    tables
        A folder in which every table of the page is written as CSV and JSON, and every figure as SVG with
        its data.
    latex
        A folder in which every table is written as LaTeX, and the paragraph on the methods.
    figures
        A folder in which every figure is written for paper, as SVG and as PDF.
    format
        With --figures: this format alone. [default: both]
    methods
        Print the paragraph on the methods, and nothing else.
    overwrite
        Replace what another report left in these folders, and files of the same names that no report wrote.
        The files that this report left there before are always replaced, also where they were edited.
    """
    studies = [folder, *more]
    for study in studies:
        if not study.is_dir():
            problem = (
                file_in_words(study, "folder") if study.exists() else f"no such folder{near_path(study)}"
            )
            raise RunError(f"{study}: {problem}")
    places = {"tables": tables, "latex": latex, "figures": figures}
    _check(places, studies, out, format, methods)

    # imported here: the help of a command imports no page
    from nasframe.report import PAGE, check_export, write_export

    home = out or folder
    given = {option: place for option, place in places.items() if place is not None}
    if not overwrite:
        for place in given.values():
            check_export(place, home)

    record = _joined(studies, out) if out is not None else None
    page = _page_of(folder, record, out)
    if methods:
        if not page.methods:
            expected = "a run, a comparison of variants or a sweep"
            raise RunError(f"{folder}: there is no paragraph on its methods; expected {expected}")
        print_text(page.methods)
        return
    files = _files_of(page, given, format)
    if not overwrite:
        for option, place in given.items():
            check_export(place, home, files[option])
    _write_page(page, folder, record, out)
    for option, place in given.items():
        write_export(files[option], place, home)
        print_text(_counted(option, page, len(files[option])))
    print_files(report=home / PAGE, **given)


def _check(
    places: dict[str, Path | None],
    studies: list[Path],
    out: Path | None,
    format: str | None,
    methods: bool,
) -> None:
    """Refuse options that do not go together."""
    several = len(studies) > 1
    files = {
        option: place
        for option, place in {"out": out, **places}.items()
        if place is not None and is_there(place) and not place.is_dir()
    }
    problems = [f"--{option} {place}: is a file; expected a folder" for option, place in files.items()]
    problems += misplaced({option: place for option, place in places.items() if option not in files}, out)
    problems += [
        f"--{option} {place}: is the folder of the page; expected one for these files alone, such as "
        f"{place / option}"
        for option, place in places.items()
        if place is not None and out is not None and place.resolve() == out.resolve()
    ]
    if several and out is None:
        problems.append("several studies; expected --out FOLDER for their page")
    if out is not None and not several:
        problems.append("--out: belongs to several studies")
    if out is not None and out.is_dir() and any(out.iterdir()) and not (out / "studies.json").is_file():
        problems.append(f"--out {out}: holds other files; expected a new or empty folder, or such a page")
    if format is not None and places["figures"] is None:
        problems.append("--format: belongs to --figures")
    if methods and (several or any(places.values())):
        problems.append("--methods: prints the paragraph of one run or study, and goes with no other option")
    if problems:
        raise ConfigurationError("report", problems)


def _joined(studies: list[Path], out: Path) -> dict[str, Any]:
    from nasframe.report import join_studies

    record = join_studies(studies, out)
    for sentence in record["caveats"]:
        print_text(sentence)
    return record


def _page_of(folder: Path, record: Mapping[str, Any] | None, out: Path | None) -> Page:
    from nasframe.report import read_page, studies_page
    from nasframe.runs import naming_missing_plugins

    if record is not None and out is not None:
        return studies_page(record, out.name)
    with naming_missing_plugins(folder):
        return read_page(folder)


def _files_of(
    page: Page, given: Mapping[str, Path], format: FigureFormat | None
) -> dict[str, dict[str, bytes]]:
    """Return option → name of a file → its content."""
    kinds = ("svg", "pdf") if format is None else (format,)
    makers: dict[str, Callable[[], dict[str, bytes]]] = {
        "tables": page.data_files,
        "latex": page.latex_files,
        "figures": lambda: page.figure_files(kinds),
    }
    files = {option: makers[option]() for option in given}
    both = sorted(files.get("tables", {}).keys() & files.get("figures", {}).keys())
    if both and given["tables"].resolve() == given["figures"].resolve():
        names = format_names(both)
        problem = f"--tables and --figures {given['figures']}: both write {names}; expected two folders"
        raise ConfigurationError("report", [problem])
    return files


def _counted(option: str, page: Page, files: int) -> str:
    if option == "tables":
        tables, figures = counted(len(page.tables), "table"), counted(len(page.figures), "figure")
        return f"{tables} and {figures} in {counted(files, 'file')}"
    if option == "latex":
        return f"{counted(files, 'file')} of LaTeX"
    return f"{counted(len(page.figures), 'figure')} in {counted(files, 'file')}"


def _write_page(page: Page, folder: Path, record: Mapping[str, Any] | None, out: Path | None) -> None:
    from nasframe.report import write_studies
    from nasframe.runs import cut_short

    if record is not None and out is not None:
        write_studies(record, out)
        return
    page.write(folder)
    torn = cut_short(folder / "metrics.jsonl")
    if torn:
        print_message(f"nasframe: warning: {torn} here; a resumed run makes it whole")
