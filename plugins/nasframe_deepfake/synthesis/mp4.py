"""Clips as mp4 files: H.264 and AAC, with the same settings and the same sizes for every clip."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from nasframe.runtime import naming_file
from nasframe_deepfake.synthesis.padding import PaddingError, pad_picture, pad_sound

__all__ = ["file_size", "write_mp4"]

_SOUND = 896
"""Bytes of every frame of sound. The standard allows 768 for one channel, the encoder writes up to 780."""


def write_mp4(
    path: Path, frames: NDArray[np.uint8], rate: int, samples: NDArray[np.int16], sample_rate: int
) -> None:
    """Write frames `(frames, height, width, 3)` and mono samples `(samples,)`, both from time 0.

    The same arrays give the same bytes: one encoder thread, no time in the metadata. All clips of a shape
    give files of one size: each frame is padded to the size of its kind.

    Raises:
        PaddingError: a frame is larger than the size of its kind, even in the coarsest encoding.
        OSError: with the system's number, such as that of a full disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for coarser in range(0, 31, 3):
        try:
            content = _encode(frames, rate, samples, sample_rate, coarser)
        except PaddingError:
            continue  # The pictures have much detail; a coarser encoding makes them fit.
        with naming_file(path):  # by our own code: the library hides the number of a full disk
            path.write_bytes(content)
        return
    raise PaddingError(f"{path}: pictures or sound are larger than the sizes of their frames")


def file_size(size: int, frames: int, samples: int) -> int:
    """Return an upper estimate of the bytes of a file of `frames` pictures of height and width `size`."""
    key, other = _picture_sizes(size * size)
    sounds = samples // 1024 + 2
    return key + other * frames + _SOUND * sounds + 16 * (frames + sounds) + 2048


def _encode(
    frames: NDArray[np.uint8], rate: int, samples: NDArray[np.int16], sample_rate: int, coarser: int
) -> bytes:
    """Return the bytes of a file."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        # Without cpu-independent, x264 now and then writes other bits for the same pictures.
        settings = {"preset": "veryfast", "bf": "0", "x264-params": "cpu-independent=1"}
        video = container.add_stream("libx264", rate=rate, options={"crf": str(20 + coarser), **settings})
        video.height, video.width = frames.shape[1:3]
        video.pix_fmt = "yuv420p"
        video.thread_type = "NONE"
        video.thread_count = 1
        audio = container.add_stream("aac", rate=sample_rate, layout="mono", options={"aac_coder": "fast"})
        audio.bit_rate = 64_000 - 1000 * coarser
        audio.codec_context.thread_count = 1
        key, other = _picture_sizes(video.height * video.width)

        def put_pictures(packets: Iterable[av.Packet[Any]]) -> None:
            for packet in packets:
                container.mux(_padded(packet, pad_picture, key if packet.is_keyframe else other))

        def put_sound(packets: Iterable[av.Packet[Any]]) -> None:
            for packet in packets:
                container.mux(_padded(packet, pad_sound, _SOUND))

        reformatter = av.video.reformatter.VideoReformatter()
        for number, pixels in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            picture = reformatter.reformat(picture, format="yuv420p", threads=1)
            picture.pts, picture.time_base = number, Fraction(1, rate)
            put_pictures(video.encode(picture))
        sound = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        sound.sample_rate, sound.pts, sound.time_base = sample_rate, 0, Fraction(1, sample_rate)
        converter = av.AudioResampler(format="fltp", layout="mono", rate=sample_rate, frame_size=1024)
        for piece in [*converter.resample(sound), *converter.resample(None)]:
            put_sound(audio.encode(piece))
        put_pictures(video.encode(None))
        put_sound(audio.encode(None))
    return file.getvalue()


def _picture_sizes(pixels: int) -> tuple[int, int]:
    """Return the bytes of a key frame and of any other; about half of them are padding."""
    return 1024 + pixels // 5, 256 + pixels // 32


def _padded(packet: av.Packet[Any], pad: Callable[[bytes, int], bytes], size: int) -> av.Packet[Any]:
    """Return the packet with its data padded to `size` bytes."""
    padded = av.Packet(pad(bytes(packet), size))
    padded.stream, padded.time_base = packet.stream, packet.time_base
    padded.pts, padded.dts, padded.duration = packet.pts, packet.dts, packet.duration
    padded.is_keyframe = packet.is_keyframe
    for data in packet.iter_sidedata():
        padded.set_sidedata(data)
    return padded
