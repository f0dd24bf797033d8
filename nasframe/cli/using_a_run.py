"""The commands that read a run: `evaluate`, `show`, and `report`, which studies have too."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from nasframe.cli.reporting import report
from nasframe.cli.run_folder import check_run, is_there, near_path
from nasframe.cli.study_options import print_files
from nasframe.cli.summary import print_test
from nasframe.display import metric_tables, print_tables
from nasframe.errors import ConfigurationError, RunError
from nasframe.runtime import (
    counted,
    make_progress,
    print_bytes,
    print_document,
    print_json,
    print_text,
    shell_line,
)

if TYPE_CHECKING:
    from nasframe.space import Architecture

__all__ = ["add_commands", "read_architecture"]

Format = Literal["text", "dot", "svg", "png", "pdf"]
Json = Annotated[bool, Parameter(help="For scripts: JSON instead of a table.")]
On = Annotated[list[str] | None, Parameter(name="--on", negative=())]
Device = Annotated[str | None, Parameter(help="auto, cpu, cuda, cuda:N. [default: the experiment's]")]


def add_commands(app: App) -> None:
    """Add the commands of this group."""
    for command in (evaluate, show, report):
        app.command(command)


def evaluate(
    run: Path,
    /,
    *more: Annotated[Path, Parameter(name="RUN")],
    json: Json = False,
    data: Path | None = None,
    cache: Path | None = None,
    device: Device = None,
    on: On = None,
    matrix: bool = False,
    out: Path | None = None,
) -> int:
    """Score a trained run on its test split, which nothing else opens, or on other data sets.

    The exit status is 1 where an example has no score.

    Parameters
    ----------
    run
        A run folder.
    more
        With --matrix: further runs.
    data
        The data that the run was made from, if it was given with --data.
    on
        A data set to test on, with a name for it: --on swan=SWAN-DF. May be given again.
    matrix
        Test every run on every data set of --on, and print one table.
    out
        With --matrix: a folder for matrix.json and report.html.
    cache
        The folder of prepared data. [default: that of the run, where it is the default one or holds prepared
        data, else it has to be said]
    """
    for folder in (run, *more):
        check_run(folder)
    named = _named_data(on or ())
    _check_evaluation(more, named, data, matrix, out)

    from nasframe import pipeline
    from nasframe.runs import naming_missing_plugins

    if matrix:
        return _evaluate_matrix([run, *more], named, out, cache, device, json)
    if named:
        return _evaluate_on(run, named, cache, device, json)
    with naming_missing_plugins(run):
        metrics = pipeline.evaluate(run, source=data, cache=cache, device=device, progress=make_progress())
    if json:
        print_json(metrics)
    else:
        print_test(metrics)
    return int(bool(metrics.get("undefined_scores")))


def _named_data(words: Sequence[str]) -> dict[str, Path]:
    """Return name → path, of words such as `swan=SWAN-DF`."""
    found: dict[str, Path] = {}
    for word in words:
        name, sign, path = word.partition("=")
        if not (name.strip() and sign and path):
            raise ConfigurationError("evaluate", [f"--on {word}: expected NAME=PATH"])
        if name in found:
            raise ConfigurationError("evaluate", [f"--on {word}: the name {name} twice"])
        if not is_there(Path(path)):
            raise ConfigurationError("evaluate", [f"--on {word}: no such data {path}{near_path(Path(path))}"])
        found[name] = Path(path)
    return found


def _check_evaluation(
    more: Sequence[Path], named: Mapping[str, Path], data: Path | None, matrix: bool, out: Path | None
) -> None:
    """Refuse options that do not go together."""
    problems = []
    if matrix and not named:
        problems.append("--matrix: expected at least one data set: --on NAME=PATH")
    if more and not matrix:
        problems.append(f"{1 + len(more)} runs; expected one, or several with --matrix and --on NAME=PATH")
    if out is not None and not matrix:
        problems.append("--out: belongs to --matrix")
    if out is not None and is_there(out) and not out.is_dir():
        problems.append(f"--out {out}: is a file; expected a folder")
    if named and data is not None:
        problems.append("--data and --on: expected one of them; --on recognises a run's own data")
    if problems:
        raise ConfigurationError("evaluate", problems)


def _evaluate_matrix(
    runs: Sequence[Path],
    named: Mapping[str, Path],
    out: Path | None,
    cache: Path | None,
    device: str | None,
    json: bool,
) -> int:
    from nasframe import pipeline
    from nasframe.report import PAGE, matrix_tables
    from nasframe.runs import naming_missing_plugins

    with ExitStack() as stack:
        for run in runs:
            stack.enter_context(naming_missing_plugins(run))
        record = pipeline.evaluate_matrix(
            runs, named, out=out, cache=cache, device=device, progress=make_progress()
        )
    if json:
        print_json(record)
        return 0
    print_tables(matrix_tables(record)[:1])
    for sentence in record["caveats"]:
        print_text(sentence)
    if out is not None:
        print_files(report=out / PAGE, numbers=out / pipeline.MATRIX)
    return 0


def _evaluate_on(
    run: Path, named: Mapping[str, Path], cache: Path | None, device: str | None, json: bool
) -> int:
    from nasframe import pipeline
    from nasframe.runs import naming_missing_plugins

    with naming_missing_plugins(run):
        found = {
            name: pipeline.evaluate_on(run, path, cache=cache, device=device, progress=make_progress())
            for name, path in named.items()
        }
    if json:
        print_json({name: {**cell, "examples": len(cell["examples"])} for name, cell in found.items()})
        return 0
    for name, cell in found.items():
        where = "the run's own test split" if cell["own"] else counted(len(cell["examples"]), "test example")
        metrics = {key: value for key, value in cell["metrics"].items() if key != "caveats"}
        print_tables(metric_tables(metrics, title=f"On {name}, {where}"))
        for reason, count in cell["left_out"].items():
            print_text(f"{counted(count, 'test example')} left out: {reason}.")
        for sentence in (*cell["notes"], *cell["metrics"].get("caveats", ())):
            print_text(sentence)
    return 0


def show(
    source: str,
    other: str | None = None,
    /,
    *more: Annotated[str, Parameter(show=False)],
    format: Format | None = None,
    out: Path | None = None,
    title: str | None = None,
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
        The file to write. [default: standard output, for png and pdf where it is no terminal]
    title
        Above the picture of one; an empty one leaves it out. [default: the space, the fingerprint, and of an
        evaluated run its score]
    """
    if more:
        raise ConfigurationError("show", [f"{2 + len(more)} architectures; expected one, or two"])
    chosen = _format(format, out)

    from nasframe import pipeline
    from nasframe.render import check_format
    from nasframe.runtime import write_text

    check_format(chosen)
    if other is not None and title is not None:
        raise ConfigurationError("show", [f"--title {title}: is for one architecture, and there are two"])
    first = read_architecture(source)
    if other is None:
        where = Path(source) if is_there(Path(source)) and Path(source).is_dir() else first
        drawing = pipeline.draw(where, title=title, measured=chosen != "text")
    else:
        drawing = pipeline.draw(first, read_architecture(other), titles=_titles(source, other))
    if chosen in ("png", "pdf"):
        if out is None:
            print_bytes(drawing.png if chosen == "png" else drawing.pdf)
        else:
            drawing.save(out)
            print_files(picture=out)
        return
    text = {"text": lambda: drawing.text, "dot": lambda: drawing.dot, "svg": lambda: drawing.svg}[chosen]()
    text = text.rstrip("\n") + "\n"
    if out is None:
        print_document(text)
    else:
        write_text(out, text)
        print_files(**{"picture" if chosen == "svg" else chosen: out})


