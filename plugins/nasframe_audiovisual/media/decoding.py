"""Decoding a clip: pictures at fixed moments, and the sound of the same part of the clip.

Imports only numpy and PyAV, and no torch, because worker processes import it.
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

__all__ = ["SAMPLE_RATE", "ClipError", "Recording", "Window", "decode", "decode_or_reason"]

SAMPLE_RATE = 16_000
"""Samples in one second of every decoded sound: 16 kHz."""

LOUDEST = 16.0
"""The largest sample that a recorder may write: float sound may pass full scale, which is 1, by 24 dB."""


@frozen
class Window:
    """The part of a clip that is used, and the number and size of its pictures.

    Attributes:
        trim: seconds left out at the start of both streams. Clips of one origin often begin alike, for
            example with silence; a network would learn that instead of its task.
        seconds: length of the part that is used, in seconds.
        frames: number of pictures, taken at even intervals in it.
        size: height and width of a picture in pixels; the middle square of a frame is used.
    """

    trim: float = 0.2
    seconds: float = 1.6
    frames: int = 16
    size: int = 64

    @property
    def moments(self) -> NDArray[np.float64]:
        """Times of the pictures, in seconds from the start of the clip `(frames,)`."""
        return np.asarray(self.trim + (np.arange(self.frames) + 0.5) * self.seconds / self.frames)

    @property
    def end(self) -> float:
        """Seconds that a clip must have."""
        return self.trim + self.seconds


@frozen
class Recording:
    """The decoded part of a clip.

    Attributes:
        pictures: RGB `(frames, size, size, 3)`, uint8.
        samples: mono, `(seconds · SAMPLE_RATE,)`, float32, finite; full scale is from -1 to 1.
    """

    pictures: NDArray[np.uint8]
    samples: NDArray[np.float32]


class ClipError(DataError):
    """A clip that cannot be used. The message is the path of the file and the `reason`.

    Args:
        path: of the file.
        reason: in words, for a user who knows the file.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.reason = reason


def decode(path: Path, window: Window) -> Recording:
    """Decode the part `window` of the clip at `path`.

    Both streams count from one zero, so that their offset is kept. Any frame rate and sample rate will do:
    pictures are those on screen at the window's moments, and samples are resampled to 16 kHz mono.

    Raises:
        ClipError: it is not a file, is empty, cannot be decoded (a text file, a truncated one), has no video
            stream or no audio stream, is too short, or has samples of sound that are no number, infinite, or
            far beyond full scale.
    """
    try:
        if path.is_dir():
            raise ClipError(path, "is a folder; expected a video file")
        if not path.is_file():
            raise ClipError(path, "is no regular file" if path.exists() else "there is no such file")
        if path.stat().st_size == 0:
            raise ClipError(path, "the file is empty")
        # Tags need not be in UTF-8; they are not used.
        with av.open(str(path), metadata_errors="replace") as container:
            return _read(path, container, window)
    except (av.FFmpegError, OSError, ValueError) as error:
        described = error.strerror if isinstance(error, av.FFmpegError | OSError) else None
        reason = described or str(error) or type(error).__name__
        raise ClipError(
            path, f"cannot be decoded ({reason}); damaged, truncated, or not a video file"
        ) from error


def decode_or_reason(root: Path, window: Window, path: str) -> Recording | str:
    """Return the recording of a clip below `root`, or the message why there is none: one bad clip must not
    stop the others."""
    try:
        return decode(root / path, window)
    except DataError as error:
        return str(error)


def _read(path: Path, container: InputContainer, window: Window) -> Recording:
    if not container.streams.video:
        raise ClipError(path, "has no video stream")
    if not container.streams.audio:
        raise ClipError(path, "has no audio stream")
    for stream in (container.streams.video[0], container.streams.audio[0]):
        # A stream with an unknown codec has no context, which PyAV's types do not say.
        if getattr(stream, "codec_context", None) is None:
            raise ClipError(path, f"cannot be decoded (its {stream.type} stream has an unknown codec)")
    pictures, sound = _Pictures(window), _Sound(window)
    zero = (container.start_time or 0) / av.time_base
    for frame in _frames(container):
        if frame.time is None:
            continue
        if isinstance(frame, av.VideoFrame):
            pictures.add(frame, frame.time - zero)
        else:
            sound.add(frame, frame.time - zero)
        if pictures.done and sound.done:
            break
    sound.flush()
    if not pictures.finish():
        raise ClipError(
            path, f"too short; its pictures end at {pictures.end:.2f} s, {window.end:.2f} s are needed"
        )
    if not sound.finish():
        raise ClipError(
            path, f"too short; its sound ends at {sound.end:.2f} s, {window.end:.2f} s are needed"
        )
    if problem := _not_sound(sound.samples, window):
        raise ClipError(path, problem)
    return Recording(np.stack(pictures.taken), sound.samples)


