"""The command that goes on with whatever was interrupted in a folder: `resume`."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from nasframe.cli.making_a_run import show_run, show_search, show_training
from nasframe.cli.run_folder import file_in_words, near_path
from nasframe.cli.studies import show_comparison, show_loops, show_sweep, show_table
from nasframe.cli.summary import print_test
from nasframe.errors import ConfigurationError, RunError
from nasframe.runtime import format_names, make_progress, print_text

__all__ = ["add_commands"]


def add_commands(app: App) -> None:
    """Add the command."""
    app.command(resume)


def resume(folder: Path, /, *, data: Path | None = None, table: list[Path] | None = None) -> int:
    """Go on with whatever was interrupted in a folder, also by a kill or a power cut: a run, or a study.

    It ends with the same bits as if nothing had happened. Plugins that are files are not loaded by
    themselves: say --plugin FILE again.

    Parameters
    ----------
    folder
        A run folder, or the folder of a comparison, a sweep or a table of a space.
    data
        The data of the first command, where that was given --data. A study needs it again, for its record
        may come from a stranger.
    table
        A table of the first command, where that was given --table; likewise.
    """
    if not folder.is_dir():
        problem = file_in_words(folder, "folder") if folder.exists() else _missing(folder)
        raise RunError(f"{folder}: {problem}")
    if (folder / "study.json").is_file():
        return _resume_study(folder, data, table)
    if not (folder / "run.json").is_file():
        inside = [str(item.parent) for name in ("run", "study") for item in folder.glob(f"*/{name}.json")]
        hint = f"; in it there are: {format_names(sorted(inside))}" if inside else ""
        raise RunError(f"{folder}: is neither a run nor a study: it has no run.json and no study.json{hint}")

    if table:
        raise ConfigurationError(
            "resume", [f"--table: only a comparison takes tables, and {folder} is a run"]
        )

    from nasframe import pipeline

    show = {"run": show_run, "search": show_search, "train": show_training, "evaluate": print_test}
    count = 0
    for name, found in pipeline.resume(folder, source=data, progress=make_progress()):
        show[name](found)  # type: ignore[operator]
        count += 1
    if not count:
        print_text(_nothing_left(folder))
    return 0


def _nothing_left(folder: Path) -> str:
    # such a command leaves no trace until its data is prepared, so it cannot be told from none
    return (
        f"{folder}: nothing is left to do. If a command with --overwrite was ended before it replaced "
        "anything, give that command again"
    )


def _resume_study(folder: Path, data: Path | None, table: list[Path] | None) -> int:
    from nasframe.studies import resume_study

    found = resume_study(folder, source=data, tables=table or None, progress=make_progress())
    if found is None:
        print_text(_nothing_left(folder))
        return 0
    name, result = found
    show = {
        "compare": show_comparison,
        "compare_on_table": show_loops,
        "sweep": show_sweep,
        "tabulate": show_table,
    }
    return show[name](result, folder)


def _missing(folder: Path) -> str:
    near = near_path(folder)
    if near or not folder.parent.is_dir():
        return f"no such folder{near}"
    there = [str(item.parent) for name in ("run", "study") for item in folder.parent.glob(f"*/{name}.json")]
    return "no such folder" + (f"; there are: {format_names(sorted(there))}" if there else "")
