"""Pictures and sound that went through an encoder and back, with no shift in time."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray

from nasframe_audiovisual import SAMPLE_RATE

__all__ = ["as_h264", "as_sound"]

_CONTAINERS = {"aac": "mp4", "libmp3lame": "mp3"}
"""Encoder → the container of its file. Both say how many samples of the encoder's delay a player skips."""

_Pixels = NDArray[np.uint8]


def as_h264(pictures: Sequence[_Pixels], rate: float, crf: int, wanted: Sequence[int]) -> list[_Pixels]:
    """Return some pictures of a film that was encoded as H.264 and decoded.

    x264 encodes it as most programs do: its usual preset, 4:2:0, key frames and frames between them. One
    thread, so that the same pictures give the same result.

    Args:
        pictures: of the film, RGB `(height, width, 3)`, all of one size.
        rate: of them in a second.
        crf: the constant rate factor, 0 to 51; the larger, the coarser.
        wanted: numbers of the pictures to return, rising.
    """
    file = io.BytesIO()
    height, width = pictures[0].shape[:2]
    fraction = Fraction(rate).limit_denominator(1000)
    reformatter = av.video.reformatter.VideoReformatter()
    with av.open(file, "w", format="mp4") as container:
        options = {"crf": str(crf), "x264-params": "cpu-independent=1"}
        video = container.add_stream("libx264", rate=fraction, options=options)
        # halves of the colours need even sides; what is added is cut off again
        video.height, video.width, video.pix_fmt = height + height % 2, width + width % 2, "yuv420p"
        video.thread_type, video.thread_count = "NONE", 1
        for number, pixels in enumerate(pictures):
            even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
            frame = reformatter.reformat(frame, format="yuv420p", threads=1)
            frame.pts, frame.time_base = number, 1 / fraction
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    file.seek(0)
    numbers, found = {*wanted}, []
    with av.open(file, "r") as played:
        played.streams.video[0].thread_type = "NONE"
        for number, frame in enumerate(played.decode(video=0)):
            if number in numbers:
                shown = reformatter.reformat(frame, format="rgb24", threads=1).to_ndarray()
                found.append(np.ascontiguousarray(shown[:height, :width], np.uint8))
    if len(found) != len(wanted):
        raise ValueError(f"expected {len(wanted)} pictures of the encoded film, found {len(found)}")
    return found


def as_sound(
    samples: NDArray[np.float32], encoder: Literal["aac", "libmp3lame"], bit_rate: int
) -> NDArray[np.float32]:
    """Return sound that was encoded and decoded `(n,)`, as long as before and in step with it.

    Args:
        samples: mono `(n,)`, 16 kHz.
        encoder: FFmpeg's own for AAC, or LAME for MP3.
        bit_rate: bits a second: the mean for AAC, constant for MP3.
    """
    file = io.BytesIO()
    with av.open(file, "w", format=_CONTAINERS[encoder]) as container:
        audio = container.add_stream(encoder, rate=SAMPLE_RATE, layout="mono")
        audio.bit_rate, audio.codec_context.thread_count = bit_rate, 1
        for frame in _frames(samples, audio.codec_context.frame_size or 1024):
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    file.seek(0)
    with av.open(file, "r") as played:
        parts = [frame.to_ndarray().reshape(-1) for frame in played.decode(audio=0)]
    found = np.zeros(len(samples), np.float32)
    decoded = np.concatenate(parts)[: len(samples)]
    found[: len(decoded)] = decoded
    return found


def _frames(samples: NDArray[np.float32], size: int) -> Iterator[av.AudioFrame]:
    """Yield the samples as frames of the size that an encoder takes."""
    sound = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples)[None], format="flt", layout="mono")
    sound.sample_rate, sound.pts, sound.time_base = SAMPLE_RATE, 0, Fraction(1, SAMPLE_RATE)
    converter = av.AudioResampler(format="fltp", layout="mono", rate=SAMPLE_RATE, frame_size=size)
    yield from converter.resample(sound)
    yield from converter.resample(None)
