"""The data of a study's trials, prepared once for all that share it, before any of them begins."""

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
        folders: of their runs. A run that is there keeps the data it was made from.
        source: the user's data.
        progress: hears of the progress.
        replaces: the runs that are there will be replaced, so their data does not matter.

    Returns:
        Fingerprint of the data of each; None where it could not be made: its trial will fail with the reason.

    Raises:
        NasframeError: no data could be made, or a run was made from another state of the data.
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
    """Return a key that is the same for experiments that share their data."""
    values = experiment.to_dict()
    return fingerprint([values["task"], values["cache"], experiment.stage_seed])


def first_begun(folders: Iterable[Path]) -> Run | None:
    """Return the first run in the folders that records its data; None where there is none."""
    return next(filter(None, map(_begun, folders)), None)


def _begun(folder: Path) -> Run | None:
    """Return the run in a folder; None where there is none that records its data."""
    try:
        run = Run.open(folder)
        return run if run.record["data"] is not None else None
    except NasframeError:
        return None
