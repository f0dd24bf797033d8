"""The data of a study's trials, made once for all that share it, before any of them begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from nasframe.errors import NasframeError
from nasframe.experiment import Experiment
from nasframe.pipeline import prepare
from nasframe.runs import Run
from nasframe.runtime import Progress, fingerprint

__all__ = ["data_key", "first_begun", "prepare_data"]


def prepare_data(
    experiments: Sequence[Experiment],
    folders: Sequence[Path],
    source: Path | None,
    progress: Progress,
    *,
    replaces: bool = False,
) -> list[str | None]:
    """Run or skip the task's stages for every distinct data that the experiments ask for.

    Args:
        experiments: of the trials.
        folders: of their runs, some of which may be there: these get the data they were made from.
        source: the user's data.
        progress: what to report to.
        replaces: whether the runs that are there will be replaced, so that they do not count.

    Returns:
        Fingerprint of the data of each; None where it could not be made, which its trial will tell.

    Raises:
        NasframeError: none of it could be made, or a run was made from another state of the data.
    """
    made: dict[str, str | NasframeError] = {}
    keys = [data_key(experiment) for experiment in experiments]
    for key, experiment in dict(zip(reversed(keys), reversed(experiments), strict=True)).items():
        near = [folder for other, folder in zip(keys, folders, strict=True) if other == key]
        try:
            run = None if replaces else first_begun(near)
            made[key] = str(prepare(experiment, run, source, progress).record["fingerprint"])
        except NasframeError as error:
            made[key] = error
    errors = [found for found in made.values() if isinstance(found, NasframeError)]
    if errors and len(errors) == len(made):
        raise errors[0]
    for problem in errors:
        progress.say(f"data: {problem}")
    return [None if isinstance(found := made[key], NasframeError) else found for key in keys]


def data_key(experiment: Experiment) -> str:
    """The same for experiments that share their data."""
    values = experiment.to_dict()
    return fingerprint([values["task"], values["cache"], experiment.stage_seed])


def first_begun(folders: Iterable[Path]) -> Run | None:
    """The run in the first of the folders that holds one that knows its data."""
    return next(filter(None, map(_begun, folders)), None)


def _begun(folder: Path) -> Run | None:
    """The run in a folder, where one is there that knows its data."""
    try:
        run = Run.open(folder)
        return run if run.record["data"] is not None else None
    except NasframeError:
        return None
