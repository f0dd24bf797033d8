"""Preparation of the data: the task's stages are run, or found done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
from attrs import field, frozen

from nasframe.errors import ConfigurationError, DataError, KeptRunInterrupt, RunError
from nasframe.experiment import Experiment, as_experiment
from nasframe.pipeline.recorded_cache import recorded_cache, recorded_folders
from nasframe.pipeline.task_facts import task_facts
from nasframe.runs import Run, reading_run
from nasframe.runtime import Progress, advised, fingerprint, given_cache, recorded_place
from nasframe.tasks import (
    Data,
    Stage,
    StagesInUse,
    checked_data,
    checked_stages,
    run_stages,
    stage_fingerprints,
)

__all__ = [
    "Prepared",
    "cache_for_stages",
    "given",
    "is_own_data",
    "keeping_old_run",
    "prepare",
    "prepared_alike",
]


@frozen
class Prepared:
    """Data that is ready, and what it was made from. As long as it is there, its folders are in use.

    Attributes:
        data: the splits.
        folders: of the stages.
        record: for `run.json`: `source` and `cache` (absolute), `fingerprint`, `folders`, `seconds`, and
            `task`, the facts of the task.
    """

    data: Data
    folders: Mapping[str, Path]
    record: Mapping[str, Any]
    _in_use: StagesInUse = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_in_use", StagesInUse(self.folders.values()))

    def key(self, stage: str, identity: str, *parts: str) -> str:
        """Return a fingerprint of everything that a step of a run depends on."""
        return fingerprint([stage, identity, self.record["fingerprint"], *parts])


def given(source: str | Path | None, workers: int = 1) -> dict[str, Any]:
    """Return the options of a command that its folder records: the user's data and workers, where given."""
    found: dict[str, Any] = {} if source is None else {"source": str(Path(source).resolve())}
    return found if workers == 1 else {**found, "workers": workers}


