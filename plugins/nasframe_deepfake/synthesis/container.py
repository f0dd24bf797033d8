"""One clip into one mp4 file: H.264 and AAC, the same settings for every clip."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

__all__ = ["write_mp4"]


def write_mp4(
    path: Path, frames: NDArray[np.uint8], rate: int, samples: NDArray[np.int16], sample_rate: int
) -> None:
    """Write frames `(frames, height, width, 3)` and mono samples `(samples,)`, both from time 0.

    The same arrays give the same bytes: one encoder thread, no clock in the metadata.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        video = container.add_stream(
            "libx264", rate=rate, options={"crf": "20", "preset": "veryfast", "bf": "0"}
        )
        video.height, video.width = frames.shape[1:3]
        video.pix_fmt = "yuv420p"
        video.thread_type = "NONE"
        video.thread_count = 1
        audio = container.add_stream("aac", rate=sample_rate, layout="mono", options={"aac_coder": "fast"})
        audio.bit_rate = 64_000
        audio.codec_context.thread_count = 1
        reformatter = av.video.reformatter.VideoReformatter()
        for number, pixels in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            picture = reformatter.reformat(picture, format="yuv420p", threads=1)
            picture.pts, picture.time_base = number, Fraction(1, rate)
            container.mux(video.encode(picture))
        sound = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        sound.sample_rate, sound.pts, sound.time_base = sample_rate, 0, Fraction(1, sample_rate)
        converter = av.AudioResampler(format="fltp", layout="mono", rate=sample_rate, frame_size=1024)
        for piece in [*converter.resample(sound), *converter.resample(None)]:
            container.mux(audio.encode(piece))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
