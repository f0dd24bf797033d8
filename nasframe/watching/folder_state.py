"""The state of a run or a study: the bytes that changed, who works in it, and a line for the overview."""

from __future__ import annotations

import os
import time
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from attrs import evolve

from nasframe.errors import NasframeError
from nasframe.report import Watched, link_to
from nasframe.runs import Run, is_begun, read_record, unfinished_commands
from nasframe.runtime import MAX_DOCUMENT_BYTES, counted, damage_in_words, read_json, read_text, visible
from nasframe.watching.found_folders import FoundFolder
from nasframe.watching.lock_state import is_held

__all__ = [
    "ENDED",
    "PREPARING",
    "Stamp",
    "address_of",
    "changed_at",
    "has_results",
    "stamp_of",
    "state_of",
    "watched",
]

Stamp = tuple[tuple[str, int, int], ...]
"""Name, time and size of each file by which a change is seen."""

_RECENTLY = 60.0
"""A folder that changed within so many seconds is worked in, where nobody can tell who holds its lock."""

ENDED = ("done", "failed")
"""States that hold until a file changes."""

PREPARING = "its data is being prepared"

_RECORDS = {
    "comparison": "comparison.json",
    "sweep": "sweep.json",
    "table": "table.json",
    "census": "census.json",
}


def stamp_of(folder: FoundFolder) -> Stamp:
    """Return the stamp of a folder; of one that has gone, an empty one."""
    found = []
    for place in (folder.path, folder.path / "other_data"):
        try:
            with os.scandir(place) as items:
                for item in items:
                    if item.is_file(follow_symlinks=False) and not item.name.endswith((".partial", ".lock")):
                        status = item.stat(follow_symlinks=False)
                        found.append((item.name, status.st_mtime_ns, status.st_size))
        except OSError:
            continue
    return tuple(sorted(found))


def address_of(folder: FoundFolder) -> str:
    """Return the address of the page of a folder, from the root of the server."""
    return f"/{link_to(folder.name).lstrip('/')}"


def has_results(study: Path) -> bool:
    """Return True where a study has a record that its report is made of."""
    return any((study / name).is_file() for name in _RECORDS.values())


def changed_at(stamp: Stamp) -> float:
    """Return the time of the last change, in seconds since 1970."""
    return max((when for _, when, _ in stamp), default=0) / 1e9


def ago(seconds: float) -> str:
    """Return how long ago something was.

    Example:
        >>> ago(20), ago(200), ago(9000), ago(260000)
        ('just now', '3 min ago', '2 h ago', '3 days ago')
    """
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min ago"
    return f"{seconds // 3600:.0f} h ago" if seconds < 2 * 86400 else f"{seconds // 86400:.0f} days ago"


def state_of(folder: FoundFolder, record: Mapping[str, Any], changed: float) -> str:
    """Return `running`, `interrupted` or `done`.

    It runs while a process of this machine holds its lock. Where the lock is there and nobody seems to hold
    it, its last change tells: another machine may work in it, or a kill has left it.
    """
    lock = folder.path / ("run.lock" if folder.kind == "run" else "study.lock")
    if is_held(lock):
        return "running"
    if not (unfinished_commands(record) or (folder.kind == "run" and is_begun(dict(record)))):
        return "done"
    return "running" if lock.exists() and time.time() - changed < _RECENTLY else "interrupted"


def watched(folder: FoundFolder, stamp: Stamp, changed: float, known: Watched | None = None) -> Watched:
    """Return the line of a folder in the overview; of one that is damaged, with the reason in words.

    Args:
        folder: of a run or a study.
        stamp: of it.
        changed: time of the last change in it, or in the trials of a study.
        known: the line of a moment ago, where only the time is another now.
    """
    # the record of a study is written anew at its end
    begun = _begun(stamp) if folder.kind == "run" else ""
    if known is not None:
        return evolve(known, begun=begun, changed=ago(time.time() - changed))
    line = Watched(
        visible(folder.name or folder.path.resolve().name),
        address_of(folder),
        folder.kind,
        "",
        begun=begun,
        changed=ago(time.time() - changed),
    )
    try:
        with damage_in_words(folder.path):
            return (_run if folder.kind == "run" else _study)(folder, line, changed)
    except (NasframeError, OSError) as error:
        return evolve(line, state="unreadable", problem=str(error))


def _begun(stamp: Stamp) -> str:
    first = min((when for _, when, _ in stamp), default=0) / 1e9
    return ago(time.time() - first)


def _study(folder: FoundFolder, line: Watched, changed: float) -> Watched:
    record = _object(folder.path / "study.json")
    kind = str(record.get("kind"))
    state, failed, objective = state_of(folder, record, changed), 0, ""
    results = folder.path / _RECORDS.get(kind, "comparison.json")
    if results.is_file() and not results.is_symlink():
        found = _object(results)
        objective = str(found.get("objective") or "")
        failed = _count_of_failed(found)
    begun = sum(1 for place in ("trials", "cells") for _ in _folders(folder.path / place))
    counts = [counted(begun, "trial")] * bool(begun) + [f"{failed} failed"] * bool(failed)
    if state == "done" and failed:
        state = "failed"
    return evolve(line, kind=kind, state=state, steps=", ".join(counts), objective=objective)


def _count_of_failed(found: Mapping[str, Any]) -> int:
    trials = found.get("trials") or found.get("cells") or ()
    own = sum(1 for trial in trials if isinstance(trial, Mapping) and trial.get("status") == "failed")
    return own or len(found.get("failed") or ())


def _folders(place: Path) -> Sequence[str]:
    try:
        with os.scandir(place) as items:
            return [item.name for item in items if item.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _object(path: Path) -> Mapping[str, Any]:
    found = read_json(path, limit=8 * MAX_DOCUMENT_BYTES)
    if not isinstance(found, Mapping):
        raise TypeError("is no object")
    return found


def _run(folder: FoundFolder, line: Watched, changed: float) -> Watched:
    record = read_record(folder.path)
    state = state_of(folder, record, changed)
    if is_begun(record):
        return evolve(line, state=state, steps=PREPARING)
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
    values = [value for _, value in (of_training or of_search or tried)]
    return evolve(
        line,
        state=state,
        steps=_steps(run, lines),
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


def _steps(run: Run, lines: Sequence[Mapping[str, Any]]) -> str:
    """Return the last step of a run: `search, epoch 3 of 30`."""
    known = [line for line in lines if "epoch" in line or "trial" in line]
    if not known:
        return ""
    last = known[-1]
    if "trial" in last:
        return f"trial {last['trial']}"
    of = ""
    if last["stage"] in ("search", "train"):
        try:
            values = tomllib.loads(read_text(run.path / "experiment.toml"))
            of = f" of {int(values[last['stage']]['epochs'])}"
        except (NasframeError, tomllib.TOMLDecodeError, LookupError, TypeError, ValueError):
            of = ""
    return f"{last['stage']}, epoch {last['epoch']}{of}"
