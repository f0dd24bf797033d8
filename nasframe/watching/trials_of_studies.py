"""The part of a study's line that its runs tell: its best score so far, and how many of them run."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from nasframe.report import Watched
from nasframe.runtime import counted

__all__ = ["running_in_words", "with_best_trials"]


def with_best_trials(lines: Sequence[Watched]) -> list[Watched]:
    """Return the lines; a study that has no score yet has the best one of its runs so far."""
    best: dict[str, Watched] = {}
    for line in lines:
        if line.study is None or line.validation is None:
            continue
        known = best.get(line.study)
        if known is None or known.validation is None or line.validation > known.validation:
            best[line.study] = line
    return [_with_best(line, best.get(line.name)) for line in lines]


def _with_best(line: Watched, trial: Watched | None) -> Watched:
    if trial is None or line.kind == "run" or line.validation is not None or line.test is not None:
        return line
    return evolve(line, validation=trial.validation, objective=line.objective or trial.objective)


def running_in_words(lines: Sequence[Watched]) -> str:
    """Return how many runs and studies run, as the list counts them: `1 study running (2 trials)`."""
    running = [line for line in lines if line.state == "running"]
    trials = sum(line.study is not None for line in running)
    runs = sum(line.study is None and line.kind == "run" for line in running)
    studies = len(running) - trials - runs
    parts = [
        *([counted(runs, "run")] if runs else []),
        *([counted(studies, "study", "studies")] if studies else []),
    ]
    if not parts:
        return f"{counted(trials, 'trial')} running" if trials else "0 running"
    beside = f" ({counted(trials, 'trial')})" if trials else ""
    return f"{' and '.join(parts)} running{beside}"
