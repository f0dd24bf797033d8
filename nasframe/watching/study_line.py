"""The line of a study in the overview: its trials, the scores that it ended with, and its courses."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import evolve

from nasframe.report import TRIAL_FOLDERS, Watched
from nasframe.runs import FAILURE, failure_of
from nasframe.runtime import MAX_LISTING_BYTES, counted, read_json, visible
from nasframe.tables import TABLE_FILE, load_table
from nasframe.watching.folder_state import RESULTS, state_of
from nasframe.watching.found_folders import FoundFolder
from nasframe.watching.trial_files import NetworkResults, TrainedNetwork, courses_of_searches

__all__ = ["study_line"]


def study_line(folder: FoundFolder, line: Watched, changed: float, networks: NetworkResults) -> Watched:
    """Return the line of a study.

    Args:
        folder: of the study.
        line: with its name and its times.
        changed: time of the last change in it, or in its trials.
        networks: those that were read before, where it is a table.

    Raises:
        NasframeError, OSError: a file of it is damaged or cannot be read.
        TypeError: a record is no object.
    """
    record = _object(folder.path / "study.json")
    kind = str(record.get("kind"))
    state = state_of(folder, record, changed)
    results = _results(folder.path, kind)
    ended = _object(folder.path / results) if results.endswith(".json") else {}
    objective = str(ended.get("objective") or record.get("objective") or "")
    if results == TABLE_FILE and not objective:  # its study is of an older version
        objective = load_table(folder.path).objective
    line = evolve(
        line, kind=kind, objective=objective, reason=failure_of(record) if state == "failed" else ""
    )
    reasons = _failed(record, ended)
    if state == "done" and reasons:
        state = "failed"
    elif state == "done" and not results and record.get("unfinished") != {}:
        # it was made in Python, and has no command to go on with
        reason = str(record.get(FAILURE) or "")
        state, line = ("failed", evolve(line, reason=reason)) if reason else ("interrupted", line)
    line = evolve(line, state=state, steps=_trials(folder.path, record, reasons), failed=reasons)
    if kind in ("table", "census"):
        return _with_networks(line, networks.look(folder.path))
    validation, test = _scores(ended)
    return evolve(line, validation=validation, test=test, courses=courses_of_searches(folder.path))


def _results(study: Path, kind: str) -> str:
    """Return the name of the file of the results; empty where there is none."""
    names = RESULTS.get(kind, RESULTS["comparison"])
    there = (name for name in names if (study / name).is_file() and not (study / name).is_symlink())
    return next(there, "")


def _trials(study: Path, record: Mapping[str, Any], failed: Mapping[str, str]) -> str:
    """Return how the trials stand: `3 of 12 trials, 1 failed`."""
    stand = record.get("trials")
    if isinstance(stand, Mapping):
        count, done = int(stand["count"]), int(stand["done"])
        words = [counted(count, "trial") if done == count else f"{done:,} of {counted(count, 'trial')}"]
    else:  # of an older version
        begun = sum(1 for place in TRIAL_FOLDERS for _ in _folders(study / place))
        words = [counted(begun, "trial")] * bool(begun)
    return ", ".join([*words, *[f"{len(failed):,} failed"] * bool(failed)])


def _failed(record: Mapping[str, Any], ended: Mapping[str, Any]) -> dict[str, str]:
    """Return name → reason of the trials that failed, in words that can be seen."""
    stand = record.get("trials")
    found: Mapping[Any, Any] = stand.get("failed") or {} if isinstance(stand, Mapping) else {}
    trials = ended.get("trials") or ended.get("cells") or ()
    own: Mapping[Any, Any] = {
        trial.get("name"): trial.get("error")
        for trial in trials
        if isinstance(trial, Mapping) and trial.get("status") == "failed"
    }
    found = found or own or ended.get("failed") or {}
    return {visible(str(name)): visible(str(why or "")) for name, why in found.items()}


def _scores(ended: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return the scores on validation and test that a study ended with; None where there is none.

    They are the means of the chosen variant. Of loops on a table, the best mean on the test split.
    """
    chosen = ended.get("chosen")
    if isinstance(chosen, Mapping):
        return _mean(chosen.get("validation")), _mean(chosen.get("test"))
    loops = ended.get("loops") or ()
    known = [mean for loop in loops if (mean := _mean(loop.get("test"))) is not None]
    return None, max(known, default=None)


def _mean(found: Any) -> float | None:
    mean = found.get("mean") if isinstance(found, Mapping) else found
    return float(mean) if isinstance(mean, int | float) else None


def _with_networks(line: Watched, networks: list[TrainedNetwork]) -> Watched:
    """Return the line of a table with the best of its networks on validation, and the course of the best."""
    course: list[tuple[float, float]] = []
    best: TrainedNetwork | None = None
    for number, network in enumerate(networks, 1):
        score = network.validation.get(line.objective)
        if score is None:
            continue
        if best is None or score > course[-1][1]:
            best = network
        course.append((number, max(score, course[-1][1]) if course else score))
    if best is None:
        return line
    return evolve(
        line,
        validation=course[-1][1],
        test=best.test.get(line.objective),
        courses={"best network so far": course},
    )


def _folders(place: Path) -> list[str]:
    try:
        with os.scandir(place) as items:
            return [item.name for item in items if item.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _object(path: Path) -> Mapping[str, Any]:
    found = read_json(path, limit=MAX_LISTING_BYTES)
    if not isinstance(found, Mapping):
        raise TypeError("is no object")
    return found
