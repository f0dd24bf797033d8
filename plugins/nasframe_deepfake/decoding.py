"""Decoding one clip: pictures at fixed moments and the sound of the same stretch of time.

Light on purpose (numpy and PyAV, no torch), because worker processes import it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from attrs import define, field, frozen
from av.container import InputContainer
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from nasframe.errors import DataError

__all__ = ["SAMPLE_RATE", "Recording", "Window", "decode"]

SAMPLE_RATE = 16_000
"""Samples a second of every decoded sound."""


@frozen
class Window:
    """Which part of a clip is looked at, and how.

    Attributes:
        trim: seconds left out at the start of both streams. A fixed offset, because fakes often begin with
            silence where genuine clips do not, and a detector would learn that instead.
        seconds: length of what follows.
        frames: pictures taken at even intervals in it.
        size: height and width of a picture in pixels; the middle square of the frame is taken.
    """

    trim: float = 0.2
    seconds: float = 1.6
    frames: int = 16
    size: int = 64

    @property
    def moments(self) -> NDArray[np.float64]:
        """When pictures are taken, in seconds from the start of the clip `(frames,)`."""
        return np.asarray(self.trim + (np.arange(self.frames) + 0.5) * self.seconds / self.frames)

    @property
    def end(self) -> float:
        """Seconds of clip that are needed."""
        return self.trim + self.seconds


@frozen
class Recording:
    """Pictures `(frames, size, size, 3)` uint8 and mono samples `(seconds · 16000,)` float32 in [-1, 1]."""

    pictures: NDArray[np.uint8]
    samples: NDArray[np.float32]


def decode(path: Path, window: Window) -> Recording:
    """The part `window` of the clip at `path`.

    Raises:
        DataError: not a file, empty, not decodable (a text file, a truncated one), no video stream,
            no audio stream, or too short; each names the file.
    """
    try:
        if path.is_dir():
            raise DataError(f"{path}: is a folder; expected a video file")
        if not path.is_file():
            raise DataError(f"{path}: there is no such file")
        if path.stat().st_size == 0:
            raise DataError(f"{path}: the file is empty")
        # Tags need not be UTF-8; nothing here reads them.
        with av.open(str(path), metadata_errors="replace") as container:
            return _read(path, container, window)
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(
            f"{path}: cannot be decoded ({reason}); damaged, truncated, or not a video file"
        ) from error


def _read(path: Path, container: InputContainer, window: Window) -> Recording:
    if not container.streams.video:
        raise DataError(f"{path}: has no video stream")
    if not container.streams.audio:
        raise DataError(f"{path}: has no audio stream")
    for stream in (container.streams.video[0], container.streams.audio[0]):
        # PyAV's types do not say so, but a stream whose codec is unknown has no context.
        if getattr(stream, "codec_context", None) is None:
            raise DataError(f"{path}: cannot be decoded (its {stream.type} stream has an unknown codec)")
    pictures, sound = _Pictures(window), _Sound(window)
    # Both streams count from the same zero, so that one which starts later stays later.
    zero = (container.start_time or 0) / av.time_base
    for frame in _frames(container):
        if frame.time is None:
            continue
        if isinstance(frame, av.VideoFrame):
            pictures.see(frame, frame.time - zero)
        else:
            sound.hear(frame, frame.time - zero)
        if pictures.done and sound.done:
            break
    sound.flush()
    seen, heard = pictures.until, sound.until
    # A frame lasts until the next one; half the interval of ours is enough slack for the last of a clip.
    if not pictures.finish():
        raise DataError(f"{path}: too short; its pictures end at {seen:.2f} s, {window.end:.2f} s are needed")
    if not sound.finish():
        raise DataError(f"{path}: too short; its sound ends at {heard:.2f} s, {window.end:.2f} s are needed")
    return Recording(np.stack(pictures.taken), sound.samples)


def _frames(container: InputContainer) -> Iterator[av.VideoFrame | av.AudioFrame]:
    video, audio = container.streams.video[0], container.streams.audio[0]
    video.thread_type = audio.codec_context.thread_type = "NONE"
    for frame in container.decode(video, audio):
        if isinstance(frame, av.VideoFrame | av.AudioFrame):
            yield frame


@define
class _Pictures:
    """Keeps, for each moment, the frame on screen then."""

    window: Window
    taken: list[NDArray[np.uint8]] = field(factory=list)
    until: float = 0.0
    _last: av.VideoFrame | None = None
    _reformatter: VideoReformatter = field(factory=VideoReformatter)

    @property
    def done(self) -> bool:
        return len(self.taken) == self.window.frames

    def see(self, frame: av.VideoFrame, moment: float) -> None:
        if self._last is not None:
            self._take(moment)
        self._last = frame
        self.until = moment

    def finish(self) -> bool:
        """Whether every moment has a picture; the last frame may stay for two intervals more."""
        if self._last is not None and not self.done:
            self._take(self.until + 2 * self.window.seconds / self.window.frames)
        return self.done

    def _take(self, before: float) -> None:
        """The last frame is on screen until `before`."""
        moments, pixels = self.window.moments, None
        while not self.done and moments[len(self.taken)] < before:
            if pixels is None:
                assert self._last is not None
                pixels = self._pixels(self._last)
            self.taken.append(pixels)

    def _pixels(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        size = self.window.size
        scale = size / min(frame.width, frame.height)
        width, height = max(size, round(frame.width * scale)), max(size, round(frame.height * scale))
        small = self._reformatter.reformat(frame, width, height, "rgb24", threads=1).to_ndarray()
        top, left = (height - size) // 2, (width - size) // 2
        return np.asarray(small[top : top + size, left : left + size], np.uint8)


@define
class _Sound:
    """Collects the samples of the window, resampled to 16 kHz mono."""

    window: Window
    samples: NDArray[np.float32] = field(init=False)
    until: float = 0.0
    _parts: list[NDArray[np.float32]] = field(factory=list)
    _start: float | None = None
    _resampler: av.AudioResampler = field(
        factory=lambda: av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    )

    @property
    def done(self) -> bool:
        return self.until >= self.window.end + 0.05

    def hear(self, frame: av.AudioFrame, moment: float) -> None:
        if self.done:
            return
        if self._start is None:
            self._start = moment
        self._keep(self._resampler.resample(frame))

    def flush(self) -> None:
        """Take what the resampler still holds."""
        if self._start is not None:
            self._keep(self._resampler.resample(None))

    def finish(self) -> bool:
        """Whether the sound covers the window; a frame of AAC may be missing at the end."""
        first, length = round(self.window.trim * SAMPLE_RATE), round(self.window.seconds * SAMPLE_RATE)
        start = round((self._start or 0.0) * SAMPLE_RATE)
        heard = np.concatenate([np.zeros(max(0, start), np.float32), *self._parts])[max(0, -start) :]
        piece = heard[first : first + length]
        self.samples = np.pad(piece, (0, length - len(piece)))
        return length - len(piece) <= 1024

    def _keep(self, frames: list[av.AudioFrame]) -> None:
        for frame in frames:
            self._parts.append(np.asarray(frame.to_ndarray(), np.float32).reshape(-1))
            self.until = (self._start or 0.0) + sum(map(len, self._parts)) / SAMPLE_RATE
