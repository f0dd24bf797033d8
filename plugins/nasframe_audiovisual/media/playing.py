"""One pass over a clip: its pictures and its sound as a player shows them, as they are decoded."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import av

from nasframe_audiovisual.media.clip_error import ClipError
from nasframe_audiovisual.media.container import opened
from nasframe_audiovisual.media.display import AS_STORED, Display, Fit, Orientation, at_most
from nasframe_audiovisual.media.frames import decoded_frames, undecodable
from nasframe_audiovisual.media.pauses import check_pauses
from nasframe_audiovisual.media.picture_size import check_size, without_size
from nasframe_audiovisual.media.pictures import Picture, PictureTrack
from nasframe_audiovisual.media.played_streams import is_image, played_streams
from nasframe_audiovisual.media.sound import Sound, SoundTrack

__all__ = ["play"]

_AS_LARGE_AS_USED = at_most()

PAUSED = 10.0
"""Seconds of pictures after which sound that does not come has paused. What filters hold back of the sound
before is then given out, or a caller would take it for sound that comes too late in the file."""


def play(
    path: Path,
    first: float = 0.0,
    step: float = 0.1,
    fit: Fit = _AS_LARGE_AS_USED,
    unsaid: Orientation = AS_STORED,
) -> Generator[Picture | Sound, None, None]:
    """Yield the pictures of a clip at even moments, and all of its sound.

    Second 0 is the first time stamp of the two streams, so that their offset is kept. Pieces come in the
    order of the file, in which both streams are in step, and memory does not grow with the length.

    There is no picture before the first frame, nor long after the last one, nor after a frame that stays on
    screen for more than `HELD` seconds. Sound has no holes: pieces that nobody recorded say so, and nothing
    comes after its end. It is held back for `PAUSED` seconds of pictures at most.

    Args:
        path: of the file.
        first: second of the first moment, from the first frame on: a container may hold some sound before it
            that another one hides, so the pictures are the same in both.
        step: seconds between two moments.
        fit: gives the size of the pictures; by default the longer side has at most 1280 pixels.
        unsaid: how pictures are turned where the container does not say it.

    Raises:
        ClipError: the file is none, cannot be decoded, or lacks pictures or sound; its pictures are too
            large, its sound is no sound, or its time stamps jump. It may come after some pieces, where the
            damage is.
    """
    sized = True
    try:
        with opened(path) as container:
            streams = played_streams(path, container)
            check_size(path, streams.video)
            sized = streams.video.width > 0
            pictures = PictureTrack(path, first, step, Display(streams.video, fit, unsaid).pixels)
            sound, zero = SoundTrack(path), streams.zero
            for frame in decoded_frames(container, streams.video, streams.audio):
                time = frame.time
                if time is not None:
                    time -= zero
                if isinstance(frame, av.VideoFrame):
                    paused, shown = pictures.paused, pictures.add(frame, time)
                    yield from shown
                    if pictures.paused > paused:
                        # sound that goes on under a slide tells that time passed
                        played, end = pictures.shown + sound.heard, pictures.until
                        check_pauses(path, "pictures", pictures.paused, played, end, "pictures and sound")
                    if shown and shown[-1].moment - sound.read > PAUSED:
                        yield from sound.flush()
                else:
                    yield from sound.add(frame, time)
            yield from pictures.finish()
            yield from sound.flush()
            if pictures.begins is None or (pictures.frames == 1 and is_image(streams.video)):
                found = "only a cover picture" if pictures.frames else "its video stream holds no picture"
                raise ClipError(path, f"has no video, {found}", "no-video")
            if not sound.filled:
                raise ClipError(path, "has no sound, its audio stream is empty", "no-sound")
    except (av.FFmpegError, OSError, ValueError) as error:
        if not sized:
            raise without_size(path) from error
        raise undecodable(path, error) from error
