"""Work on single test clips of a run in a worker process, which loads the run once."""

from __future__ import annotations

import functools
from pathlib import Path

from attrs import frozen

from nasframe import load_scorer
from nasframe.errors import RunError
from nasframe_deepfake.clips_under_test import ClipUnderTest
from nasframe_deepfake.detection import ClipScorer

__all__ = ["ClipJob", "Lost", "lost_clip", "scorer_of", "unforeseen"]


@frozen
class ClipJob:
    """The facts that are the same for all clips.

    Attributes:
        run: folder of the run.
        network: hash of its network: a worker that stays loads another one anew.
        device: of the computation; None for that of the experiment.
        root: folder of the clips.
    """

    run: Path
    network: str
    device: str | None
    root: Path

    def files(self, clip: ClipUnderTest) -> tuple[Path, Path | None]:
        """Return the file of a clip's pictures, and that of its sound where it is another one."""
        sound = self.root / clip.files.sound if clip.files.sound else None
        return self.root / clip.files.pictures, sound


def scorer_of(job: ClipJob) -> ClipScorer:
    """Return what scores clips for a run, loaded once in each process.

    Raises:
        RunError: the run has not been trained, is damaged, or is one of another task.
    """
    return _loaded(job.run, job.network, job.device)


class Lost(str):
    """The reason for a clip at which processes died or hung: another time it may be scored."""


def lost_clip(job: ClipJob, clip: ClipUnderTest, end: str) -> Lost:
    """Return the reason for a clip at which processes died or hung, each of which `end` describes."""
    return Lost(f"{job.files(clip)[0]}: cannot be scored, each process that tried it {end}")


def unforeseen(path: Path, error: Exception) -> str:
    """Return the reason for a clip whose scoring ends with an error that is not about clips."""
    return f"{path}: cannot be scored, it ends with {type(error).__name__}: {error}"


@functools.lru_cache(maxsize=1)
def _loaded(run: Path, network: str, device: str | None) -> ClipScorer:
    scorer = load_scorer(run, device=device).file_scorer
    if not isinstance(scorer, ClipScorer):
        raise RunError(f"{run}: expected a run that scores clips, found one with {type(scorer).__name__}")
    return scorer
