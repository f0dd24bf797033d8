"""The line of a run in the overview: how far it has come, its best value, and its curves."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from attrs import evolve

from nasframe.errors import NasframeError
from nasframe.report import Watched
from nasframe.runs import Run, failure_of, is_begun, read_record
from nasframe.runtime import read_text
from nasframe.watching.folder_state import state_of
from nasframe.watching.found_folders import FoundFolder

__all__ = ["PREPARING", "run_line"]

PREPARING = "its data is being prepared"

_DID = {"search": "searched", "train": "trained", "evaluate": "evaluated"}


def run_line(folder: FoundFolder, line: Watched, changed: float) -> Watched:
    """Return the line of a run.

    Args:
        folder: of the run.
        line: with its name and its times.
        changed: time of the last change in it.

    Raises:
        NasframeError, OSError: a file of it is damaged or cannot be read.
    """
    record = read_record(folder.path)
    state = state_of(folder, record, changed)
    line = evolve(line, state=state, reason=failure_of(record) if state == "failed" else "")
    if is_begun(record):
        return evolve(line, steps=PREPARING)
    run = Run.open(folder.path)
    lines, test = run.metrics, run.test
    objective = _objective(record, test, lines)
    searched = [item for item in lines if item.get("stage") == "search"]
    trained = [item for item in lines if item.get("stage") == "train"]
    tried: list[tuple[float, float]] = []
    for item in lines:
        if item.get("stage") == "trial" and item["score"] is not None:
            best = max(item["score"], tried[-1][1] if tried else item["score"])
            tried.append((item["trial"], best))
    of_search, of_training = _points(searched, objective), _points(trained, objective)
    # of all stages, so that it never falls where the next one begins
    values = [value for _, value in (*of_search, *tried, *of_training)]
    return evolve(
        line,
        steps=_stages(record) if state == "done" else _last_step(run, lines),
        objective=objective,
        validation=max(values, default=None),
        test=None if test is None else test[test["objective"]],
        searched=of_search,
        trained=of_training,
        tried=tried,
        entropy=[
            (item["epoch"], fmean(known))
            for item in searched
            if (known := [value for value in item.get("entropy", {}).values() if value is not None])
        ],
    )


def _objective(record: Mapping[str, Any], test: Mapping[str, Any] | None, lines: Sequence[Any]) -> str:
    if test is not None:
        return str(test["objective"])
    task = (record.get("data") or {}).get("task") or {}
    if task.get("objective"):
        return str(task["objective"])
    names = [name for line in lines for name in line.get("validation", {}) if name != "loss"]
    return names[0] if names else ""


def _points(lines: Sequence[Mapping[str, Any]], objective: str) -> list[tuple[float, float]]:
    found = ((line["epoch"], line.get("validation", {}).get(objective)) for line in lines)
    return [(epoch, value) for epoch, value in found if value is not None]


def _stages(record: Mapping[str, Any]) -> str:
    """Return the stages that a finished run has gone through: `searched, trained, evaluated`."""
    done = record.get("done") or {}
    return ", ".join(words for stage, words in _DID.items() if stage in done)


def _last_step(run: Run, lines: Sequence[Mapping[str, Any]]) -> str:
    """Return the last step of a run: `search, epoch 3 of 30`."""
    known = [line for line in lines if "epoch" in line or "trial" in line]
    if not known:
        return ""
    last = known[-1]
    if "trial" in last:
        return f"trial {last['trial']}"
    of = ""
    # baselines are trained as the network is
    section = "train" if str(last["stage"]).startswith("baseline-") else last["stage"]
    if section in ("search", "train"):
        try:
            values = tomllib.loads(read_text(run.path / "experiment.toml"))
            of = f" of {int(values[section]['epochs'])}"
        except (NasframeError, tomllib.TOMLDecodeError, LookupError, TypeError, ValueError):
            of = ""
    return f"{last['stage']}, epoch {last['epoch']}{of}"
