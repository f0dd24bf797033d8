"""Interrupted work in the folder of a study goes on: the call that its record holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.pipeline import require_plugin_files
from nasframe.runs import UNFINISHED
from nasframe.runtime import (
    ANYTHING,
    MOST,
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
    check_shape,
    cores,
)
from nasframe.studies.base_experiment import BaseExperiment
from nasframe.studies.comparison_plan import compare
from nasframe.studies.folder import RECORD, read_study
from nasframe.studies.loop_comparison import compare_on_table
from nasframe.studies.sweep_plan import sweep
from nasframe.studies.table_plan import tabulate

__all__ = ["fitting_this_machine", "resume_study"]


def _compare_on_table(_: BaseExperiment, **arguments: Any) -> Any:
    return compare_on_table(**arguments)  # whose experiment is that of the table


_CALLS: Mapping[str, Callable[..., Any]] = {
    "compare": compare,
    "compare_on_table": _compare_on_table,
    "sweep": sweep,
    "tabulate": tabulate,
}


_WHOLE = Number(-MOST, MOST, whole=True)
_ARGUMENTS: Mapping[str, Shape] = {
    **dict.fromkeys(("overrides", "axes", "relaxations", "vary", "loops"), Items(Text())),
    **dict.fromkeys(("seeds", "random", "architectures"), _WHOLE),
    **dict.fromkeys(("exhaustive", "yes"), Flag()),
    **dict.fromkeys(("workers", "seed"), Nullable(_WHOLE)),
    "table": PATH,
    "train_missing": Flag(),
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
    check_shape(record, Fields({UNFINISHED: _CALL}), str(path / RECORD))
    name, base = asked["call"], BaseExperiment(**asked["experiment"], recorded=path)
    arguments = fitting_this_machine(asked["arguments"])
    packages = (record.get("packages") or {}).items()
    files = {plugin: {"file": str(found)} for plugin, found in packages if str(found).endswith(".py")}
    require_plugin_files(path, files)
    return name, _CALLS[name](base, out=path, progress=progress, **arguments)


def fitting_this_machine(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return recorded arguments with no more workers than there are cores.

    They may come from a larger machine, or from a stranger.
    """
    workers = arguments.get("workers")
    return dict(arguments) if workers is None else {**arguments, "workers": min(workers, cores())}
