"""`nasframe report`: the page of a run, a study or several studies, and what a paper takes from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from nasframe.cli.run_folder import is_there, near_path
from nasframe.cli.study_options import print_files
from nasframe.errors import ConfigurationError, RunError
from nasframe.runtime import counted, print_message, print_text

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
    """
    studies = [folder, *more]
    for study in studies:
        if not study.is_dir():
            problem = (
                "is a file; expected a folder" if study.exists() else f"no such folder{near_path(study)}"
            )
            raise RunError(f"{study}: {problem}")
    places = {"tables": tables, "latex": latex, "figures": figures}
    _check(places, out, bool(more), format, methods)

    page = _joined(studies, out) if out is not None else _page_of(folder, write=not methods)
    if methods:
        if not page.methods:
            expected = "a run, a comparison of variants or a sweep"
            raise RunError(f"{folder}: there is no paragraph on its methods; expected {expected}")
        print_text(page.methods)
        return
    _write(page, out or folder, places, format)


def _check(
    places: dict[str, Path | None], out: Path | None, several: bool, format: str | None, methods: bool
) -> None:
    """Refuse options that do not go together."""
    problems = [
        f"--{option} {place}: is a file; expected a folder"
        for option, place in {"out": out, **places}.items()
        if place is not None and is_there(place) and not place.is_dir()
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


def _page_of(folder: Path, *, write: bool) -> Page:
    from nasframe.report import read_page
    from nasframe.runs import cut_short, naming_missing_plugins

    with naming_missing_plugins(folder):
        page = read_page(folder)
    if write:
        page.write(folder)
    torn = cut_short(folder / "metrics.jsonl")
    if torn:
        print_message(f"nasframe: warning: {torn} here; a resumed run makes it whole")
    return page


def _joined(studies: list[Path], out: Path) -> Page:
    from nasframe.report import join_studies, write_studies

    record = join_studies(studies, out)
    for sentence in record["caveats"]:
        print_text(sentence)
    return write_studies(record, out)


def _write(page: Page, home: Path, places: dict[str, Path | None], format: FigureFormat | None) -> None:
    from nasframe.report import PAGE

    written = {"report": home / PAGE}
    tables, latex, figures = places["tables"], places["latex"], places["figures"]
    if tables is not None:
        count = len(page.export(tables))
        print_text(f"{len(page.tables)} tables and {len(page.figures)} figures in {count} files")
        written["tables"] = tables
    if latex is not None:
        print_text(f"{counted(len(page.export_latex(latex)), 'file')} of LaTeX")
        written["latex"] = latex
    if figures is not None:
        kinds = ("svg", "pdf") if format is None else (format,)
        count = len(page.export_figures(figures, kinds))
        print_text(f"{counted(len(page.figures), 'figure')} in {counted(count, 'file')}")
        written["figures"] = figures
    print_files(**written)
