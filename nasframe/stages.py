"""Runs a task's stages into a cache that runs share, and skips those whose inputs have not changed."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from attrs import frozen

from nasframe import __version__
from nasframe.files import fingerprint, write_json
from nasframe.progress import Progress
from nasframe.task import Stage, StageContext

__all__ = ["StageResult", "run_stages"]

RECORD = "stage.json"


@frozen
class StageResult:
    """Where a stage's files lie, what they were made from, and how long it took (0 where it was skipped)."""

    folder: Path
    fingerprint: str
    seconds: float
    skipped: bool


def run_stages(
    stages: Sequence[Stage], cache: Path, device: torch.device, progress: Progress
) -> dict[str, StageResult]:
    """Run each stage, or skip it where `cache` holds its result for the same inputs.

    A stage's fingerprint covers its name, its inputs, the version of nasframe and the fingerprints of the
    stages it comes after. Its folder appears only when it has ended without an error.
    """
    results: dict[str, StageResult] = {}
    for stage in stages:
        earlier = {name: results[name].fingerprint for name in stage.after}
        inputs = json.loads(json.dumps(dict(stage.inputs), default=str))
        key = fingerprint([stage.name, inputs, earlier, __version__])
        folder = cache / f"{stage.name}-{key[:16]}"
        if (folder / RECORD).exists():
            progress.say(f"{stage.name}: unchanged, skipped ({folder})")
            results[stage.name] = StageResult(folder, key, 0.0, skipped=True)
            continue
        folders = {name: results[name].folder for name in stage.after}
        seconds = _run(stage, folder, folders, device, progress, {"fingerprint": key, "inputs": inputs})
        progress.say(f"{stage.name}: done in {seconds:.1f} s")
        results[stage.name] = StageResult(folder, key, seconds, skipped=False)
    return results


def _run(
    stage: Stage,
    folder: Path,
    earlier: Mapping[str, Path],
    device: torch.device,
    progress: Progress,
    record: Mapping[str, Any],
) -> float:
    progress.say(f"{stage.name} …")
    partial = folder.parent / f".{folder.name}.{os.getpid()}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    started = time.monotonic()
    try:
        stage.run(StageContext(out=partial, earlier=earlier, device=device, progress=progress))
        seconds = time.monotonic() - started
        write_json(partial / RECORD, {"stage": stage.name, "seconds": round(seconds, 3), **record})
        if folder.exists():  # left by a kill between two renames, or finished by another process meanwhile
            shutil.rmtree(folder)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return seconds
