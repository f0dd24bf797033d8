"""Stage `audit`: the shortcuts of a prepared set, before anything is trained on it; and of any other set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasframe import Stage, StageContext
from nasframe.runtime import MAX_LISTING_BYTES, Fields, Progress, Text, read_json
from nasframe_audiovisual import Window
from nasframe_deepfake.auditing.audited_clip import AuditedClip
from nasframe_deepfake.auditing.auditing import audit
from nasframe_deepfake.auditing.words import in_lines
from nasframe_deepfake.datasets import read_dataset
from nasframe_deepfake.preparation import Preparation, read_index

__all__ = ["audit_data", "audit_prepared", "audit_stage"]

VERSION = 1
"""Increased when the code of the stage writes another result for the same options."""


def audit_stage(window: Window, source: Path | None, seed: int, workers: int) -> Stage:
    """Return the stage that audits the clips that `prepare` has put into its index.

    Nothing is computed from its result, so it is `beside` the others.
    """

    def run(context: StageContext) -> None:
        root = source if source is not None else context.earlier["synthesize"]
        report = audit_prepared(
            root, context.earlier["prepare"], context.out, window, seed, workers, context.progress
        )
        for line in in_lines(report):
            context.progress.say(line)

    after = ("prepare",) if source is not None else ("synthesize", "prepare")
    return Stage("audit", {"version": VERSION, "seed": seed}, run, after=after, beside=True)


def audit_prepared(
    root: Path, prepared: Path, out: Path, window: Window, seed: int, workers: int, progress: Progress
) -> Mapping[str, Any]:
    """Audit the clips in the index of a folder that `prepare` wrote; see `audit`.

    Args:
        root: folder of the data. Where the clips are not in it, they are where the preparation found them.
        prepared: the folder with the index.
        out: a folder that is there; it may be the same.
        window: that they were prepared with.
        seed, workers, progress: see `audit`.
    """
    clips = [
        AuditedClip(
            clip.path, clip.category, clip.source, bool(clip.fake), clip.sound_file, bool(clip.nameless)
        )
        for clip in read_index(prepared / "index.csv")
    ]
    if clips and not (root / clips[0].files.pictures).is_file():
        root = _root_of(prepared)
    return audit(root, clips, out, window, seed, workers, progress)


def audit_data(
    source: Path, preparation: Preparation, out: Path, workers: int, progress: Progress
) -> Mapping[str, Any]:
    """Audit all clips that a data set lists, without preparing them; see `audit`.

    Raises:
        DataError: the source cannot be read, or lists no clip.
    """
    listing = read_dataset(preparation.dataset, source, preparation.desync)
    clips = [
        AuditedClip(clip.name, clip.category, clip.source, clip.fake, clip.sound_file, clip.nameless)
        for clip in listing.clips
    ]
    return audit(listing.root, clips, out, preparation.window, preparation.seed, workers, progress)


def _root_of(prepared: Path) -> Path:
    """Return the folder in which a preparation found its clips."""
    shape = Fields({"source": Text()}, {})
    return Path(read_json(prepared / "report.json", shape, limit=MAX_LISTING_BYTES)["source"])
