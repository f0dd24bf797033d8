"""One clip in a worker process: its pictures, its spectrogram, and what tells them from those of others."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from attrs import frozen
from numpy.typing import NDArray

from nasframe.runtime import one_thread
from nasframe_audiovisual.clip_files import ClipFiles
from nasframe_audiovisual.faces import FaceDetector, FaceSettings
from nasframe_audiovisual.media import ClipError
from nasframe_audiovisual.spectrogram import log_mel
from nasframe_audiovisual.storage import file_digest
from nasframe_audiovisual.windows import Window, first_window

__all__ = ["DecodedClip", "decoded_clip", "detector_inputs", "lost_clip"]


@frozen
class DecodedClip:
    """Both streams of the first window of a clip, by their kinds.

    Attributes:
        streams: `pictures`, RGB `(frames, size, size, 3)`, uint8; and `sounds`, the log-mel spectrogram
            `(mels, COLUMNS)`, float32.
        digests: SHA-256 of the pictures and of the samples, 64 hexadecimal digits; equal streams share them.
    """

    streams: Mapping[str, NDArray[Any]]
    digests: Mapping[str, str]


def decoded_clip(
    root: Path, window: Window, mels: int, faces: FaceSettings, clip: ClipFiles
) -> DecodedClip | str:
    """Return the streams of a clip, or the reason why there are none: one clip does not stop the others.

    Args:
        root: folder of the clips.
        window: the length of the part of each clip that is used, and its pictures.
        mels: bands of the spectrogram.
        faces: how the square of the pictures is found.
        clip: its files, relative to `root`.

    Raises:
        DataError: the faces' model cannot be used, for no clip.
    """
    detector, path = _detector(faces), root / clip.pictures
    try:
        recording = first_window(
            path, window, detector, root / clip.sound if clip.sound else None, clip.lying
        ).recording
        with one_thread():
            sound = log_mel(torch.from_numpy(recording.samples), mels).numpy()
    except ClipError as error:
        return str(error)
    except Exception as error:  # what nobody has foreseen of one clip in thousands
        return f"{path}: cannot be used, its decoding ends with {type(error).__name__}: {error}"
    digests = {"pictures": _digest(recording.pictures), "sounds": _digest(recording.samples)}
    return DecodedClip({"pictures": recording.pictures, "sounds": sound}, digests)


def _digest(values: NDArray[Any]) -> str:
    return hashlib.sha256(values.tobytes()).hexdigest()


def lost_clip(root: Path, clip: ClipFiles, end: str) -> str:
    """Return the reason for a clip at which processes died or hung, each of which `end` describes."""
    return f"{root / clip.name}: cannot be used, each process that decoded it {end}"


def detector_inputs(faces: FaceSettings) -> dict[str, Any]:
    """Return all that the squares depend on, and make the detector of this process anew.

    Raises:
        DataError: the faces' model cannot be used.
    """
    _detector.cache_clear()  # the file of a model may be another one than at an earlier call
    margin = _detector(faces).margin
    model = None if faces.model is None else file_digest(faces.model)
    return {"detector": faces.detector, "margin": margin, "model": model}


@functools.lru_cache(maxsize=1)
def _detector(faces: FaceSettings) -> FaceDetector:
    """Return the detector, which a worker makes once: one with a network takes as long as a clip."""
    return faces.make()
