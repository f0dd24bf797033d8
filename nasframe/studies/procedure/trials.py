"""The trials of a study: made of a function of a module, and read back in the process that does them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.experiment import Experiment
from nasframe.jobs import Trial
from nasframe.pipeline import read_experiment
from nasframe.runtime import Fields, Progress, read_json
from nasframe.studies.folder import reading_names
from nasframe.studies.procedure.study import Study

__all__ = ["make_trial", "read_result_file", "reading_experiment"]


def make_trial(
    name: str,
    folder: Path,
    work: Callable[[Path, Mapping[str, Any], Progress], None],
    is_done: Callable[[Path, Mapping[str, Any]], bool],
    experiment: Experiment,
    study: Study,
    *,
    reads: Sequence[str] = (),
    shares_folder: bool = False,
    **own: Any,
) -> Trial:
    """Return a trial of a study.

    Args:
        name: of the trial, unique in the study; shown to the user.
        folder: for the results.
        work: a function of a module, which does it; see `Trial`.
        is_done: a function of a module; see `Trial`.
        experiment: that the trial is about; see `reading_experiment`.
        study: of which it is one.
        reads: those of its own arguments that are paths of files or folders.
        shares_folder: see `Trial`.
        own: further arguments of the two functions; JSON-able.
    """
    arguments = {**study.arguments(experiment), **own}
    needs = study.needs(experiment, *reads)
    return Trial(name, folder, _name(work), arguments, _name(is_done), needs, shares_folder)


@contextmanager
def reading_experiment(folder: Path, arguments: Mapping[str, Any]) -> Iterator[Experiment]:
    """Yield the experiment of a trial; while the block runs, names mean what they mean in its study.

    Raises:
        RunError: the file of the study's tensors is gone or damaged.
    """
    with reading_names(arguments):
        yield read_experiment(arguments, str(folder))


def read_result_file(file: Path, shape: Fields) -> dict[str, Any]:
    """Return the content of a JSON file in which a trial writes its results.

    Raises:
        RunError: there is none, or it is damaged; says that it may be removed.
    """
    found: dict[str, Any] = read_json(
        file, shape, lambda message: RunError(f"{message}; remove the file, and it is made again")
    )
    return found


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}:{function.__qualname__}"