def _not_sound(samples: NDArray[np.float32], window: Window) -> str:
    """Return the reason why float samples are no sound; "" where they are."""
    finite = np.isfinite(samples)
    if not finite.all():
        first = int(np.argmin(finite))
        moment = window.trim + first / SAMPLE_RATE
        return (
            f"its sound holds {np.count_nonzero(~finite)} samples that are no finite number, the first, "
            f"{samples[first]}, at {moment:.2f} s"
        )
    loudest = int(np.argmax(np.abs(samples)))
    if abs(samples[loudest]) > LOUDEST:
        moment = window.trim + loudest / SAMPLE_RATE
        return (
            f"its sound is {abs(samples[loudest]):.3g} times as loud as full scale at {moment:.2f} s; "
            f"expected samples from -1 to 1, and none above {LOUDEST:g}"
        )
    return ""


def _frames(container: InputContainer) -> Iterator[av.VideoFrame | av.AudioFrame]:
    video, audio = container.streams.video[0], container.streams.audio[0]
    video.thread_type = audio.codec_context.thread_type = "NONE"
    for frame in container.decode(video, audio):
        if isinstance(frame, av.VideoFrame | av.AudioFrame):
            yield frame


@define
class _Pictures:
    """Keeps the frame that is on screen at each moment of the window."""

    window: Window
    taken: list[NDArray[np.uint8]] = field(factory=list)
    end: float = 0.0
    _last: av.VideoFrame | None = None
    _reformatter: VideoReformatter = field(factory=VideoReformatter)

    @property
    def done(self) -> bool:
        return len(self.taken) == self.window.frames

    def add(self, frame: av.VideoFrame, moment: float) -> None:
        if self._last is not None:
            self._take(moment)
        self._last = frame
        self.end = moment

    def finish(self) -> bool:
        """Return True where every moment has a picture; the last frame may stay for two intervals more."""
        if self._last is not None and not self.done:
            self._take(self.end + 2 * self.window.seconds / self.window.frames)
        return self.done

    def _take(self, before: float) -> None:
        """Take the last frame for all moments that are left before `before`."""
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
    end: float = 0.0
    _parts: list[NDArray[np.float32]] = field(factory=list)
    _start: float | None = None
    _resampler: av.AudioResampler = field(
        factory=lambda: av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    )

    @property
    def done(self) -> bool:
        return self.end >= self.window.end + 0.05

    def add(self, frame: av.AudioFrame, moment: float) -> None:
        if self.done:
            return
        if self._start is None:
            self._start = moment
        self._keep(self._resampler.resample(frame))

    def flush(self) -> None:
        """Take the samples that are still in the resampler."""
        if self._start is not None:
            self._keep(self._resampler.resample(None))

    def finish(self) -> bool:
        """Return True where the sound covers the window; a frame of AAC may be missing at the end."""
        first, length = round(self.window.trim * SAMPLE_RATE), round(self.window.seconds * SAMPLE_RATE)
        start = round((self._start or 0.0) * SAMPLE_RATE)
        decoded = np.concatenate([np.zeros(max(0, start), np.float32), *self._parts])[max(0, -start) :]
        piece = decoded[first : first + length]
        self.samples = np.pad(piece, (0, length - len(piece)))
        return length - len(piece) <= 1024

    def _keep(self, frames: list[av.AudioFrame]) -> None:
        for frame in frames:
            self._parts.append(np.asarray(frame.to_ndarray(), np.float32).reshape(-1))
            self.end = (self._start or 0.0) + sum(map(len, self._parts)) / SAMPLE_RATE
