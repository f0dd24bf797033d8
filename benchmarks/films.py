"""Films that benchmarks read and write: pictures of H.264, 25 a second, and mono sound of AAC."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE = 25
"""Pictures a second."""

Pixels = NDArray[np.uint8]
Samples = NDArray[np.float32]
Film = tuple[list[Pixels], Samples, int]
"""The pictures, RGB; the mono samples; and their rate."""


def read_film(path: Path) -> Film:
    """Return all that a film holds."""
    with av.open(str(path)) as container:
        pictures = [np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for f in container.decode(video=0)]
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])
    return pictures, samples.astype(np.float32), rate


def write_film(
    path: Path, pictures: Iterable[Pixels], samples: Samples, rate: int, crf: int, bit_rate: int | None = None
) -> Path:
    """Write a film.

    Args:
        path: of the file.
        pictures: all of one size; one at a time is in memory.
        samples: mono `(length,)`.
        rate: of the samples.
        crf: of x264; lower is better.
        bit_rate: of the sound, in place of the encoder's own.
    """
    with av.open(str(path), "w") as container:
        options = {"preset": "veryfast", "crf": str(crf)}
        video = container.add_stream("libx264", rate=RATE, options=options)
        audio = container.add_stream("aac", rate=rate, layout="mono")
        if bit_rate is not None:
            audio.bit_rate = bit_rate
        for number, pixels in enumerate(pictures):
            if not number:
                video.height, video.width, video.pix_fmt = *pixels.shape[:2], "yuv420p"
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(video.encode(frame))
        sound = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        sound.sample_rate, sound.pts, sound.time_base = rate, 0, Fraction(1, rate)
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate, frame_size=1024)
        for piece in [*resampler.resample(sound), *resampler.resample(None)]:
            container.mux(audio.encode(piece))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return path


def write_noise(root: Path, item: tuple[int, str]) -> None:
    """Write a film of 0.2 s: noise that moves, and noise to hear. Its number gives the noise.

    Args:
        root: folder of the films, which has the folder of each.
        item: number of the film, and its path relative to `root`.
    """
    number, name = item
    random = np.random.default_rng(number)
    picture = random.integers(0, 256, (48, 48, 3)).astype(np.uint8)
    pictures = [np.roll(picture, 4 * step, axis=1) for step in range(6)]
    write_film(root / name, pictures, random.uniform(-0.5, 0.5, 4096).astype(np.float32), 16_000, crf=30)
