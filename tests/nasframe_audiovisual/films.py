"""Films that tests write with PyAV.

Picture and sound tell the moment, unless told otherwise: a white bar that moves, and a tone that rises at one
second. Packets may be changed on their way into the file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "HEIGHT",
    "WIDTH",
    "bar",
    "join_films",
    "picture",
    "repeat_film",
    "rise",
    "shifted",
    "tone",
    "tones",
    "without",
    "write_clip",
    "write_film",
    "write_float_clip",
    "write_many_streams",
]

WIDTH, HEIGHT, RATE = 128, 64, 25
LOW, HIGH, RISE = 440.0, 1200.0, 1.0

Change = Callable[[Any], list[Any]]
"""A packet → the packets that are written in its place."""

Pictures = Callable[[float], NDArray[np.uint8]]
"""Second → picture."""

Video = tuple[str, tuple[int, int, int], Any]
"""Encoder, colour and disposition of a stream of pictures."""

Audio = tuple[int, Any]
"""Hertz and disposition of a stream of sound."""


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
    pictures: Pictures = picture,
    sound: NDArray[np.float64] | None = None,
    rate: int | Fraction = RATE,
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
        for packet in _in_step(packets):
            for given in give(packet):
                container.mux(given)
    return path


def without(kind: str, start: float, end: float) -> Change:
    """Drop the packets of a stream between two moments."""

    def change(packet: Any) -> list[Any]:
        lost = packet.stream.type == kind and start <= float(packet.pts * packet.time_base) < end
        return [] if lost else [packet]

    return change


def shifted(kind: str, seconds: float, after: float = -math.inf) -> Change:
    """Write one of the two streams later, from the packet after a moment on."""

    def change(packet: Any) -> list[Any]:
        if packet.stream.type == kind and float(packet.pts * packet.time_base) > after:
            later = round(seconds / packet.time_base)
            packet.pts, packet.dts = packet.pts + later, packet.dts + later
        return [packet]

    return change


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
    return write_film(
        path,
        video="libx264" if video else None,
        audio="aac" if audio else None,
        sample_rate=sample_rate,
        seconds=seconds,
        pictures=lambda moment: np.full((*size, 3), 20 + round(100 * moment), np.uint8),
        sound=tone(seconds, sample_rate, rises=math.inf) / 2,
        rate=rate,
    )


def write_float_clip(
    path: Path,
    samples: NDArray[np.float64],
    codec: str = "pcm_f32le",
    rate: int = 16_000,
    layout: str = "mono",
) -> Path:
    """A Matroska file of grey pictures, whose sound is these samples `(length,)` or `(channels, length)`."""
    return write_film(
        path,
        audio=codec,
        sample_rate=rate,
        layout=layout,
        seconds=samples.shape[-1] / rate,
        pictures=lambda _: np.full((48, 64, 3), 90, np.uint8),
        sound=samples,
    )


def write_many_streams(path: Path, streams: Sequence[Video | Audio], begin: Sequence[int] = ()) -> Path:
    """A file of any number of streams, each a second long.

    Args:
        path: of the file; its ending tells the encoder of the sound.
        streams: (encoder, colour, disposition) for pictures, (hertz, disposition) for sound.
        begin: the seconds at which they begin, if not all at 0.
    """
    kind = "mp4" if path.suffix == ".m4a" else None
    with av.open(str(path), "w", format=kind) as container:
        added: list[Any] = []
        for told in streams:
            if len(told) == 3:
                stream: Any = container.add_stream(told[0], rate=RATE)
                stream.width, stream.height = 64, 48
                stream.pix_fmt = {"mjpeg": "yuvj420p", "png": "rgb24"}.get(told[0], "yuv420p")
            else:
                encoder = "libmp3lame" if path.suffix == ".mp3" else "aac"
                stream = container.add_stream(encoder, rate=16_000, layout="mono")
            stream.disposition = told[-1]
            added.append(stream)
        packets: list[Any] = []
        for stream, told, second in zip(added, streams, begin or [0] * len(streams), strict=True):
            if len(told) == 3:
                for number in range(1 if told[0] in ("mjpeg", "png") else RATE):
                    packets += stream.encode(_plain(told[1], number + RATE * second))
            else:
                for start in range(0, 16_000, 1024):
                    packets += stream.encode(_sine(told[0], start + 16_000 * second))
            packets += stream.encode(None)
        container.start_encoding()
        for packet in _in_step(packets):
            container.mux(packet)
    return path


def join_films(path: Path, films: Sequence[Path], seconds: float) -> Path:
    """One transport stream of several, so many seconds apart; its header is that of the first."""
    with av.open(str(path), "w") as out:
        for number, film in enumerate(films):
            later = round(seconds * number * 90_000)
            with av.open(str(film)) as container:
                if not number:
                    streams = [out.add_stream_from_template(stream) for stream in container.streams]
                for packet in container.demux():
                    if packet.dts is not None and packet.pts is not None:
                        packet.stream = streams[packet.stream.index]
                        packet.pts, packet.dts = packet.pts + later, packet.dts + later
                        out.mux(packet)
    return path


def repeat_film(path: Path, film: Path, seconds: float) -> Path:
    """About so many seconds of a film that is played again and again."""
    with av.open(str(film)) as container, av.open(str(path), "w") as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in container.streams}
        packets: list[Any] = [packet for packet in container.demux() if packet.dts is not None]
        length = max(float((packet.pts + packet.duration) * packet.time_base) for packet in packets) + 0.1
        for again in range(round(seconds / length)):
            for packet in packets:
                copy = av.Packet(bytes(packet))
                shift = round(again * length / packet.time_base)
                copy.pts, copy.dts, copy.time_base = packet.pts + shift, packet.dts + shift, packet.time_base
                copy.duration, copy.is_keyframe = packet.duration, packet.is_keyframe
                copy.stream = streams[packet.stream_index]
                out.mux(copy)
    return path


def _in_step(packets: Sequence[Any]) -> Sequence[Any]:
    """The packets of all streams in the order of their times."""
    return sorted(packets, key=lambda packet: float((packet.dts or 0) * packet.time_base))


def _plain(colour: tuple[int, int, int], number: int) -> av.VideoFrame:
    pixels: NDArray[np.uint8] = np.full((48, 64, 3), colour, np.uint8)
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    frame.pts, frame.time_base = number, Fraction(1, RATE)
    return frame


def _sine(hertz: int, start: int) -> av.AudioFrame:
    samples = 0.3 * np.sin(2 * np.pi * hertz * (start + np.arange(1024)) / 16_000)
    frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 16_000, start, Fraction(1, 16_000)
    return frame


def _pictures(stream: Any, pictures: Pictures, seconds: float, rate: int | Fraction) -> list[Any]:
    packets = []
    for number in range(round(seconds * rate)):
        frame = av.VideoFrame.from_ndarray(pictures(number / rate), format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, rate)
        packets += stream.encode(frame)
    return packets + list(stream.encode(None))


def _sound(stream: Any, samples: NDArray[np.float64], rate: int, layout: str) -> list[Any]:
    context, channels = stream.codec_context, av.AudioLayout(layout).nb_channels
    kind, dtype = ("dbl", np.float64) if context.format.name == "dbl" else ("flt", np.float32)
    rows = np.tile(samples, (channels // len(samples), 1)).astype(dtype)
    frame = av.AudioFrame.from_ndarray(rows.T.reshape(1, -1), format=kind, layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    resampler = av.AudioResampler(
        format=context.format, layout=layout, rate=rate, frame_size=context.frame_size or 1024
    )
    packets = []
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        packets += stream.encode(piece)
    return packets + list(stream.encode(None))
