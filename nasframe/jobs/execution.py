"""Execution of trials, in this process or in several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from nasframe.jobs.forkserver import drop_server
from nasframe.jobs.pool import Pool
from nasframe.jobs.queue import QUEUE_FILE, TrialQueue
from nasframe.jobs.trial import Outcome, Trial, do_trial, is_done
from nasframe.runtime import Progress, cores, one_thread

__all__ = ["execute", "worker_count"]


def worker_count(workers: int | None, device: torch.device) -> int:
    """Return `workers`, or where it is None the number of cores, and 1 on a GPU."""
    if workers is not None:
        return workers
    return cores() if device.type == "cpu" else 1


def execute(
    trials: Sequence[Trial],
    folder: Path,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    lock: int | None = None,
    preload: Sequence[str] = (),
) -> dict[str, Outcome]:
    """Do every trial that is not done; one that fails does not stop the others.

    The folders of the trials tell which are done. A trial whose process is killed begins again in another
    process and continues from its folder; after the third time it has failed. A later call tries failed
    trials again.

    Args:
        trials: each name once.
        folder: the caller's, for the queue and the output of workers.
        workers: number of processes; 1 is this one. Each computes on one thread.
        progress: hears of the progress.
        lock: descriptor of a lock of the caller, which workers hold too.
        preload: names of modules that are imported once for all workers, before the first is forked.

    Returns:
        Name of a trial → its outcome, in the order of `trials`.

    Raises:
        RunError: the disk is full, the queue cannot be written, or no worker can be started. Finished trials
            are kept.
    """
    shown = progress or Progress()
    outcomes = {trial.name: Outcome("done") for trial in trials if is_done(trial)}
    left = {trial.name: trial for trial in trials if trial.name not in outcomes}
    if outcomes:
        shown.say(f"{len(outcomes)} of {len(trials)} trials: done already, skipped")
    if left:
        queue = TrialQueue(folder / QUEUE_FILE, list(left), shown)
        try:
            with shown.task("trials", len(left)) as advance:

                def ended(name: str, outcome: Outcome) -> None:
                    outcomes[name] = outcome
                    shown.say(f"{name}: {_outcome_line(outcome)} [{len(outcomes)} of {len(trials)}]")
                    advance(1)

                size = min(workers, len(left))
                if size > 1:
                    with Pool(left, queue, folder, size, lock, ended, preload) as pool:
                        pool.work(lambda: advance(0))
                else:
                    drop_server()
                    _do_here(left, queue, ended)
        finally:
            queue.close()
    else:
        drop_server()
    return {trial.name: outcomes[trial.name] for trial in trials}


def _do_here(trials: Mapping[str, Trial], queue: TrialQueue, ended: Callable[[str, Outcome], None]) -> None:
    with one_thread():
        while (name := queue.take()) is not None:
            outcome = do_trial(trials[name])
            queue.ended(name, outcome)
            ended(name, outcome)


def _outcome_line(outcome: Outcome) -> str:
    if outcome.status == "failed":
        return f"failed: {outcome.error}"
    return "done" if outcome.seconds is None else f"done in {outcome.seconds:.1f} s"
