"""The command `predict`: files are scored with a trained run."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from nasframe.cli.files_to_score import files_to_score, listed_paths
from nasframe.cli.prediction_output import CsvRows, JsonLines, PredictionOutput, PredictionTable
from nasframe.cli.run_folder import check_run
from nasframe.errors import ConfigurationError
from nasframe.runtime import make_progress

if TYPE_CHECKING:
    from nasframe.pipeline import Scorer

__all__ = ["add_commands"]

Device = Annotated[str | None, Parameter(help="auto, cpu, cuda, cuda:N. [default: the experiment's]")]
Lists = Annotated[list[Path] | None, Parameter(name="--list", negative=(), allow_leading_hyphen=True)]


def add_commands(app: App) -> None:
    """Add the command."""
    app.command(predict)


def predict(
    run: Path,
    /,
    *files: Path,
    lists: Lists = None,
    threshold: float | None = None,
    per_second: bool = False,
    csv: bool = False,
    json: bool = False,
    device: Device = None,
) -> int:
    """Score files with a trained run. The exit status is 1 where a file could not be scored.

    Parameters
    ----------
    run
        A run folder.
    files
        The files to score. Of a folder, all files below it whose endings the task names.
    lists
        A text with one path on each line; - for standard input. May be given again.
    threshold
        In place of the one that was fitted on the validation split.
    per_second
        The scores of the seconds too, where the task gives them.
    csv
        For spreadsheets: a row for each file, or for each second.
    json
        For scripts: an object on a line for each file.
    """
    check_run(run)
    if csv and json:
        raise ConfigurationError("predict", ["--csv and --json: expected one of them"])
    paths = [*files, *(path for source in lists or () for path in listed_paths(source))]
    if not paths:
        empty = ", as in nasframe predict RUN FILE…"
        if lists:
            empty = f"; {', '.join(map(str, lists))} has no line with a path"
        raise ConfigurationError("predict", [f"no files to score{empty}"])

    from nasframe import pipeline
    from nasframe.runs import naming_missing_plugins

    with naming_missing_plugins(run):
        scorer = pipeline.load_scorer(run, device=device, threshold=threshold)
    output: PredictionOutput
    if json:
        output = JsonLines()
    elif csv:
        output = CsvRows(scorer.columns, per_second)
    else:
        output = PredictionTable(scorer.score_meaning, per_second)
    failed = False
    with contextlib.closing(_records(scorer, paths)) as records:
        for record in records:
            failed = failed or "error" in record
            output.add(record)
    output.end()
    return int(failed)


def _records(scorer: Scorer, paths: Sequence[Path]) -> Generator[dict[str, Any], None, None]:
    """Yield a record for each file, in order, also for a folder without any."""
    from nasframe.pipeline import error_record

    items = list(files_to_score(paths, scorer.file_endings))
    scoring = contextlib.closing(scorer.score(item for item in items if isinstance(item, Path)))
    with make_progress().task("predict", len(items)) as advance, scoring as scored:
        for item in items:
            if isinstance(item, Path):
                yield next(scored)
            else:
                file, error, reason = item
                yield error_record(file, error, reason)
            advance(1)
        for _ in scored:  # a task that has more to say is told so
            pass
