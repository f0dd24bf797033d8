"""One pass over a clip of two files: the pictures of one, with the sound of the other."""

from __future__ import annotations

import heapq
from collections.abc import Generator, Iterator
from pathlib import Path

import av

from nasframe_audiovisual.media.clip_error import ClipError
from nasframe_audiovisual.media.container import opened
from nasframe_audiovisual.media.display import AS_STORED, Display, Fit, Orientation, at_most
from nasframe_audiovisual.media.frames import decoded_frames, undecodable
from nasframe_audiovisual.media.pauses import check_pauses
from nasframe_audiovisual.media.picture_size import check_size, without_size
from nasframe_audiovisual.media.pictures import Picture, PictureTrack
from nasframe_audiovisual.media.played_streams import is_image, played_pictures, played_sound
from nasframe_audiovisual.media.resampling import SAMPLE_RATE
from nasframe_audiovisual.media.sound import Sound, SoundTrack

__all__ = ["play_apart", "play_pictures"]

_AS_LARGE_AS_USED = at_most()


def play_apart(
    path: Path,
    sound_file: Path,
    first: float = 0.0,
    step: float = 0.1,
    fit: Fit = _AS_LARGE_AS_USED,
    unsaid: Orientation = AS_STORED,
) -> Generator[Picture | Sound, None, None]:
    """Yield the pictures of one file at even moments, and all of the sound of another; see `play`.

    Each file begins at second 0 with its own first time stamp, as where a program joins them. Sound that the
    file of the pictures may have as well is not decoded; its stamps count for where that file begins. Pieces
    come in the order in which they begin.

    Args:
        path: of the file with the pictures.
        sound_file: of the file with the sound.
        first, step, fit, unsaid: see `play`.

    Raises:
        ClipError: as by `play`, of the file that is at fault.
    """
    parts: tuple[Iterator[Picture | Sound], ...] = (
        _sounds(sound_file),
        play_pictures(path, first, step, fit, unsaid),
    )
    yield from heapq.merge(*parts, key=_begin)


def _begin(part: Picture | Sound) -> float:
    return part.moment if isinstance(part, Picture) else part.start / SAMPLE_RATE


def play_pictures(
    path: Path,
    first: float = 0.0,
    step: float = 0.1,
    fit: Fit = _AS_LARGE_AS_USED,
    unsaid: Orientation = AS_STORED,
) -> Iterator[Picture]:
    """Yield the pictures of a file at even moments; it need not have sound. See `play`.

    Raises:
        ClipError: the file is none, cannot be decoded, or lacks pictures; they are too large, or their time
            stamps jump.
    """
    sized = True
    try:
        with opened(path) as container:
            video, zero = played_pictures(path, container)
            check_size(path, video)
            sized = video.width > 0
            pictures = PictureTrack(path, first, step, Display(video, fit, unsaid).pixels)
            for frame in decoded_frames(container, video):
                if isinstance(frame, av.VideoFrame):
                    paused = pictures.paused
                    yield from pictures.add(frame, None if frame.time is None else frame.time - zero)
                    if pictures.paused > paused:
                        check_pauses(path, "pictures", pictures.paused, pictures.shown, pictures.until)
            yield from pictures.finish()
            if pictures.begins is None or (pictures.frames == 1 and is_image(video)):
                found = "only a cover picture" if pictures.frames else "its video stream holds no picture"
                raise ClipError(path, f"has no video, {found}", "no-video")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise (undecodable(path, error) if sized else without_size(path)) from error


def _sounds(path: Path) -> Iterator[Sound]:
    """Yield all of the sound of a file, whatever else it has."""
    try:
        with opened(path) as container:
            audio, zero = played_sound(path, container)
            sound = SoundTrack(path)
            for frame in decoded_frames(container, audio):
                if isinstance(frame, av.AudioFrame):
                    yield from sound.add(frame, None if frame.time is None else frame.time - zero)
            yield from sound.flush()
            if not sound.filled:
                raise ClipError(path, "has no sound, its audio stream is empty", "no-sound")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise undecodable(path, error, "sound") from error
