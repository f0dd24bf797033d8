"""Channels that cancel each other: one of them is taken instead of their mixture.

Sound is made mono by adding its channels. Where a plug or a plug-in turned one of two channels round, the
sum is silence, though a listener hears the sound. So where the sum loses nearly all of the power for half a
second of sound in a row, the louder channel is taken from the beginning of that stretch on, as loud as if it
had been in all channels, and the sum again after half a second in a row in which it does not. Quieter moments
count for neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import av
import numpy as np
from attrs import define, field
from av.audio.frame import format_dtypes
from numpy.typing import NDArray

__all__ = ["Channels"]

LOST = 0.08
"""Channels cancel where the power of their sum is below this share of that of the loudest one. For two
channels their mean then has 2 % of it. The sum of a sound in one channel alone has all of it."""

QUIET = 1e-6
"""Power below which a moment says nothing: -60 dB of full scale."""

IN_A_ROW = 0.5
"""Seconds of sound that must call for a change."""

WAITING = 2.0
"""Seconds of sound that may wait for a decision, quiet moments included."""

FADE = 0.02
"""Seconds over which one signal becomes another, so that there is no click."""

MOST_CHANNELS = 7
"""More channels are always mixed: PyAV cannot give the planes of a frame of eight or more."""

MEAN = -1
"""The mean of all channels is taken; another number is that of a channel."""


@define
class Channels:
    """Gives frames back in order, all channels of a frame replaced by one of them where they cancel.

    A frame that needs no change is given back itself, at once.
    """

    _taken: int = MEAN
    _before: int = MEAN  # what was taken until the fade
    _settled: bool = False  # some sound was given already
    _wanted: int = MEAN  # what the frames that wait call for
    _called: float = 0.0  # seconds of them that call for it
    _waited: float = 0.0  # seconds of them, quiet ones included
    _waiting: list[av.AudioFrame] = field(factory=list)
    _fade: NDArray[np.float64] = field(factory=lambda: np.zeros(0))

    def add(self, frame: av.AudioFrame) -> Sequence[av.AudioFrame]:
        """Return the frames that are decided. All frames are of one rate, layout and format."""
        if not 1 < frame.layout.nb_channels <= MOST_CHANNELS or frame.format.name not in format_dtypes:
            return (frame,)
        wanted = self._called_for(frame)
        self._waiting.append(frame)
        self._waited += frame.samples / frame.sample_rate
        if wanted is not None and wanted != self._taken:
            if not self._called:
                self._wanted = wanted
            self._called += frame.samples / frame.sample_rate
            if self._called >= IN_A_ROW:
                self._change(frame.sample_rate)
                return self._give()
        elif wanted is not None or not self._called:
            self._settled |= wanted is not None
            return self._give()
        return self._give() if self._waited >= WAITING else ()

    def finish(self) -> Sequence[av.AudioFrame]:
        """Return the frames that still wait; where nothing was decided before, they decide."""
        if self._called and not self._settled:
            self._change(self._waiting[0].sample_rate)
        return self._give()

    def _called_for(self, frame: av.AudioFrame) -> int | None:
        """Return the number of the channel that this frame calls for, MEAN, or None where it is quiet."""
        signals, scale = _signals(frame)
        total = signals[0]
        with np.errstate(all="ignore"):  # samples may be infinite
            if len(signals) == 2 and np.dot(*signals) > QUIET * scale:  # they help each other; most do
                return MEAN
            for signal in signals[1:]:
                total = total + signal
            powers = [np.dot(signal, signal) / scale for signal in signals]
            power_of_sum = np.dot(total, total) / scale
        loudest = max(powers)
        if loudest < QUIET:
            return None
        if not power_of_sum < LOST * loudest:  # not finite, too
            return MEAN
        return powers.index(loudest) if self._taken == MEAN else self._taken

    def _change(self, rate: int) -> None:
        """Take what is wanted, from the first frame that waits on."""
        self._before, self._taken = self._taken, self._wanted
        if self._settled:
            self._fade = np.arange(round(FADE * rate)) / (FADE * rate)
        self._settled = True

    def _give(self) -> Sequence[av.AudioFrame]:
        frames, self._waiting, self._called, self._waited = self._waiting, [], 0.0, 0.0
        if self._taken == MEAN and not len(self._fade):
            return frames
        return [self._replaced(frame) for frame in frames]

    def _replaced(self, frame: av.AudioFrame) -> av.AudioFrame:
        """Return a frame of the same kind, all of whose channels are the one that is taken."""
        samples = _channels(frame)
        mono = _one(samples, self._taken)
        if count := min(len(self._fade), len(mono)):
            share, self._fade = self._fade[:count], self._fade[count:]
            mono[:count] = share * mono[:count] + (1 - share) * _one(samples, self._before)[:count]
        if samples[0].dtype.kind != "f":
            mono = np.rint(mono)
        rows = np.tile(mono.astype(samples[0].dtype), (len(samples), 1))
        array = rows if frame.format.is_planar else rows.T.reshape(1, -1)
        made = av.AudioFrame.from_ndarray(array, format=frame.format.name, layout=frame.layout.name)
        made.sample_rate, made.pts = frame.sample_rate, frame.pts
        if frame.time_base is not None:
            made.time_base = frame.time_base
        return made


def _signals(frame: av.AudioFrame) -> tuple[Sequence[NDArray[Any]], float]:
    """Return every channel as float, and what its sum of squares is divided by: a full sine has 0.5 then."""
    signals = _channels(frame)
    kind = signals[0].dtype
    if kind.kind == "f":
        return signals, float(frame.samples)
    zero = 128 if kind == np.uint8 else 0
    signals = [signal.astype(np.float32) - zero for signal in signals]
    return signals, frame.samples * 2.0 ** (16 * kind.itemsize - 2)


def _channels(frame: av.AudioFrame) -> Sequence[NDArray[Any]]:
    """Return the samples of every channel, of the frame's own type."""
    dtype, planes = np.dtype(format_dtypes[frame.format.name]), frame.planes
    channels = frame.layout.nb_channels
    # PyAV's types do not say that a plane is a buffer.
    if frame.format.is_planar:
        return [np.frombuffer(cast("bytes", planes[i]), dtype, frame.samples) for i in range(channels)]
    packed = np.frombuffer(cast("bytes", planes[0]), dtype, frame.samples * channels)
    return [packed[i::channels] for i in range(channels)]


def _one(samples: Sequence[NDArray[Any]], taken: int) -> NDArray[np.float64]:
    if taken == MEAN:
        return np.asarray(np.stack(samples).mean(0, np.float64), np.float64)
    return samples[taken].astype(np.float64)
