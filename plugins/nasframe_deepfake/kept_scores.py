"""Scores of clips in files beside a report, by which an interrupted measurement goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from nasframe import Run
from nasframe.errors import RunError
from nasframe.runtime import (
    MAX_LISTING_BYTES,
    Each,
    Fields,
    Shape,
    Text,
    fingerprint,
    read_json,
    sha256_of,
    write_json,
)
from nasframe_deepfake.clip_jobs import ClipJob, Lost
from nasframe_deepfake.clips_under_test import ClipUnderTest

__all__ = ["KeptScores", "key_of_scores"]


@frozen
class KeptScores:
    """The files of a measurement, each with the scores of some clips.

    Attributes:
        folder: of the files; it is made with the first.
    """

    folder: Path

    def read(self, name: str, key: str, score: Shape) -> tuple[dict[str, Any], dict[str, str]] | None:
        """Return clip → score, and clip → reason of those without one.

        It is None where there is no file, a damaged one, or one of another key.

        Args:
            name: of the file.
            key: of all that the scores depend on.
            score: the shape of one.
        """
        path = self._path(name)
        if not path.exists():
            return None
        shape = Fields({"key": Text(), "scores": Each(score), "left_out": Each(Text())})
        try:
            found = read_json(path, shape, limit=MAX_LISTING_BYTES)
        except RunError:  # damaged: it is made again
            return None
        return (found["scores"], found["left_out"]) if found["key"] == key else None

    def write(self, name: str, key: str, scores: Mapping[str, Any], left_out: Mapping[str, str]) -> None:
        """Write the scores of some clips, whole or not at all; none where one of them was lost.

        What made a process die or hang may be gone the next time, so these clips are scored again then.
        """
        if any(isinstance(reason, Lost) for reason in left_out.values()):
            return
        self.folder.mkdir(exist_ok=True)
        write_json(self._path(name), {"key": key, "scores": dict(scores), "left_out": dict(left_out)})

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"


def key_of_scores(version: int, run: Run, job: ClipJob, clips: Sequence[ClipUnderTest], *more: object) -> str:
    """Return a fingerprint of all that scores of clips depend on; of their files it is size and time.

    Args:
        version: of the computation.
        run: that scores them.
        job: of all clips.
        clips: that are scored.
        more: what else they depend on.
    """
    options, detector = (
        sha256_of(path) for path in (run.path / "experiment.toml", run.task_folder / "detector.json")
    )
    files = [[clip.name, clip.fake, *map(_state, clip.files.paths(job.root))] for clip in clips]
    return fingerprint([version, job.network, options, detector, files, *more])


def _state(path: Path) -> list[int]:
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns]
