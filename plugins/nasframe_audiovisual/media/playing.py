"""One pass over a clip: its pictures and its sound as a player shows them, as they are decoded."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, cast

import av
from attrs import define
from av.container import InputContainer

from nasframe_audiovisual.media.channel_order import hold_order, without_order
from nasframe_audiovisual.media.clip_error import ClipError
from nasframe_audiovisual.media.container import opened
from nasframe_audiovisual.media.display import Display, Fit, at_most
from nasframe_audiovisual.media.pauses import check_pauses
from nasframe_audiovisual.media.picture_size import DECODER_OPTIONS, check_size, without_size
from nasframe_audiovisual.media.pictures import Picture, PictureTrack
from nasframe_audiovisual.media.played_streams import PlayedStreams, is_image, played_streams
from nasframe_audiovisual.media.sound import Sound, SoundTrack

__all__ = ["play"]

_AS_LARGE_AS_USED = at_most()

PAUSED = 10.0
"""Seconds of pictures after which sound that does not come has paused. What filters hold back of the sound
before is then given out, or a caller would take it for sound that comes too late in the file."""

BROKEN_OFF = 3
"""Packets at the end of a stream that may be damaged: a file that was broken off has one or two."""


def play(
    path: Path, first: float = 0.0, step: float = 0.1, fit: Fit = _AS_LARGE_AS_USED
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
            pictures = PictureTrack(path, first, step, Display(streams.video, fit).pixels)
            sound, zero = SoundTrack(path), streams.zero
            for frame in _frames(container, streams):
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
        described = error.strerror if isinstance(error, av.FFmpegError | OSError) else None
        found = described or str(error) or type(error).__name__
        message = f"cannot be decoded ({found}); damaged, truncated, or not a video file"
        raise ClipError(path, message, "damaged") from error


def _frames(container: InputContainer, streams: PlayedStreams) -> Iterator[av.VideoFrame | av.AudioFrame]:
    # One clip is decoded in one thread; several clips are decoded at once.
    streams.video.codec_context.options = DECODER_OPTIONS
    streams.audio.codec_context.options = without_order(streams.audio)
    streams.video.thread_type = streams.audio.codec_context.thread_type = "NONE"
    damages = {stream.index: _Damage() for stream in (streams.video, streams.audio)}
    for packet in _packets(container, streams):
        damage = damages[packet.stream.index]  # `stream_index` of the last packets is 0
        try:
            frames = cast("list[av.VideoFrame | av.AudioFrame]", packet.decode())
        except av.FFmpegError as error:
            damage.found(error)
            continue
        for frame in frames:
            if isinstance(frame, av.AudioFrame):
                hold_order(frame)
        if frames and packet.size and (damage.packets or not damage.begun):
            damage.passed()
        damage.begun |= bool(frames)  # the empty packet at the end gives frames that came before the damage
        yield from frames
    for damage in damages.values():
        damage.ended()


def _packets(container: InputContainer, streams: PlayedStreams) -> Iterator[av.Packet[Any]]:
    """Yield the packets of both streams, and an empty one at the end of each, which empties its decoder."""
    try:
        yield from container.demux(streams.video, streams.audio)
    except IndexError:  # raised by PyAV at the end where the file has more streams than its beginning said
        for stream in (streams.video, streams.audio):
            packet: av.Packet[Any] = av.Packet()
            packet.stream = stream
            yield packet


@define
class _Damage:
    """Packets of one stream that could not be decoded.

    A recording that was cut begins with packets that need others, and one that was broken off ends with half
    a packet: a player shows the rest, and so do we. Damage in the middle is an error, as the pictures after
    it may be damaged, too.
    """

    begun: bool = False
    packets: int = 0
    first: av.FFmpegError | None = None

    def found(self, error: av.FFmpegError) -> None:
        self.packets += 1
        self.first = self.first or error

    def passed(self) -> None:
        """Note a frame; raise the error of packets between it and an earlier frame."""
        if self.begun and self.first is not None:
            raise self.first
        self.begun, self.packets, self.first = True, 0, None

    def ended(self) -> None:
        """Raise the error where there was no frame at all, or more than the end is missing."""
        if self.first is not None and (not self.begun or self.packets > BROKEN_OFF):
            raise self.first
