"""Films whose picture and sound tell the moment: a white bar that moves, and a tone that rises at one second.

They are written with PyAV; packets may be changed on their way into the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

__all__ = ["HEIGHT", "WIDTH", "bar", "picture", "rise", "tone", "tones", "write_film"]

WIDTH, HEIGHT, RATE = 128, 64, 25
LOW, HIGH, RISE = 440.0, 1200.0, 1.0

Change = Callable[[Any], Sequence[Any]]


def picture(moment: float, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """A dark blue picture with a white bar of an eighth of its width, which crosses it in four seconds."""
    pixels = np.full((height, width, 3), (20, 30, 90), np.uint8)
    start = round(width * moment / 4)
    pixels[:, start : start + width // 8] = 255
    return pixels


def bar(pixels: NDArray[np.uint8]) -> float:
    """The moment that a picture tells."""
    bright = pixels[..., :2].mean((0, 2)) - 60
    weights = np.clip(bright, 0, None)
    middle = (weights * (np.arange(len(weights)) + 0.5)).sum() / weights.sum()
    return float(4 * (middle / len(weights) - 1 / 16))


def tone(seconds: float, rate: int, begin: float = 0.0, rises: float = RISE) -> NDArray[np.float64]:
    """Samples from -0.5 to 0.5 whose frequency rises after a second."""
    moments = begin + np.arange(round(seconds * rate)) / rate
    return 0.5 * np.sin(2 * np.pi * np.where(moments < rises, LOW, HIGH) * moments)


def tones(samples: NDArray[np.float32], rate: int = 16_000) -> float:
    """The strongest frequency."""
    return float(np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples))


def rise(samples: NDArray[np.float32]) -> float:
    """The second at which the tone of 16 kHz samples rises."""
    length = 256
    blocks = samples[: len(samples) // length * length].reshape(-1, length)
    moments = np.arange(length) / 16_000
    low, high = (np.abs(blocks @ np.exp(-2j * np.pi * hertz * moments)) for hertz in (LOW, HIGH))
    return float(np.argmax(np.cumsum(low - high))) * length / 16_000 + length / 16_000


def write_film(
    path: Path,
    *,
    video: str | None = "libx264",
    pix_fmt: str = "yuv420p",
    audio: str | None = "pcm_s16le",
    sample_rate: int = 48_000,
    layout: str = "mono",
    seconds: float = 2.2,
    video_options: Mapping[str, str] | None = None,
    audio_options: Mapping[str, str] | None = None,
    container_options: Mapping[str, str] | None = None,
    pictures: Callable[[float], NDArray[np.uint8]] = picture,
    sound: NDArray[np.float64] | None = None,
    rate: int = RATE,
    prepare: Callable[[Any, Any], None] | None = None,
    change: Change | None = None,
    container_format: str | None = None,
) -> Path:
    """Write a film; the format is told by the ending of the name.

    Args:
        path: of the file.
        video: name of the encoder.
        pix_fmt: of the pictures.
        audio: name of the encoder; None for no sound.
        sample_rate: of the sound.
        layout: of the sound; every channel holds the same.
        seconds: of both streams.
        video_options: of the encoder.
        audio_options: of the encoder.
        container_options: of the file.
        pictures: second → picture.
        sound: samples `(length,)` or `(channels, length)` instead of the tone.
        rate: pictures a second.
        prepare: is called with the two streams before anything is encoded.
        change: gets every packet, and gives those to be written.
        container_format: where the ending does not tell it.
    """
    give = change or (lambda packet: [packet])
    with av.open(
        str(path), "w", format=container_format, container_options=dict(container_options or {})
    ) as container:
        streams: list[Any] = []
        first = pictures(0.0)
        if video is not None:
            stream: Any = container.add_stream(video, rate=rate, options=dict(video_options or {}))
            stream.height, stream.width, stream.pix_fmt = *first.shape[:2], pix_fmt
            streams.append(stream)
        if audio is not None:
            stream = container.add_stream(
                audio, rate=sample_rate, layout=layout, options=dict(audio_options or {})
            )
            streams.append(stream)
        if prepare is not None:
            prepare(*streams)
        packets: list[Any] = []
        if video is not None:
            packets += _pictures(streams[0], pictures, seconds, rate)
        if audio is not None:
            samples = tone(seconds, sample_rate) if sound is None else sound
            packets += _sound(streams[-1], np.atleast_2d(samples), sample_rate, layout)
        container.start_encoding()
        packets.sort(key=lambda packet: float((packet.dts or 0) * packet.time_base))
        for packet in packets:
            for given in give(packet):
                container.mux(given)
    return path


def _pictures(
    stream: Any, pictures: Callable[[float], NDArray[np.uint8]], seconds: float, rate: int
) -> list[Any]:
    packets = []
    for number in range(round(seconds * rate)):
        frame = av.VideoFrame.from_ndarray(pictures(number / rate), format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, rate)
        packets += stream.encode(frame)
    return packets + list(stream.encode(None))


def _sound(stream: Any, samples: NDArray[np.float64], rate: int, layout: str) -> list[Any]:
    channels = av.AudioLayout(layout).nb_channels
    rows = np.tile(samples, (channels // len(samples), 1)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(rows.T.reshape(1, -1), format="flt", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    context = stream.codec_context
    resampler = av.AudioResampler(
        format=context.format, layout=layout, rate=rate, frame_size=context.frame_size or 1024
    )
    packets = []
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        packets += stream.encode(piece)
    return packets + list(stream.encode(None))
