"""The stages of a task, run into a cache that runs share; a stage with unchanged inputs is skipped."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from attrs import define, frozen

from nasframe.errors import DataError
from nasframe.runtime import (
    ANYTHING,
    Each,
    Fields,
    Number,
    Progress,
    Text,
    fingerprint,
    publish_folder,
    read_json,
    shell_line,
    unfinished_folder,
    write_json,
)

__all__ = [
    "BEGUN",
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

_RECORD = Fields(
    {"stage": Text(), "seconds": Number(0)},
    {"fingerprint": Text(), "inputs": Each(ANYTHING), "made": Each(Text())},
)

_FORMAT = "0.1.0"
"""A part of every fingerprint. Never change it, or no run finds its data again."""

BEGUN = re.compile(r"\..+-[0-9a-f]{16}\.[0-9a-f]{12}\.lock")
"""The name of the lock of a stage that was begun."""


@define
class StageContext:
    """The arguments of a running stage.

    Attributes:
        out: an empty folder, or one with what this stage left there when it was killed, where it `resumes`;
            it gets its final name only if the stage ends without an error.
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
        resumes: it goes on with what a process that was killed, stopped or failed in it has left in its
            folder. What it does not know to be whole, it makes anew. Else it starts in an empty folder.
    """

    name: str
    inputs: Mapping[str, Any]
    run: Callable[[StageContext], None]
    after: Sequence[str] = ()
    beside: bool = False
    resumes: bool = False


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
    stages: Sequence[Stage],
    cache: Path,
    device: torch.device,
    progress: Progress,
    made: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> dict[str, StageResult]:
    """Run each stage, or skip it where `cache` holds its result for the same inputs.

    The name of its folder depends on its fingerprint. The folder appears only when the stage has ended
    without an error. Of two processes that run the same stage at the same time, the first to end provides the
    folder of both. A killed stage starts over, or goes on where it `resumes`. The record of a stage keeps
    `made`: what people are told of its origin. `before` is called before the first stage that is run, and its
    error ends the call.

    Raises:
        DataError: the cache is a file, or the record of a stage in it is damaged.
    """
    _require_folder(cache)
    results: dict[str, StageResult] = {}
    keys = stage_fingerprints(stages)
    for stage in stages:
        key = keys[stage.name]
        folder = cache / f"{stage.name}-{key[:16]}"
        if (folder / STAGE_RECORD).exists():
            seconds = float(read_stage(folder)["seconds"])
            progress.say(f"{stage.name}: unchanged, skipped ({folder})")
            results[stage.name] = StageResult(folder, key, seconds, skipped=True)
            continue
        if before is not None:
            before()
            before = None
        folders = {name: results[name].folder for name in stage.after}
        record = {"fingerprint": key, "inputs": _plain(stage.inputs), "made": dict(made or {})}
        seconds = _run(stage, folder, folders, device, progress, record)
        progress.say(f"{stage.name}: done in {seconds:.1f} s")
        results[stage.name] = StageResult(folder, key, seconds, skipped=False)
    return results


def _require_folder(cache: Path) -> None:
    """Refuse a cache that cannot be made, as a file stands in its place, or in that of a folder above it."""
    there = next((place for place in (cache, *cache.absolute().parents) if place.exists()), cache)
    if there.exists() and not there.is_dir():
        raise DataError(
            f"{there}: is a file, and the cache of prepared data was to be a folder there; name another "
            "cache (the key cache of the experiment, or NASFRAME_CACHE), or remove the file"
        )


def read_stage(folder: Path) -> dict[str, Any]:
    """Return the record of a finished stage: `stage`, `seconds`, `fingerprint`, `inputs` and `made`.

    Raises:
        DataError: there is none, or it is damaged.
    """
    path = folder / STAGE_RECORD

    def damaged(message: str) -> DataError:
        command = shell_line(["nasframe", "cache", "remove", folder.name, "--cache", str(folder.parent)])
        return DataError(
            f"{message}; remove the folder {folder}, as `{command}` does, and its stage is done again"
        )

    found: dict[str, Any] = read_json(path, _RECORD, damaged)
    return found


def holds_stages(cache: Path) -> bool:
    """Return True for a folder that has been a cache: a stage in it was finished, or begun and killed."""
    try:
        return any(
            (item / STAGE_RECORD).is_file() or BEGUN.fullmatch(item.name) is not None
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
    with unfinished_folder(folder, resumes=stage.resumes) as out:
        started = time.monotonic()
        stage.run(StageContext(out=out, earlier=earlier, device=device, progress=progress))
        seconds = time.monotonic() - started
        write_json(out / STAGE_RECORD, {"stage": stage.name, "seconds": round(seconds, 3), **record})
        _publish(out, folder)
    return seconds


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
