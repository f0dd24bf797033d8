"""The two streams that a player plays, among all that a file holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from attrs import frozen
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from nasframe_audiovisual.media.clip_error import ClipError

__all__ = ["PlayedStreams", "is_image", "played_pictures", "played_sound", "played_streams"]

NO_FILM = (
    Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails | Disposition.dependent
)
"""Pictures that belong to a film or a piece of music, and streams that say nothing alone."""

BESIDE_THE_MAIN = (
    Disposition.comment
    | Disposition.lyrics
    | Disposition.karaoke
    | Disposition.hearing_impaired
    | Disposition.visual_impaired
    | Disposition.clean_effects
    | Disposition.non_diegetic
    | Disposition.descriptions
)
"""Streams for some listeners only; a player begins with another one."""

IMAGES = frozenset(("mjpeg", "png", "bmp", "tiff", "webp", "gif", "jpeg2000", "jpegls", "jpegxl", "svg"))
"""Codecs of single pictures. A film may have one, a cover always has."""

AnyStream = TypeVar("AnyStream", VideoStream, AudioStream)


@frozen
class PlayedStreams:
    """The two streams of a clip.

    Attributes:
        video: with a codec that can be decoded; no cover picture.
        audio: with a codec that can be decoded.
    """

    video: VideoStream
    audio: AudioStream

    @property
    def zero(self) -> float:
        """Second 0 of the clip on the clock of its stamps: the first one of the stream that begins first."""
        return _first_stamp(self.video, self.audio)


def played_streams(path: Path, container: InputContainer) -> PlayedStreams:
    """Return the streams that a player would play, and let FFmpeg skip all others.

    A stream that can be decoded goes before one that cannot, a film before a single picture, one that is
    marked as default before others, the main one before a commentary; then the first.

    Raises:
        ClipError: there is no video, only a cover picture, no sound, or an unknown codec.
    """
    played = PlayedStreams(_film(path, container), _sound(path, container))
    _play_alone(path, container, played.video, played.audio)
    return played


def played_pictures(path: Path, container: InputContainer) -> tuple[VideoStream, float]:
    """Return the pictures that a player would play, and let FFmpeg skip all other streams.

    Second 0 of the file comes with them, on the clock of its stamps: the first one, that of a sound too.

    Raises:
        ClipError: there is no video, only a cover picture, or an unknown codec.
    """
    video = _film(path, container)
    zero = _first_stamp(video, *container.streams.audio)
    _play_alone(path, container, video)
    return video, zero


def played_sound(path: Path, container: InputContainer) -> tuple[AudioStream, float]:
    """Return the sound that a player would play and its first stamp, and let FFmpeg skip all other streams.

    Raises:
        ClipError: there is no sound, or an unknown codec.
    """
    audio = _sound(path, container)
    _play_alone(path, container, audio)
    return audio, _first_stamp(audio)


def _film(path: Path, container: InputContainer) -> VideoStream:
    if not container.streams.video:
        raise ClipError(path, "has no video stream", "no-video")
    films = [stream for stream in container.streams.video if not stream.disposition & NO_FILM]
    if not films:
        raise ClipError(path, "has no video, only a cover picture", "no-video")
    return _best(films)


def _sound(path: Path, container: InputContainer) -> AudioStream:
    sounds = [stream for stream in container.streams.audio if not stream.disposition & Disposition.dependent]
    if not sounds:
        raise ClipError(path, "has no audio stream", "no-sound")
    return _best(sounds)


def _play_alone(path: Path, container: InputContainer, *played: VideoStream | AudioStream) -> None:
    """Let FFmpeg skip all other streams; raise where the codec of one that is played is unknown."""
    kept = {stream.index for stream in played}
    for stream in container.streams:
        if stream.index not in kept:
            stream.discard = Discard.all
    for best in played:
        if not _known(best):
            message = f"cannot be decoded (its {best.type} stream has an unknown codec)"
            raise ClipError(path, message, "unknown-codec")


def _first_stamp(*streams: VideoStream | AudioStream) -> float:
    """Return the first stamp of some streams, in seconds on their clock; 0 where none is known."""
    starts = [
        stream.start_time * float(stream.time_base)
        for stream in streams
        if stream.start_time is not None and stream.time_base is not None
    ]
    return min(starts, default=0.0)


def is_image(stream: VideoStream) -> bool:
    """Return True where the codec is one of single pictures, such as JPEG."""
    return _known(stream) and stream.codec_context.name in IMAGES


def _best(streams: Sequence[AnyStream]) -> AnyStream:
    return min(streams, key=lambda stream: (*_rank(stream), stream.index))


def _rank(stream: VideoStream | AudioStream) -> tuple[bool, ...]:
    """Return a key that sorts the stream of a player to the front."""
    return (
        not _known(stream),
        not _described(stream),
        isinstance(stream, VideoStream) and is_image(stream),
        not stream.disposition & Disposition.default,
        bool(stream.disposition & BESIDE_THE_MAIN),
    )


def _known(stream: Stream) -> bool:
    """Return True where the codec is known; others have no context, which PyAV's types do not say."""
    return getattr(stream, "codec_context", None) is not None


def _described(stream: VideoStream | AudioStream) -> bool:
    """Return True where a size or a sample rate was found: a stream without any data has none."""
    if not _known(stream):
        return False
    return bool(stream.width if isinstance(stream, VideoStream) else stream.sample_rate)
