"""Clips of a second or two, written with PyAV: what the library reads, without any data set."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three clips of two seconds, of different sizes, frame rates and sample rates."""
    out = tmp_path_factory.mktemp("clips")
    return [
        write_clip(out / "plain.mp4"),
        write_clip(out / "wide.mp4", size=(48, 96), rate=30),
        write_clip(out / "slow.mp4", rate=10, sample_rate=44_100),
    ]


def write_clip(
    path: Path,
    seconds: float = 2.0,
    video: bool = True,
    audio: bool = True,
    size: tuple[int, int] = (48, 64),
    rate: int = 25,
    sample_rate: int = 16_000,
) -> Path:
    """An mp4 file whose picture grows brighter by 100 levels a second and whose sound is a 440 Hz tone."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=rate) if video else None
        sound = container.add_stream("aac", rate=sample_rate, layout="mono") if audio else None
        if pictures is not None:
            pictures.height, pictures.width = size
            pictures.pix_fmt = "yuv420p"
            for number in range(round(seconds * rate)):
                level = 20 + round(100 * number / rate)
                frame = av.VideoFrame.from_ndarray(np.full((*size, 3), level, np.uint8), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, rate)
                container.mux(pictures.encode(frame))
            container.mux(pictures.encode(None))
        if sound is not None:
            moments = np.arange(round(seconds * sample_rate)) / sample_rate
            tone = (8000 * np.sin(2 * np.pi * 440 * moments)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = sample_rate, 0, Fraction(1, sample_rate)
            resampler = av.AudioResampler(format="fltp", layout="mono", rate=sample_rate, frame_size=1024)
            for piece in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(sound.encode(piece))
            container.mux(sound.encode(None))
    return path


def write_float_clip(
    path: Path,
    samples: NDArray[np.float64],
    codec: str = "pcm_f32le",
    rate: int = 16_000,
    layout: str = "mono",
) -> Path:
    """A Matroska file of grey pictures, whose sound is these samples `(length,)` or `(channels, length)`."""
    kind, dtype = ("flt", np.float32) if codec == "pcm_f32le" else ("dbl", np.float64)
    rows = np.atleast_2d(samples)
    with av.open(str(path), "w") as container, np.errstate(over="ignore"):
        pictures = container.add_stream("libx264", rate=25)
        sound = container.add_stream(codec, rate=rate, layout=layout)
        pictures.height, pictures.width, pictures.pix_fmt = 48, 64, "yuv420p"
        for number in range(25 * rows.shape[1] // rate):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
        for start in range(0, rows.shape[1], 1024):
            packed = rows[:, start : start + 1024].T.reshape(1, -1).astype(dtype)
            piece = av.AudioFrame.from_ndarray(packed, format=kind, layout=layout)
            piece.sample_rate, piece.pts, piece.time_base = rate, start, Fraction(1, rate)
            container.mux(sound.encode(piece))
        container.mux(sound.encode(None))
    return path
