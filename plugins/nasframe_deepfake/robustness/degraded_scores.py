"""The scores of one clip, as it is and degraded, in a worker process."""

from __future__ import annotations

import hashlib
import math

import torch
from attrs import frozen

from nasframe.runtime import one_thread
from nasframe_audiovisual import ClipError, Recording, WindowPlace, first_window, read_footage
from nasframe_deepfake.clip_jobs import ClipJob, Lost, lost_clip, scorer_of, unforeseen
from nasframe_deepfake.clips_under_test import ClipUnderTest
from nasframe_deepfake.detection import ClipScorer
from nasframe_deepfake.robustness.degradations import DEGRADATIONS

__all__ = ["CleanScore", "clean_score", "degraded_scores", "lost_degraded"]

CHANGED = "is not the file any more whose window was scored without degradation"


@frozen
class CleanScore:
    """The score of a clip as it is.

    Attributes:
        log_odds: of fake, of its first window that can be judged: the one that `evaluate` scores.
        place: of that window.
        digest: of its pictures and samples.
    """

    log_odds: float
    place: WindowPlace
    digest: str


def clean_score(job: ClipJob, clip: ClipUnderTest) -> CleanScore | str:
    """Return the score of a clip as it is, or the reason why it has none."""
    path, sound_file = job.files(clip)
    scorer = scorer_of(job)
    try:
        window, faces = scorer.detector.window, scorer.detector.faces
        excerpt = first_window(path, window, faces, sound_file, clip.files.lying)
        (value,) = _log_odds(scorer, *_rows(excerpt.recording))
    except ClipError as error:
        return str(error)
    except Exception as error:  # what nobody has foreseen of one clip in thousands
        return unforeseen(path, error)
    if not math.isfinite(value):
        return f"{path}: its score is no finite number"
    return CleanScore(value, WindowPlace.of(excerpt), _digest(excerpt.recording))


def degraded_scores(
    job: ClipJob, degradation: str, seed: int, clip: tuple[ClipUnderTest, CleanScore]
) -> list[float] | str:
    """Return the log-odds of a clip at each level of a degradation, or the reason why it has none.

    The window and the square of the face are those of the clean clip: a face that is found no longer would
    be another effect, and other clips would be compared.

    Args:
        job: of all clips.
        degradation: its name.
        seed: of the noise.
        clip: with its score as it is.
    """
    tested, clean = clip
    path, sound_file = job.files(tested)
    scorer = scorer_of(job)
    try:
        window, faces = scorer.detector.window, scorer.detector.faces
        footage = read_footage(path, window, clean.place, faces, sound_file, tested.files.lying)
        if _digest(footage.recording) != clean.digest:
            return f"{path}: {CHANGED}"
        pictures, samples = DEGRADATIONS[degradation].of(footage, tested.name, seed)
        values = _log_odds(scorer, torch.from_numpy(pictures), torch.from_numpy(samples))
    except ClipError as error:
        return str(error)
    except Exception as error:  # what nobody has foreseen of one clip in thousands
        return unforeseen(path, error)
    if not all(map(math.isfinite, values)):
        return f"{path}: its score is no finite number"
    return values


def lost_degraded(job: ClipJob, clip: tuple[ClipUnderTest, CleanScore], end: str) -> Lost:
    """Return the reason for a clip at which processes died or hung, each of which `end` describes."""
    return lost_clip(job, clip[0], end)


def _log_odds(scorer: ClipScorer, pictures: torch.Tensor, samples: torch.Tensor) -> list[float]:
    with one_thread():
        found = scorer.detector.log_odds(scorer.network, scorer.heads, pictures, samples)
    values: list[float] = found.tolist()
    return values


def _rows(recording: Recording) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(recording.pictures)[None], torch.from_numpy(recording.samples)[None]


def _digest(recording: Recording) -> str:
    return hashlib.sha256(recording.pictures.tobytes() + recording.samples.tobytes()).hexdigest()
