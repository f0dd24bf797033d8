"""The frames of some streams, decoded: a damaged end is left out, a damaged middle is an error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import av
from attrs import define
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from nasframe.runtime import sign_of_life
from nasframe_audiovisual.media.channel_order import hold_order, without_order
from nasframe_audiovisual.media.clip_error import ClipError
from nasframe_audiovisual.media.picture_size import DECODER_OPTIONS

__all__ = ["decoded_frames", "undecodable"]

BROKEN_OFF = 3
"""Packets at the end of a stream that may be damaged: a file that was broken off has one or two."""


def decoded_frames(
    container: InputContainer, *streams: VideoStream | AudioStream
) -> Iterator[av.VideoFrame | av.AudioFrame]:
    """Yield the frames of some streams of a container, in the order of the file.

    Raises:
        av.FFmpegError: a stream is damaged, and not at its beginning or its end alone.
    """
    # One clip is decoded in one thread; several clips are decoded at once.
    for stream in streams:
        stream.codec_context.options = (
            DECODER_OPTIONS if isinstance(stream, VideoStream) else without_order(stream)
        )
        stream.codec_context.thread_type = "NONE"
    damages = {stream.index: _Damage() for stream in streams}
    for packet in _packets(container, streams):
        sign_of_life()  # of a file, that has so many packets and no more
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


def undecodable(path: Path, error: av.FFmpegError | OSError | ValueError, kind: str = "video") -> ClipError:
    """Return the error of a file whose decoding ends with another one, where a `kind` of file is expected."""
    described = error.strerror if isinstance(error, av.FFmpegError | OSError) else None
    found = described or str(error) or type(error).__name__
    return ClipError(
        path, f"cannot be decoded ({found}); damaged, truncated, or not a {kind} file", "damaged"
    )


def _packets(
    container: InputContainer, streams: Sequence[VideoStream | AudioStream]
) -> Iterator[av.Packet[Any]]:
    """Yield the packets of the streams, and an empty one at the end of each, which empties its decoder."""
    try:
        yield from container.demux(*streams)
    except IndexError:  # raised by PyAV at the end where the file has more streams than its beginning said
        for stream in streams:
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
