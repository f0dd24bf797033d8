"""Interrupted work in the folder of a study goes on: the call that its record holds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.errors import ConfigurationError, RunError
from nasframe.pipeline import require_plugin_files
from nasframe.plugins import manager
from nasframe.report import check_study_record
from nasframe.runs import UNFINISHED
from nasframe.runtime import (
    ANYTHING,
    MAX_EXACT_INTEGER,
    NOTHING,
    PATH,
    SILENT,
    Each,
    Fields,
    Flag,
    Items,
    Nullable,
    Number,
    Progress,
    Shape,
    Text,
    cores,
    format_names,
    progress_of,
    shell_line,
)
from nasframe.studies.comparison import compare
from nasframe.studies.folder import RECORD, check_in_study, read_study
from nasframe.studies.grid_sweep import sweep
from nasframe.studies.loop_comparison import compare_on_table
from nasframe.studies.procedure import BaseExperiment
from nasframe.studies.tabulation import tabulate

__all__ = ["fitting_this_machine", "resume_study"]


def _compare_on_table(_: BaseExperiment, **arguments: Any) -> Any:
    return compare_on_table(**arguments)  # whose experiment is that of the table


_CALLS: Mapping[str, Callable[..., Any]] = {
    "compare": compare,
    "compare_on_table": _compare_on_table,
    "sweep": sweep,
    "tabulate": tabulate,
}


_WHOLE = Number(-MAX_EXACT_INTEGER, MAX_EXACT_INTEGER, whole=True)
_ARGUMENTS: Mapping[str, Shape] = {
    **dict.fromkeys(("overrides", "axes", "relaxations", "vary", "loops"), Items(Text())),
    **dict.fromkeys(("seeds", "random", "architectures"), _WHOLE),
    **dict.fromkeys(("exhaustive", "yes"), Flag()),
    **dict.fromkeys(("workers", "seed"), Nullable(_WHOLE)),
    "table": PATH,
    **dict.fromkeys(("train_missing", "other_versions"), Flag()),
    **dict.fromkeys(("device", "relaxation"), Nullable(Text())),
    "source": Nullable(PATH),
    "tables": Nullable(Items(PATH)),
    "patience": Number(),
    "executor": Text(),
}
_CALL = Fields(
    {
        "call": Text(_CALLS),
        "experiment": Fields({"values": Each(ANYTHING), "source": Text(), "name": Text()}, others=NOTHING),
        "arguments": Fields({}, _ARGUMENTS, NOTHING),
    },
    others=NOTHING,
)


def resume_study(
    folder: str | Path,
    *,
    source: str | Path | None = None,
    tables: Sequence[str | Path] | None = None,
    progress: Progress | bool | None = SILENT,
) -> tuple[str, Any] | None:
    """Go on with a comparison, also of loops, a sweep or a table that was interrupted, also by a kill.

    Nothing that the folder holds is loaded as code: a plugin that is one file must have been loaded before.
    Its record may come from a stranger, so data and tables outside the folder are read only where they are
    given here.

    Args:
        folder: of the study.
        source: the user's data; None is that of the record.
        tables: tables of a comparison; of one of loops, the table that judges them; None are those of the
            record.
        progress: what to report to; True is what the command line shows, False and None are silent.

    Returns:
        The name of the function (`compare`, `compare_on_table`, `sweep`, `tabulate`) and what it returns;
        None where nothing was left to do.

    Raises:
        RunError: the folder holds no study, or one that recorded no call; a plugin file is not loaded; it
            names data or tables outside itself; or another process works in it; or it has ended, and its
            results are damaged.
        ConfigurationError: tables are given, and it is no comparison.
    """
    progress = progress_of(progress)
    path = Path(folder)
    record = read_study(path)
    call = record.get(UNFINISHED)
    if call == {}:
        check_study_record(path)
        return None
    if call is None:
        raise RunError(
            f"{path}: does not say which command began it, as it was made by an older version or in Python; "
            "give that command again"
        )
    check_in_study(path, record, Fields({UNFINISHED: _CALL}))
    name, base = call["call"], BaseExperiment(**call["experiment"], recorded=path)
    arguments = fitting_this_machine(_with_known_paths(path, call["arguments"], source, tables))
    if tables is not None and name not in ("compare", "compare_on_table"):
        raise ConfigurationError("resume", [f"--table: only a comparison takes tables, and {path} is none"])
    packages = (record.get("packages") or {}).items()
    files = {plugin: {"file": str(found)} for plugin, found in packages if str(found).endswith(".py")}
    require_plugin_files(path, files)
    return name, _CALLS[name](base, out=path, progress=progress, **arguments)


def _with_known_paths(
    path: Path,
    arguments: Mapping[str, Any],
    source: str | Path | None,
    tables: Sequence[str | Path] | None,
) -> dict[str, Any]:
    """Return recorded arguments with the paths that the user gives; the others lie in the folder."""
    found = dict(arguments)
    if source is not None:
        found["source"] = source
    elif found.get("source") is not None:
        _refuse_outside(path, [found["source"]], "source", "--data")
    if "table" in found:  # of a comparison of loops, which is judged by one
        if tables is not None:
            if len(tables) != 1:
                raise ConfigurationError("resume", [f"--table: expected one table, found {len(tables)}"])
            (found["table"],) = tables
        elif not _is_registered(found["table"]):
            _refuse_outside(path, [found["table"]], "table", "--table")
    elif tables is not None:
        found["tables"] = tables
    else:
        _refuse_outside(path, found.get("tables") or (), "tables", "--table")
    return found


def _is_registered(path: str) -> bool:
    """Return True for the file of a table that an installed plugin brings."""
    return any(str(entry.target) == path for entry in manager().registered("table"))


def _refuse_outside(path: Path, named: Sequence[str], key: str, option: str) -> None:
    """Refuse paths of the record of a study that lead out of its folder, in words that say what to give."""
    with contextlib.suppress(OSError, RuntimeError):  # too long, or a link to itself
        if all(Path(text).resolve().is_relative_to(path.resolve()) for text in named):
            return
    words = ["nasframe", "resume", str(path), *(word for text in named for word in (option, text))]
    raise RunError(
        f"{path / RECORD}: {UNFINISHED}.arguments.{key} names {format_names(named)}, outside the folder, "
        f"which may come from a stranger; if you know it, say it yourself: {shell_line(words)}"
    )


def fitting_this_machine(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return recorded arguments with no more workers than there are cores.

    They may come from a larger machine, or from a stranger.
    """
    workers = arguments.get("workers")
    return dict(arguments) if workers is None else {**arguments, "workers": min(workers, cores())}
