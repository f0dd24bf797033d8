"""Interrupted work in a run folder goes on: the commands that its record holds as unfinished."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.experiment import Experiment
from nasframe.pipeline.architecture_search import search
from nasframe.pipeline.evaluation import evaluate
from nasframe.pipeline.final_training import train
from nasframe.pipeline.loading import load_experiment
from nasframe.pipeline.search_result import SearchResult
from nasframe.pipeline.whole_run import run_experiment
from nasframe.plugins import RecordedNames, manager
from nasframe.runs import (
    UNFINISHED,
    Run,
    check_begun_record,
    is_begun,
    missing_plugins,
    naming_missing_plugins,
    read_record,
    unfinished_commands,
)
from nasframe.runtime import SILENT, Progress, cores, progress_of
from nasframe.space import Architecture

__all__ = ["require_plugin_files", "resume"]

_ORDER = ("run", "search", "train", "evaluate")


def resume(
    folder: str | Path, *, source: str | Path | None = None, progress: Progress | bool | None = SILENT
) -> Iterator[tuple[str, Run | SearchResult | dict[str, Any]]]:
    """Go on with every command that was interrupted in a run folder, also by a kill.

    Nothing that the folder holds is loaded as code, and nothing is replaced: a plugin that is one file must
    have been loaded before.

    Args:
        folder: of the run.
        source: the user's data; None is that of the record.
        progress: what to report to; True is what the command line shows, False and None are silent.

    Yields:
        The name of each command (`run`, `search`, `train`, `evaluate`) with what it returns; nothing where
        all have ended.

    Raises:
        RunError: the folder holds no run, or one that recorded no commands; a plugin file is not loaded; the
            data would be prepared in a folder that the user has to say; another process works in it; or all
            have ended, and a file of their results is damaged.
    """
    progress = progress_of(progress)
    path = Path(folder)
    record = read_record(path) if (path / "run.json").exists() else Run.open(path).record
    check_begun_record(record, path / "run.json")
    if not is_begun(record):
        Run.open(path)  # refuses another format
    if UNFINISHED not in record and not (record.get("done") or {}).get("evaluate"):
        raise RunError(
            f"{path}: does not say which command began it, as it was made by an older version or in Python; "
            "give that command again"
        )
    commands = unfinished_commands(record)
    if not commands:
        Run(path).refuse_damaged_results()
    unknown = [name for name in commands if name not in _ORDER]
    if unknown:
        raise RunError(f"{path}: {UNFINISHED}: expected {', '.join(_ORDER)}, found {unknown[0]!r}")
    if commands:
        require_plugin_files(path, record.get("plugins", {}))
    for name in sorted(commands, key=_ORDER.index):
        with naming_missing_plugins(path):
            yield name, _resume(path, name, commands[name], source, progress)


def require_plugin_files(path: Path, plugins: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse to go on without a plugin that is one file: no folder loads code by itself.

    Args:
        path: of the folder.
        plugins: name → its record, with its `file`.

    Raises:
        RunError: says which `--plugin` to add.
    """
    files = [plugins[name].get("file") for name in missing_plugins(plugins)]
    words = [f"--plugin {shlex.quote(file)}" for file in files if file]
    if words:
        raise RunError(
            f"{path}: was made with a plugin that is a file, and no folder loads code by itself; "
            f"add {' '.join(words)}"
        )


def _resume(path: Path, name: str, options: Any, given_source: str | Path | None, progress: Progress) -> Any:
    recorded, toml, architecture = (options.get(key) for key in ("source", "toml", "architecture"))
    source = recorded if given_source is None else given_source
    # the folder may come from a larger machine, or from a stranger
    workers = min(options.get("workers", 1), cores())
    record = read_record(path)
    if is_begun(record):
        with manager().reading(RecordedNames.of(record)):
            experiment = _parsed(path, record.get("toml"))
            return _call(path, name, experiment, source, architecture, progress, workers=workers)
    if name == "evaluate":
        return evaluate(path, source=source, progress=progress)
    run = Run.open(path)
    experiment = load_experiment(run)
    overwrite = False
    if toml is not None:  # a training that replaces another: is the old one still on record?
        with manager().reading(run.names):
            experiment = _parsed(path, toml)
        overwrite = run.identity != experiment.fingerprint()
    return _call(path, name, experiment, source, architecture, progress, overwrite=overwrite, workers=workers)


def _call(
    path: Path,
    name: str,
    experiment: Experiment,
    source: str | Path | None,
    architecture: Any,
    progress: Progress,
    *,
    overwrite: bool = False,
    workers: int = 1,
) -> Any:
    if name == "train":
        chosen = None if architecture is None else Architecture.from_dict(architecture, str(path))
        return train(
            experiment,
            path,
            architecture=chosen,
            source=source,
            overwrite=overwrite,
            recorded=True,
            progress=progress,
        )
    step = search if name == "search" else run_experiment
    return step(experiment, path, source=source, recorded=True, workers=workers, progress=progress)


def _parsed(path: Path, toml: Any) -> Experiment:
    try:
        return Experiment.parse(tomllib.loads(toml), f"{path}/run.json: toml")
    except (TypeError, tomllib.TOMLDecodeError) as error:
        raise RunError(f"{path}: run.json: toml: expected an experiment as TOML: {error}") from error
