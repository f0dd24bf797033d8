"""The data of a study's trials, prepared once for all that share it, before any of them begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from nasframe.errors import NasframeError
from nasframe.experiment import Experiment
from nasframe.pipeline import Prepared, prepare, recorded_cache
from nasframe.runs import Run
from nasframe.runtime import Progress, fingerprint, given_cache

__all__ = ["data_key", "prepare_data"]


def prepare_data(
    experiments: Sequence[Experiment],
    folders: Sequence[Path],
    source: Path | None,
    progress: Progress,
    recorded: Path | None = None,
    before_stages: Callable[[], None] | None = None,
) -> list[Prepared | NasframeError]:
    """Run or skip the task's stages for every distinct data that the experiments ask for.

    Args:
        experiments: of the trials.
        folders: of their runs, each of which keeps the data it was made from; empty where no run counts.
        source: the user's data.
        progress: hears of the progress.
        recorded: the folder of a study from which the experiments were read; None for the user's own.
        before_stages: called before stages are run; its error ends the call, whatever data it comes with.

    Returns:
        The data of each, or the error where it could not be made: its trial will fail with the reason.

    Raises:
        NasframeError: no data could be made, or a run was made from another state of the data.
        RunError: the study names a cache that the user has to say.
    """
    if recorded is not None and given_cache(None) is None:
        for cache in dict.fromkeys(experiment.cache_folder for experiment in experiments):
            recorded_cache(recorded, cache, "cache of an experiment in study.json")
    refusals: list[NasframeError] = []

    def before() -> None:
        try:
            if before_stages is not None:
                before_stages()
        except NasframeError as error:
            refusals.append(error)
            raise

    made: dict[str, Prepared | NasframeError] = {}
    keys = [data_key(experiment) for experiment in experiments]
    for key, experiment in zip(keys, experiments, strict=True):
        if key in made:
            continue
        near = [folder for other, folder in zip(keys, folders, strict=False) if other == key]
        try:
            made[key] = prepare(experiment, _first_begun(near), source, progress, before_stages=before)
        except NasframeError as error:
            if error in refusals:
                raise
            made[key] = error
    errors = [found for found in made.values() if isinstance(found, NasframeError)]
    if len(errors) == len(made):
        raise errors[0]
    for problem in errors:
        progress.warn(f"data: {problem}")
    return [made[key] for key in keys]


def data_key(experiment: Experiment) -> str:
    """Return a key that is the same for experiments that share their data."""
    values = experiment.to_dict()
    return fingerprint([values["task"], values.get("cache"), experiment.stage_seed])


def _first_begun(folders: Iterable[Path]) -> Run | None:
    """Return the first run in the folders that records its data; None where there is none."""
    return next(filter(None, map(_begun, folders)), None)


def _begun(folder: Path) -> Run | None:
    """Return the run in a folder; None where there is none that records its data."""
    try:
        run = Run.open(folder)
        return run if run.record["data"] is not None else None
    except NasframeError:
        return None
