"""The commands that use a run: `evaluate`, `predict`, `show`, and `report`, which studies have too."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from nasframe.cli.study_options import print_files
from nasframe.display import format_value, metric_tables, print_tables
from nasframe.errors import ConfigurationError, RunError, near_names, nearest
from nasframe.runtime import make_progress, print_document, print_json, print_message, print_text, visible

if TYPE_CHECKING:
    from nasframe.space import Architecture

__all__ = ["add_commands", "near_path", "read_architecture", "show_metrics"]

Format = Literal["text", "dot", "svg", "png"]
Json = Annotated[bool, Parameter(help="For scripts: JSON instead of a table.")]
Device = Annotated[str | None, Parameter(help="auto, cpu, cuda, cuda:N. [default: the experiment's]")]


def add_commands(app: App) -> None:
    """Add the commands of this group."""
    for command in (evaluate, predict, show, report):
        app.command(command)


def evaluate(
    run: Path,
    /,
    *,
    json: Json = False,
    data: Path | None = None,
    cache: Path | None = None,
    device: Device = None,
) -> int:
    """Score a trained run on its test split, which nothing else opens.

    The exit status is 1 where an example has no score.

    Parameters
    ----------
    run
        A run folder.
    data
        The data that the run was made from, if it was given with --data.
    cache
        The folder of prepared data. [default: that of the run, where it is the default one or holds prepared
        data, else it has to be said]
    """
    _check_run(run)

    from nasframe import pipeline
    from nasframe.runs import naming_missing_plugins

    with naming_missing_plugins(run):
        metrics = pipeline.evaluate(run, source=data, cache=cache, device=device, progress=make_progress())
    if json:
        print_json(metrics)
    else:
        show_metrics(metrics)
    return int(bool(metrics.get("undefined_scores")))


def show_metrics(metrics: dict[str, Any]) -> None:
    """Print the metrics of a run on its test split, beside those of its baselines."""
    from nasframe.report import baseline_table, metric_caveats

    apart = ("baselines", "caveats", "undefined_scores")
    own = {name: value for name, value in metrics.items() if name not in apart}
    compared = baseline_table(metrics)
    print_tables(
        [*metric_tables(own, title="On the test split"), *([compared] if compared is not None else [])]
    )
    for sentence in metric_caveats(metrics):
        print_text(sentence)


def predict(run: Path, /, *files: Path, json: Json = False, device: Device = None) -> int:
    """Score files with a trained run. The exit status is 1 where a file could not be scored.

    Parameters
    ----------
    run
        A run folder.
    files
        The files to score.
    """
    _check_run(run)
    if not files:
        raise ConfigurationError("predict", ["no files to score"])

    from nasframe import pipeline
    from nasframe.runs import naming_missing_plugins

    table, failed = _PredictionTable(run), False
    with naming_missing_plugins(run):
        records = pipeline.predict(run, files, device=device, progress=make_progress())
    for record in records:
        failed = failed or "error" in record
        if json:
            print_json(record, indent=None)
        else:
            table.add(record)
    return int(failed)


class _PredictionTable:
    """A table that prints each line as its result comes; the path is last, because it may be long."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._begun = False

    def add(self, record: dict[str, Any]) -> None:
        if not self._begun:
            self._begun = True
            direction = _direction(self._run)
            print_text(f"{visible(direction)}\n" * bool(direction) + "    SCORE  THRESHOLD  DECISION  FILE")
        if "error" in record:
            self._print("-", "-", "error", f"{record['file']}: {record['error']}")
            return
        score, threshold = (
            format_value(record[key]) if key in record else "-" for key in ("score", "threshold")
        )
        self._print(score, threshold, str(record.get("decision", "-")), record["file"])

    def _print(self, score: str, threshold: str, decision: str, file: str) -> None:
        print_text(visible(f"{score:>9}  {threshold:>9}  {visible(decision):8}  {file}"))


def _direction(run: Path) -> str:
    """Return what a high score means."""
    from nasframe import pipeline

    return pipeline.load_experiment(run).task.score_meaning


def show(
    source: str,
    other: str | None = None,
    /,
    *more: Annotated[str, Parameter(show=False)],
    format: Format | None = None,
    out: Path | None = None,
) -> None:
    """Show an architecture, or two side by side with their differences: as text, or as a picture.

    Parameters
    ----------
    source
        A run folder, an architecture's JSON file, or a published genotype (a file, or its text).
    other
        A second architecture, to be shown beside the first.
    format
        [default: the one that the ending of --out names, else text]
    out
        The file to write. [default: standard output; png needs a file]
    """
    if more:
        raise ConfigurationError("show", [f"{2 + len(more)} architectures; expected one, or two"])
    chosen = _format(format, out)

    from nasframe import pipeline
    from nasframe.render import check_format
    from nasframe.runtime import write_text

    check_format(chosen)
    first = read_architecture(source)
    if other is None:
        drawing = pipeline.draw(first)
    else:
        drawing = pipeline.draw(first, read_architecture(other), titles=_titles(source, other))
    if chosen == "png":
        assert out is not None
        drawing.save(out)
        return
    text = {"text": lambda: drawing.text, "dot": lambda: drawing.dot, "svg": lambda: drawing.svg}[chosen]()
    text = text.rstrip("\n") + "\n"
    if out is None:
        print_document(text)
    else:
        write_text(out, text)


