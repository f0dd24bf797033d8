"""A trained run that is loaded once, and scores files as often as it is asked."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from nasframe.errors import ConfigurationError, ContractError
from nasframe.pipeline.file_records import checked_records
from nasframe.pipeline.loading import load_experiment, load_run
from nasframe.pipeline.trained_network import load_network
from nasframe.runs import Run
from nasframe.runtime import Cancellation
from nasframe.tasks import FileScorer, Task

__all__ = ["Scorer", "load_scorer"]


@frozen
class Scorer:
    """A trained run in memory, which scores files; `load_scorer` makes it.

    Attributes:
        score_meaning: the meaning of a score, and its direction.
        threshold: the score from which on a file is decided otherwise; None where the task fits none.
        file_endings: of the files that are scored where a user names a folder.
        columns: further numbers and texts of a record, for tables; see `FileScorer`.
        file_scorer: the task's own, for code of the plugin that has the task.
    """

    score_meaning: str
    threshold: float | None
    file_endings: Sequence[str]
    columns: Sequence[str]
    file_scorer: FileScorer
    _task: str

    def score(
        self, paths: Iterable[str | Path], cancellation: Cancellation | None = None
    ) -> Generator[dict[str, Any], None, None]:
        """Score files: one dictionary a file, in order, each as soon as it is known.

        It may be called many times, and from several threads at once. Nothing of the run is read again.

        A dictionary has `file`, and either the result (usually `score`, `threshold`, `decision`, and what the
        task adds) or `error`, the cause in words, and `reason`, a word for scripts. A result with a number
        that is not finite becomes an error with the reason `not-finite`: it supports no decision.

        Closing it ends the work on the files, also in the middle of one where the task looks within a file.

        Args:
            paths: of the files.
            cancellation: through which another thread may end the work; see `FileScorer.score_until`.

        Raises:
            TypeError: one path was given in place of several.
            concurrent.futures.CancelledError: it was cancelled.
        """
        if isinstance(paths, str | Path):
            raise TypeError(f"score takes several paths, such as [{str(paths)!r}], found one path")
        files = [Path(path) for path in paths]
        scorer = self.file_scorer
        records = scorer.score(files) if cancellation is None else scorer.score_until(files, cancellation)
        return checked_records(self._task, files, iter(records))


def load_scorer(
    run: Run | str | Path, *, device: str | None = None, threshold: float | None = None
) -> Scorer:
    """Load the network of a trained run and all that its task needs to score files, once.

    Args:
        run: that was trained.
        device: `auto`, `cpu`, `cuda` or `cuda:N`; None for that of the experiment.
        threshold: in place of the one that was fitted on the validation split.

    Raises:
        RunError: the run has not been trained, or is damaged.
        DataError: its task scores no files.
        ConfigurationError: the threshold is not finite or outside the task's bounds, or the task fits none.
    """
    found = load_run(run)
    experiment = load_experiment(found)
    network, fitted, where = load_network(found, experiment, device)
    task = experiment.task
    calibration = fitted if threshold is None else {**fitted, "threshold": _checked(task, fitted, threshold)}
    scorer: Any = task.file_scorer(network.eval(), found.task_folder, calibration, where)
    name = type(task).__name__
    if not isinstance(scorer, FileScorer):
        raise ContractError(
            f"task {name} breaks the contract of nasframe.Task: file_scorer must return a FileScorer, "
            f"found {scorer!r}"
        )
    return Scorer(
        task.score_meaning,
        calibration.get("threshold"),
        tuple(task.file_endings),
        tuple(scorer.columns),
        scorer,
        name,
    )


def _checked(task: Task, fitted: Mapping[str, float], threshold: float) -> float:
    """Return a threshold that the user gave.

    Raises:
        ConfigurationError: see `load_scorer`.
    """
    if "threshold" not in fitted:
        numbers = ", ".join(fitted) or "nothing"
        problem = f"the task {type(task).__name__} fits none that could be replaced; it fits {numbers}"
    elif not math.isfinite(threshold):
        problem = f"expected a finite number, found {threshold}"
    else:
        low, high = task.bounds.get("threshold", (-math.inf, math.inf))
        if low <= threshold <= high:
            return float(threshold)
        problem = f"expected a number from {low:g} to {high:g}, found {threshold}"
    raise ConfigurationError("threshold", [f"threshold: {problem}"])
