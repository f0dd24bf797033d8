"""All steps of a run, from its data to its report."""

from __future__ import annotations

import time
from pathlib import Path

from nasframe.experiment import Experiment, as_experiment
from nasframe.pipeline.architecture_search import search
from nasframe.pipeline.baselines import train_baselines
from nasframe.pipeline.evaluation import evaluate
from nasframe.pipeline.final_training import train
from nasframe.pipeline.preparation import given, prepare
from nasframe.processes import ALONE, Group
from nasframe.runs import Command, Run, claimed
from nasframe.runtime import SILENT, Progress, progress_of

__all__ = ["run_experiment"]


def run_experiment(
    experiment: Experiment | str | Path,
    out: str | Path,
    *,
    source: str | Path | None = None,
    overwrite: bool = False,
    recorded: bool = False,
    workers: int = 1,
    progress: Progress | bool | None = SILENT,
    group: Group = ALONE,
) -> Run:
    """Make a whole run: the task's stages, search, derive, draw, train, baselines, evaluate, report.

    What is done for the same inputs is skipped; what was interrupted goes on where it stopped.

    Args:
        experiment: what to do, or the path of its TOML file.
        out: the run folder; see `Run.create` for what may be there already.
        source: the user's data; None is what the run used before, or the task's own.
        overwrite: replace a run that is there, once all is ready to search again.
        recorded: the experiment was read from `out`; see `prepare`.
        workers: the most trainings at the same time, where the loop proposes architectures in batches; they
            change no number.
        progress: what to report to; True is what the command line shows, False and None are silent.
        group: of the processes that make the search together; all else is done in this one.

    Raises:
        RunError: `out` holds something else, or another process works in it.
    """
    progress, experiment = progress_of(progress), as_experiment(experiment)
    path = Path(out)
    command = Command("run", given(source, workers))
    with claimed(path, experiment.to_toml(), for_steps=True, command=command):
        search(
            experiment,
            path,
            source=source,
            overwrite=overwrite,
            recorded=recorded,
            workers=workers,
            progress=progress,
            group=group,
        )
        run = train(experiment, path, recorded=recorded, progress=progress)
        prepared = prepare(experiment, run, None, SILENT, recorded=path if recorded else None)
        baselines = train_baselines(run, experiment, prepared, progress)
        key = prepared.key("evaluate", run.identity, run.architecture.fingerprint, baselines)
        if run.is_done("evaluate", key) and run.test is not None:
            progress.say("evaluate: unchanged, skipped")
            return run
        run.take_up()
        started = time.monotonic()
        evaluate(run, experiment=experiment, progress=progress)
        seconds = time.monotonic() - started
        run.mark_done("evaluate", key, seconds)
        progress.detail(f"evaluate: done in {seconds:.1f} s")
    return run