def read_architecture(source: str) -> Architecture:
    """Return the architecture of a run folder or a file, or of a text that a plugin can read."""
    from nasframe import pipeline
    from nasframe.runs import naming_missing_plugins
    from nasframe.space import Architecture
    from nasframe.tasks import data_file_hint

    if not source:
        raise RunError("expected a run folder or an architecture, found an empty word")
    path = Path(source)
    if not is_there(path):
        found = Architecture.from_text(source, "the genotype")
        if found is None:
            raise RunError(f"{path}: no such run folder or architecture file{near_path(path)}")
        return found
    if path.is_file() and (hint := data_file_hint(path)):
        raise RunError(f"{path}: {hint}; expected a run folder or an architecture")
    if _is_experiment(path):
        where = shell_line(["nasframe", "run", source])
        raise RunError(
            f"{path}: is an experiment, which has no architecture before it is searched: {where}; "
            "then show the run folder"
        )
    with naming_missing_plugins(path if path.is_dir() else path.parent):
        return pipeline.load_architecture(path)


def _is_experiment(path: Path) -> bool:
    """Return True for TOML with a section of an experiment; an architecture and a genotype are no TOML."""
    from nasframe.experiment import read_toml

    try:
        return not {"task", "space", "search", "relaxation", "train"}.isdisjoint(read_toml(path))
    except ConfigurationError:
        return False


def _titles(left: str, right: str) -> tuple[str, str]:
    """Return the shortest ends of both paths that differ; A and B where there are none."""
    parts = [
        Path(source).parts if is_there(Path(source)) else (letter,)
        for source, letter in ((left, "A"), (right, "B"))
    ]
    for count in (1, 2, 3):
        names = ["/".join(part[-count:]) for part in parts]
        if names[0] != names[1]:
            return names[0], names[1]
    return "A", "B"


def _format(format: Format | None, out: Path | None) -> Format:
    endings: dict[str, Format] = {".txt": "text", ".dot": "dot", ".gv": "dot", ".svg": "svg"}
    endings |= {".png": "png", ".pdf": "pdf"}
    if out is None:
        if format in ("png", "pdf") and sys.stdout is not None and sys.stdout.isatty():
            where = f"--out FILE.{format}, or > FILE.{format}"
            raise ConfigurationError("show", [f"--format {format}: no file for a terminal; say {where}"])
        return format or "text"
    if out.suffix not in endings:
        raise ConfigurationError("show", [f"--out {out}: unknown ending; valid: {', '.join(endings)}"])
    named = endings[out.suffix]
    if format not in (None, named):
        raise ConfigurationError("show", [f"--format {format}: the ending of --out {out} says {named}"])
    if not out.parent.is_dir():
        there = next(folder for folder in out.absolute().parents if folder.is_dir())
        raise ConfigurationError(
            "show", [f"--out {out}: no folder {out.parent}; the nearest that is there: {there}"]
        )
    if out.is_dir():
        raise ConfigurationError("show", [f"--out {out}: is a folder; expected a file"])
    return named
