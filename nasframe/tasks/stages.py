"""The stages of a task, run into a cache that runs share; a stage with unchanged inputs is skipped."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from attrs import define, frozen

from nasframe.errors import DataError, RunError
from nasframe.runtime import (
    ANYTHING,
    Each,
    Fields,
    Lock,
    LockedError,
    Number,
    Progress,
    Text,
    fingerprint,
    publish_folder,
    read_json,
    write_json,
)

__all__ = [
    "STAGE_RECORD",
    "Stage",
    "StageContext",
    "StageResult",
    "holds_stages",
    "read_stage",
    "run_stages",
    "stage_fingerprints",
]

STAGE_RECORD = "stage.json"
"""Name of the file that is added to the folder of a finished stage."""

_RECORD = Fields({"stage": Text(), "seconds": Number(0)}, {"fingerprint": Text(), "inputs": Each(ANYTHING)})

_FORMAT = "0.1.0"
"""A part of every fingerprint. Never change it, or no run finds its data again."""

_PARTIAL, _LOCK = ".partial", ".lock"
_BEGUN = re.compile(r"\..+-[0-9a-f]{16}\.[0-9a-f]{12}\.lock")


@define
class StageContext:
    """The arguments of a running stage.

    Attributes:
        out: an empty folder; it gets its final name only if the stage ends without an error.
        earlier: name → folder of each stage that this one comes after.
        device: to compute on.
        progress: to report to.
    """

    out: Path
    earlier: Mapping[str, Path]
    device: torch.device
    progress: Progress


@frozen
class Stage:
    """One named step between the user's data and the splits.

    Attributes:
        name: shown to the user, unique within the task.
        inputs: everything JSON-able that the result depends on, apart from earlier stages; with a number that
            its author raises when the code writes another result for the same options.
        run: does the work.
        after: names of the stages whose folders it reads.
        beside: True where nothing is computed from its result, such as a report on the data. Another result
            makes no other data: it is left out of the fingerprint of a run's data.
    """

    name: str
    inputs: Mapping[str, Any]
    run: Callable[[StageContext], None]
    after: Sequence[str] = ()
    beside: bool = False


@frozen
class StageResult:
    """The folder of a stage's files, the fingerprint of its inputs, and the seconds it took when it was run.

    `skipped` is True where the cache held the result already.
    """

    folder: Path
    fingerprint: str
    seconds: float
    skipped: bool


def stage_fingerprints(stages: Sequence[Stage]) -> dict[str, str]:
    """Return stage → fingerprint of its name, inputs and earlier stages."""
    keys: dict[str, str] = {}
    for stage in stages:
        earlier = {name: keys[name] for name in stage.after}
        keys[stage.name] = fingerprint([stage.name, _plain(stage.inputs), earlier, _FORMAT])
    return keys


def run_stages(
    stages: Sequence[Stage], cache: Path, device: torch.device, progress: Progress
) -> dict[str, StageResult]:
    """Run each stage, or skip it where `cache` holds its result for the same inputs.

    The name of its folder depends on its fingerprint. The folder appears only when the stage has ended
    without an error. Of two processes that run the same stage at the same time, the first to end provides the
    folder of both.
    """
    results: dict[str, StageResult] = {}
    keys = stage_fingerprints(stages)
    for stage in stages:
        key = keys[stage.name]
        folder = cache / f"{stage.name}-{key[:16]}"
        if (folder / STAGE_RECORD).exists():
            progress.say(f"{stage.name}: unchanged, skipped ({folder})")
            seconds = float(read_stage(folder)["seconds"])
            results[stage.name] = StageResult(folder, key, seconds, skipped=True)
            continue
        folders = {name: results[name].folder for name in stage.after}
        record = {"fingerprint": key, "inputs": _plain(stage.inputs)}
        seconds = _run(stage, folder, folders, device, progress, record)
        progress.say(f"{stage.name}: done in {seconds:.1f} s")
        results[stage.name] = StageResult(folder, key, seconds, skipped=False)
    return results


def read_stage(folder: Path) -> dict[str, Any]:
    """Return the record of a finished stage: `stage`, `seconds`, `fingerprint` and `inputs`.

    Raises:
        DataError: there is none, or it is damaged.
    """
    path = folder / STAGE_RECORD

    def damaged(message: str) -> DataError:
        return DataError(f"{message}; remove the folder {folder}, and its stage is done again")

    found: dict[str, Any] = read_json(path, _RECORD, damaged)
    return found


def holds_stages(cache: Path) -> bool:
    """Return True for a folder that has been a cache: a stage in it was finished, or begun and killed."""
    try:
        return any(
            (item / STAGE_RECORD).is_file() or _BEGUN.fullmatch(item.name) is not None
            for item in cache.iterdir()
        )
    except (OSError, ValueError):
        return False


def _plain(inputs: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(dict(inputs), default=str))
    return plain


def _run(
    stage: Stage,
    folder: Path,
    earlier: Mapping[str, Path],
    device: torch.device,
    progress: Progress,
    record: Mapping[str, Any],
) -> float:
    progress.say(f"{stage.name} …")
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(folder)
    partial, lock = _begin(folder)
    out = partial / folder.name  # with the usual permissions; only its owner may read the one around it
    started = time.monotonic()
    try:
        partial.mkdir(0o700)
        out.mkdir()
        stage.run(StageContext(out=out, earlier=earlier, device=device, progress=progress))
        seconds = time.monotonic() - started
        write_json(out / STAGE_RECORD, {"stage": stage.name, "seconds": round(seconds, 3), **record})
        _publish(out, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        lock.release()
    return seconds


def _begin(folder: Path) -> tuple[Path, Lock]:
    """Return the path of an unfinished folder, to be made, and the lock that says that somebody makes it.

    The lock is there before the folder, and longer, and ends with its process, however that ends. So an
    unfinished folder whose lock nobody holds is abandoned, on whatever machine, in whatever container.
    """
    while True:
        name = f"{_prefix(folder)}{uuid.uuid4().hex[:12]}"
        with contextlib.suppress(LockedError):  # somebody just asks whether it is abandoned
            return folder.parent / f"{name}{_PARTIAL}", Lock.acquire(folder.parent / f"{name}{_LOCK}")


def _publish(made: Path, folder: Path) -> None:
    """Give a finished folder its name.

    Where another process was faster its folder stays, as it may be mapped into memory by now. A folder
    without a record was never finished and is replaced.
    """
    if (folder / STAGE_RECORD).exists():
        return
    if folder.exists():
        aside = made.with_name("unfinished")
        with contextlib.suppress(FileNotFoundError):  # another process moved it
            folder.rename(aside)
        if (aside / STAGE_RECORD).exists():  # it was finished between the two lines above
            aside.rename(folder)
            return
    try:
        publish_folder(made, folder)
    except OSError:
        if not (folder / STAGE_RECORD).exists():
            raise


def _prefix(folder: Path) -> str:
    """Return the first part of the names of a stage's unfinished folders, and of their locks."""
    return f".{folder.name}."


def _remove_abandoned(folder: Path) -> None:
    """Remove the unfinished folders of this stage that killed processes have left.

    One without a lock beside it, as older versions made them, stays: nobody can tell whether it is in use.
    """
    prefix = _prefix(folder)
    for item in folder.parent.iterdir():
        if not (item.name.startswith(prefix) and item.suffix == _LOCK):
            continue
        with contextlib.suppress(OSError, LockedError, RunError):  # also where it is no lock of ours
            lock = Lock.acquire(item)
            if lock.held:
                shutil.rmtree(item.with_suffix(_PARTIAL), ignore_errors=True)
                lock.release()
            else:  # nobody can tell who lives
                os.close(lock.descriptor)
