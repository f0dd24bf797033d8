"""The facts of every clip's file, measured in parallel, and the table of them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs

from nasframe.jobs import in_order
from nasframe.runtime import Progress, csv_text, write_text
from nasframe_audiovisual import CLIP_PATIENCE, ClipFiles, FileFacts, Window, facts_of_file, keep_freed_memory
from nasframe_deepfake.auditing.audited_clip import AuditedClip

__all__ = ["measure_files", "write_facts"]


def measure_files(
    root: Path, clips: Sequence[AuditedClip], window: Window, workers: int, progress: Progress
) -> list[FileFacts]:
    """Return the facts of the file of each clip; one that is damaged says so in its `problem`.

    Args:
        root: folder of the clips.
        clips: whose files are measured.
        window: the part of a clip that a detector gets.
        workers: processes; 0: one for each core, but none for a few clips.
        progress: to report to.
    """
    measure = functools.partial(_measured, root, window)
    files = [clip.files for clip in clips]
    found: Iterable[FileFacts] = in_order(
        measure,
        files,
        workers,
        least=2000,
        initializer=keep_freed_memory,
        lost=_lost,
        patience=CLIP_PATIENCE,
    )
    return list(progress.track(found, "audit", len(files)))


def _measured(root: Path, window: Window, files: ClipFiles) -> FileFacts:
    sound_file = root / files.sound if files.sound else None
    return facts_of_file(root / files.pictures, window.trim, window.seconds, sound_file)


def _lost(files: ClipFiles, end: str) -> FileFacts:
    """Return the facts of a clip at which processes died or hung, each of which `end` describes."""
    return FileFacts(problem=f"cannot be measured, each process that read it {end}")


def write_facts(path: Path, clips: Sequence[AuditedClip], facts: Sequence[FileFacts]) -> None:
    """Write a CSV file with a line for each clip: what it is, and its facts; empty where one is not known."""
    of_clip = [item.name for item in attrs.fields(AuditedClip) if item.name not in ("sound_file", "nameless")]
    of_file = [item.name for item in attrs.fields(FileFacts)]
    rows = (
        [*_cells(clip, of_clip), *_cells(found, of_file)] for clip, found in zip(clips, facts, strict=True)
    )
    write_text(path, csv_text([[*of_clip, *of_file], *rows]))


def _cells(record: AuditedClip | FileFacts, columns: Sequence[str]) -> list[object]:
    values = [getattr(record, name) for name in columns]
    return ["" if value is None else int(value) if isinstance(value, bool) else value for value in values]
