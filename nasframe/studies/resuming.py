"""Interrupted work in the folder of a study goes on: the call that its record holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.pipeline import require_plugin_files
from nasframe.runs import UNFINISHED
from nasframe.runtime import SILENT, Progress
from nasframe.studies.base_experiment import BaseExperiment
from nasframe.studies.comparison_plan import compare
from nasframe.studies.folder import read_study
from nasframe.studies.sweep_plan import sweep
from nasframe.studies.table_plan import tabulate

__all__ = ["resume_study"]

_CALLS: Mapping[str, Callable[..., Any]] = {"compare": compare, "sweep": sweep, "tabulate": tabulate}


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_ARGUMENTS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("overrides", "axes", "relaxations", "vary"), _is_texts),
    **dict.fromkeys(("seeds", "random", "architectures"), _is_whole),
    **dict.fromkeys(("workers", "seed"), lambda value: value is None or _is_whole(value)),
    **dict.fromkeys(("source", "device", "relaxation"), lambda value: value is None or _is_text(value)),
    "tables": lambda value: value is None or _is_texts(value),
    "patience": lambda value: isinstance(value, int | float),
    "executor": _is_text,
}


def resume_study(folder: str | Path, *, progress: Progress = SILENT) -> tuple[str, Any] | None:
    """Go on with a comparison, a sweep or a table that was interrupted, also by a kill.

    Nothing that the folder holds is loaded as code: a plugin that is one file must have been loaded before.

    Args:
        folder: of the study.
        progress: what to report to.

    Returns:
        The name of the function (`compare`, `sweep`, `tabulate`) and what it returns; None where nothing was
        left to do.

    Raises:
        RunError: the folder holds no study, or one that recorded no call; a plugin file is not loaded; or
            another process works in it.
    """
    path = Path(folder)
    record = read_study(path)
    asked = record.get(UNFINISHED)
    if asked == {}:
        return None
    if asked is None:
        raise RunError(
            f"{path}: does not say which command began it, as it was made by an older version or in Python; "
            "give that command again"
        )
    name, base, arguments = _checked(path, asked)
    packages = (record.get("packages") or {}).items()
    files = {plugin: {"file": str(found)} for plugin, found in packages if str(found).endswith(".py")}
    require_plugin_files(path, files)
    return name, _CALLS[name](base, out=path, progress=progress, **arguments)


def _checked(path: Path, asked: Any) -> tuple[str, BaseExperiment, dict[str, Any]]:
    """Return function, experiment and arguments of a recorded call.

    Raises:
        RunError: names the key that is none of nasframe's.
    """
    problem = RunError(f"{path}: study.json: {UNFINISHED}: is none of nasframe's")
    if not (isinstance(asked, dict) and {"call", "experiment", "arguments"} == asked.keys()):
        raise problem
    experiment, arguments = asked["experiment"], asked["arguments"]
    if asked["call"] not in _CALLS or not (isinstance(experiment, dict) and isinstance(arguments, dict)):
        raise problem
    if not (
        experiment.keys() == {"values", "source", "name"}
        and isinstance(experiment["values"], dict)
        and _is_text(experiment["source"])
        and _is_text(experiment["name"])
    ):
        raise problem
    for key, value in arguments.items():
        if key not in _ARGUMENTS or not _ARGUMENTS[key](value):
            raise RunError(f"{path}: study.json: {UNFINISHED}.arguments.{key}: cannot be {value!r}")
    return asked["call"], BaseExperiment(**experiment, recorded=path), arguments
