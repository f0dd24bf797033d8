"""Execution of trials by an executor: the order, the attempts, the patience with silent ones."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from nasframe.errors import ConfigurationError
from nasframe.jobs.executor import ATTEMPTS, Executor, check_executor_options, load_executor
from nasframe.jobs.trial import Outcome, Trial, is_done
from nasframe.runtime import Progress, Silences, counted

__all__ = ["PATIENCE", "execute"]

PATIENCE = 1800.0
"""Seconds for which a trial may say nothing; every epoch speaks."""


def execute(
    trials: Sequence[Trial],
    folder: Path,
    *,
    workers: int | None = 1,
    progress: Progress | None = None,
    lock: int | None = None,
    preload: Sequence[str] = (),
    patience: float = PATIENCE,
    executor: str = "local",
    executor_options: Mapping[str, Any] | None = None,
    device: str | None = None,
    on_outcomes: Callable[[Mapping[str, Outcome]], None] | None = None,
) -> dict[str, Outcome]:
    """Do every trial that is not done; one that fails does not stop the others.

    The folders of the trials tell which are done. A trial whose process dies, or that says nothing for too
    long, begins again in another process and continues from its folder; after the third time it has failed. A
    later call tries failed trials again.

    Args:
        trials: each name once.
        folder: the caller's, for the output of workers.
        workers: the most trials at the same time; the executor `local` does one in this process, and several
            in processes of their own. Each computes on one thread. None is as many as an executor on other
            machines has room for.
        progress: hears of the progress.
        lock: descriptor of a lock of the caller, which workers hold too.
        preload: names of modules that are imported once for all workers, before the first is started.
        patience: seconds for which a trial may say nothing to its `Progress`; one that is done in this
            process is not ended.
        executor: name of a registered one.
        executor_options: those that it has, by name.
        device: name of the device that the trials ask for, where they all ask for the same. With `auto` or
            `cuda` and several GPUs, each worker sees one of them.
        on_outcomes: called in this process with the outcomes so far, at the beginning and after each trial.

    Returns:
        Name of a trial → its outcome, in the order of `trials`.

    Raises:
        ConfigurationError: `workers` is below 1, or the executor has no such option.
        PluginError: no executor of this name.
        RunError: the disk is full, or no worker can be started. Finished trials are kept.
    """
    if workers is not None and workers < 1:
        raise ConfigurationError("execute", [f"workers: expected 1 or more, found {workers}"])
    executor_class, own = load_executor(executor), dict(executor_options or {})
    check_executor_options(executor, executor_class, own)
    shown = progress or Progress()
    outcomes = {trial.name: Outcome("done") for trial in trials if is_done(trial)}
    left = [trial for trial in trials if trial.name not in outcomes]
    if on_outcomes is not None:
        on_outcomes(outcomes)
    if outcomes:
        shown.say(f"{len(outcomes)} of {counted(len(trials), 'trial')}: done already, skipped")
    if left:
        # not fewer where few are left: one worker would be this process, which a trial may end
        most = len(left) if workers is None else workers
        instance = executor_class(
            workers=most, folder=folder, lock=lock, preload=preload, device=device, **own
        )
        with shown.side_by_side("trials", len(trials)) as advance, closing(instance):
            advance(len(outcomes))

            def tick(running: int) -> None:
                shown.report(_counts(outcomes, running))
                advance(0)

            for name, outcome in _ended(left, instance, patience, tick):
                outcomes[name] = outcome
                if on_outcomes is not None:
                    on_outcomes(outcomes)
                tell = shown.warn if outcome.status == "failed" else shown.say
                tell(f"{name}: {_outcome_line(outcome)} [{len(outcomes)} of {len(trials)}]")
                shown.report(_counts(outcomes, 0))
                advance(1)
    return {trial.name: outcomes[trial.name] for trial in trials}


def _ended(
    trials: Sequence[Trial], executor: Executor, patience: float, tick: Callable[[int], None]
) -> Iterator[tuple[str, Outcome]]:
    """Yield the name and the outcome of each trial when it has ended.

    About once a second, and before a trial begins, `tick` is called with the number of those that run.
    """
    waiting, attempts = deque(trials), Counter[str]()
    given: dict[str, Trial] = {}
    silences = Silences[str](patience)
    while waiting or silences:
        while waiting and len(silences) < executor.workers:
            trial = waiting.popleft()
            given[trial.name] = trial
            attempts[trial.name] += 1
            tick(len(silences) + 1)  # one that is done in this process returns when it has ended
            executor.submit(trial)
            silences.begin(trial.name)
        lost: dict[str, str] = {}
        reports = executor.reports(min(1.0, patience))
        silences.look()
        for report in reports:
            if report.trial not in silences:
                continue
            if report.outcome is not None:
                silences.end(report.trial)
                yield report.trial, report.outcome
            elif report.lost:
                lost[report.trial] = report.lost
            else:
                silences.heard(report.trial)
        for name in silences.too_long():
            if name not in lost:
                executor.end(name)
                lost[name] = f"it {silences.in_words}"
        for name, why in lost.items():
            silences.end(name)
            if attempts[name] < ATTEMPTS:
                waiting.append(given[name])
            else:
                where = "" if executor.output is None else f"; {executor.output} holds its output"
                yield name, Outcome("failed", f"{why}{where}; it was tried {ATTEMPTS} times")
        tick(len(silences))


def _counts(outcomes: Mapping[str, Outcome], running: int) -> dict[str, float | None]:
    """Return the numbers of a study for those who watch."""
    states = [outcome.status for outcome in outcomes.values()]
    return {"done": states.count("done"), "running": running, "failed": states.count("failed")}


def _outcome_line(outcome: Outcome) -> str:
    if outcome.status == "failed":
        return f"failed: {outcome.error}"
    return "done" if outcome.seconds is None else f"done in {outcome.seconds:.1f} s"