@contextmanager
def keeping_old_run(overwrite: bool) -> Iterator[None]:
    """Turn a Ctrl-C inside the block into one that says that the run to be replaced is unchanged.

    Raises:
        KeptRunInterrupt: in place of a KeyboardInterrupt, where a run was to be replaced.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        if overwrite:
            raise KeptRunInterrupt from error
        raise


def prepare(
    experiment: Experiment | str | Path,
    run: Run | None,
    source: str | Path | None,
    progress: Progress,
    *,
    cache: str | Path | None = None,
    recorded: Path | None = None,
    before_stages: Callable[[], None] | None = None,
) -> Prepared:
    """Run or skip the task's stages; a run that is there gets the data it was made from.

    Args:
        experiment: names the task and the cache; or the path of its TOML file.
        run: the run to use them in, None for a new one.
        source: the user's data; None is what the run used before, or the task's own.
        progress: what to report to.
        cache: the folder of prepared data; None is `NASFRAME_CACHE`, else what experiment and run say.
        recorded: the folder that the experiment was read from, which may come from a stranger; None for one
            of the user's own.
        before_stages: called before the first stage that is not skipped, to refuse what need not wait for it.

    Raises:
        RunError: the run was made from another state of the data, or the folder names a cache that the user
            has to say (docs/commands.md).
    """
    experiment = as_experiment(experiment)
    if run is not None and run.changed_plugins:
        progress.warn(
            f"{run.path}: was made with other code of {', '.join(run.changed_plugins)}; what is done is kept"
        )
    known = None if run is None else run.record["data"]
    if source is None and known is not None:
        source = known["source"]
    place = None if source is None else Path(source).resolve()
    origin = None if place is None else str(place)
    given = given_cache(cache)
    ready = None if run is None else _ready(experiment, run, given)
    try:
        with reading_run(run):
            stages = checked_stages(experiment.task, place, experiment.stage_seed)
    except DataError as error:
        if ready is None or known is None or origin != known["source"]:
            raise
        progress.warn(f"{error}; going on with what was prepared from it")
        return ready
    if run is not None:
        _check_unchanged(run, stages)
    if ready is not None and known is not None and origin == known["source"]:
        return ready
    folder = given or cache_for_stages(experiment, run, recorded)
    made, device = _made(experiment, origin), experiment.torch_device()
    results = run_stages(stages, folder, device, progress, made, before_stages)
    key = _key(stages)
    folders = {name: result.folder for name, result in results.items()}
    seconds = {name: round(result.seconds, 3) for name, result in results.items()}
    data = checked_data(experiment.task, folders)
    record = {
        "source": origin,
        "cache": str(recorded_place(folder)),
        "fingerprint": key,
        "folders": {name: str(recorded_place(path)) for name, path in folders.items()},
        "seconds": seconds if known is None else known.get("seconds", {}),
        "task": task_facts(experiment.task, data),
    }
    prepared = Prepared(data, folders, record)
    if run is not None:
        run.note(data=record)
    return prepared


def _made(experiment: Experiment, source: str | None) -> dict[str, str]:
    """Return what the record of a stage keeps for people who ask whose data it is."""
    task: Any = type(experiment.task)
    files = [getattr(experiment.task, item.name) for item in attrs.fields(task) if item.init]
    named = ", ".join(str(file.resolve()) for file in files if isinstance(file, Path))
    return {
        "task": experiment.names["task"],
        "data": source or named,
        "folder": str(Path.cwd()),
        "time": datetime.now().astimezone().isoformat(timespec="seconds"),
    }


def prepared_alike(experiment: Experiment, run: Run, source: str | Path | None) -> Prepared | None:
    """Return the data of an experiment where a run of another one was made from the same; else None.

    Nothing is prepared for it.
    """
    known = run.record["data"]
    if known is None:
        return None
    place = known["source"] if source is None else source
    stages = checked_stages(
        experiment.task, None if place is None else Path(place).resolve(), experiment.stage_seed
    )
    if known["fingerprint"] != _key(stages):
        return None
    return _ready(experiment, run, given_cache(None))


def is_own_data(experiment: Experiment, run: Run, place: Path) -> bool:
    """Return True where a folder holds the data that a run was made from, wherever it lies now.

    Raises:
        RunError: it is the folder that the run was made from, and its content is another one now.
    """
    known = run.record["data"]
    if known is None:
        return False
    try:
        with reading_run(run):
            stages = checked_stages(experiment.task, place, experiment.stage_seed)
    except (DataError, ConfigurationError):  # the task cannot read it as it reads its own data
        return False
    if known["fingerprint"] == _key(stages):
        return True
    if known["source"] == str(place):
        _check_unchanged(run, stages)
    return False


def cache_for_stages(experiment: Experiment, run: Run | None, recorded: Path | None) -> Path:
    """Return the cache for stages that have to be run, where the user gives none; see `prepare`."""
    known = None if run is None else run.record["data"]
    # A relative cache belongs to the folder in which the run was made, and the default one to its user; an
    # absolute one is taken as it is.
    named = experiment.cache
    if run is not None and known is not None and (named is None or not named.is_absolute()):
        return recorded_cache(run.path, Path(known["cache"]), "data.cache of run.json")
    if recorded is not None:
        return recorded_cache(recorded, experiment.cache_folder, "cache of its experiment")
    return experiment.cache_folder


def _ready(experiment: Experiment, run: Run, given: Path | None) -> Prepared | None:
    """Return the data that the run was made from, None where some of its folders are gone."""
    known = run.record["data"]
    if known is None:
        return None
    folders = recorded_folders(run, known["folders"], given)
    if folders is None:
        return None
    return Prepared(checked_data(experiment.task, folders), folders, known)


def _check_unchanged(run: Run, stages: Sequence[Stage]) -> None:
    """Refuse data or code that has changed since the run was made, before any stage is run."""
    known = run.record["data"]
    if known is not None and known["fingerprint"] != _key(stages):
        problem = f"{run.path}: the data or the code that reads it has changed since this run was made"
        replace = "say `nasframe run --overwrite` or `nasframe search --overwrite` to replace it"
        raise RunError(advised(problem, "choose another --out", replace))


def _key(stages: Sequence[Stage]) -> str:
    """Return the fingerprint of all stages that something is computed from."""
    found = stage_fingerprints(stages)
    return fingerprint([found[stage.name] for stage in stages if not stage.beside])