def report(folder: Path, /, *, tables: Path | None = None) -> None:
    """Make the page of a run or a study anew, from the other files in its folder.

    Parameters
    ----------
    folder
        A run folder, or the folder of a comparison, a sweep or a table of a space.
    tables
        A folder in which every table of the page is written as CSV and JSON, and every figure as SVG with
        its data.
    """
    if not folder.is_dir():
        problem = "is a file; expected a folder" if folder.exists() else f"no such folder{near_path(folder)}"
        raise RunError(f"{folder}: {problem}")
    if tables is not None and _exists(tables) and not tables.is_dir():
        raise ConfigurationError("report", [f"--tables {tables}: is a file; expected a folder"])

    from nasframe.report import PAGE, read_page
    from nasframe.runs import cut_short, naming_missing_plugins

    with naming_missing_plugins(folder):
        page = read_page(folder)
    page.write(folder)
    torn = cut_short(folder / "metrics.jsonl")
    if torn:
        print_message(f"nasframe: warning: {torn} here; a resumed run makes it whole")
    written = {"report": folder / PAGE}
    if tables is not None:
        count = len(page.export(tables))
        print_text(f"{len(page.tables)} tables and {len(page.figures)} figures in {count} files")
        written["tables"] = tables
    print_files(**written)


def read_architecture(source: str) -> Architecture:
    """Return the architecture of a run folder or a file, or of a text that a plugin can read."""
    from nasframe import pipeline
    from nasframe.runs import naming_missing_plugins
    from nasframe.space import Architecture

    path = Path(source)
    if not _exists(path):
        found = Architecture.from_text(source, "the genotype")
        if found is None:
            raise RunError(f"{path}: no such run folder or architecture file{near_path(path)}")
        return found
    with naming_missing_plugins(path if path.is_dir() else path.parent):
        return pipeline.load_architecture(path)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a text that is too long for a path, or that cannot be one
        return False


def _titles(left: str, right: str) -> tuple[str, str]:
    """Return the shortest ends of both paths that differ; A and B where there are none."""
    parts = [
        Path(source).parts if _exists(Path(source)) else (letter,)
        for source, letter in ((left, "A"), (right, "B"))
    ]
    for count in (1, 2, 3):
        names = ["/".join(part[-count:]) for part in parts]
        if names[0] != names[1]:
            return names[0], names[1]
    return "A", "B"


def _format(format: Format | None, out: Path | None) -> Format:
    endings: dict[str, Format] = {".txt": "text", ".dot": "dot", ".gv": "dot", ".svg": "svg", ".png": "png"}
    if out is None:
        if format == "png":
            raise ConfigurationError("show", ["--format png: needs --out FILE.png"])
        return format or "text"
    if out.suffix not in endings:
        raise ConfigurationError("show", [f"--out {out}: unknown ending; valid: {', '.join(endings)}"])
    named = endings[out.suffix]
    if format not in (None, named):
        raise ConfigurationError("show", [f"--format {format}: the ending of --out {out} says {named}"])
    if not out.parent.is_dir():
        there = next(folder for folder in out.absolute().parents if folder.is_dir())
        raise ConfigurationError("show", [f"--out {out}: no folder {out.parent}; there is {there}"])
    if out.is_dir():
        raise ConfigurationError("show", [f"--out {out}: is a folder; expected a file"])
    return named


def _check_run(run: Path) -> None:
    if not run.is_dir():
        problem = (
            "is a file; expected a run folder" if run.exists() else f"no such run folder{near_path(run)}"
        )
        raise RunError(f"{run}: {problem}")


def near_path(path: Path) -> str:
    """Return the names beside a path that may be meant, ready to end an error message; "" for none.

    Of a link that leads to no file, this is said instead.
    """
    if os.path.islink(path):  # noqa: PTH114 - pathlib raises an error for a name that is too long
        return "; it is a link to nothing"
    if not _exists(path.parent) or not path.parent.is_dir():
        return ""
    names = [item.name for item in path.parent.iterdir()]
    return nearest(path.name, names) if near_names(path.name, names) else ""
