"""Facts of a clip's file beside its content: container, length, rates, sizes, silence, loudness.

A detector could cheat on any of these. They are read from the headers, and the sound is decoded; the pictures
are not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
from attrs import define, evolve, frozen
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream
from numpy.typing import NDArray

from nasframe.runtime import sign_of_life
from nasframe_audiovisual.media.channel_order import hold_order, without_order
from nasframe_audiovisual.media.clip_error import ClipError
from nasframe_audiovisual.media.container import opened
from nasframe_audiovisual.media.played_streams import played_pictures, played_sound, played_streams
from nasframe_audiovisual.media.resampling import SAMPLE_RATE
from nasframe_audiovisual.media.sound import Sound, SoundTrack

__all__ = ["FileFacts", "facts_of_file"]

SILENT = 0.0005
"""The largest sample, of full scale 1, that is still silence."""

LEAST_LOUD = -120.0
"""Decibels below full scale that stand for no sound at all."""

_Samples = NDArray[np.float32]


@frozen
class FileFacts:
    """Facts of one file; None, or an empty text, where the file does not tell.

    Of a clip of two files, container and codecs are those of both, joined by `+`, the bits are those of both,
    length and rate of the pictures are those of their file, and all about the sound is that of the other.

    Attributes:
        container: FFmpeg's name of the format, and the brand of an mp4 file: `mov/isom`.
        codecs: of the pictures and of the sound: `h264+aac`.
        encoder: the tags by which programs name themselves, in the container and in both streams.
        duration: seconds, by the container, or else of the sound.
        bit_rate: bits a second of the whole file.
        frame_rate: pictures a second, on average.
        width, height: pixels of a stored picture.
        sample_rate: Hertz of the sound.
        leading_silence: seconds from second 0 of the clip to the first sample above `SILENT`, of the sound as
            `play` gives it (16 kHz, mono); the length of the sound where there is none.
        loudness: decibels, full scale 0: the root mean square of all samples that were recorded.
        window_silence: as `leading_silence`, but from the begin of the window to its end at most.
        window_loudness: as `loudness`, of the window; what was not recorded counts as silent.
        problem: why some or all is not known, in words.
    """

    container: str = ""
    codecs: str = ""
    encoder: str = ""
    duration: float | None = None
    bit_rate: float | None = None
    frame_rate: float | None = None
    width: int | None = None
    height: int | None = None
    sample_rate: int | None = None
    leading_silence: float | None = None
    loudness: float | None = None
    window_silence: float | None = None
    window_loudness: float | None = None
    problem: str = ""


def facts_of_file(path: Path, trim: float, seconds: float, sound_file: Path | None = None) -> FileFacts:
    """Return the facts of the file of a clip. What is damaged raises nothing: it is a `problem`.

    Args:
        path: of the file.
        trim: seconds that are left out before the window, which begins so long after the first picture, or
            where the sound begins, if that is later.
        seconds: length of the window.
        sound_file: the file of its sound, where that is another one; see `play_apart`.
    """
    facts = FileFacts()
    try:
        with _opened(path, sound_file) as parts:
            facts = _of_headers(parts)
            heard = _Hearing(parts.first_picture + trim, seconds)
            try:
                for sound in _sounds(parts):
                    heard.add(sound)
            finally:  # up to where a file is damaged
                facts = _with_sound(facts, heard)
    except ClipError as error:
        return evolve(facts, problem=error.message if error.path == path else str(error))
    except (av.FFmpegError, OSError, ValueError) as error:
        described = error.strerror if isinstance(error, av.FFmpegError | OSError) else None
        found = described or str(error) or type(error).__name__
        return evolve(facts, problem=f"cannot be decoded ({found})")
    return facts


@frozen
class _Parts:
    """The files and streams of a clip, opened.

    Attributes:
        paths: of its files, that of its pictures first.
        containers: these files, opened.
        video: the pictures.
        audio: the sound.
        zero: second 0 of the clip on the clock of the sound's stamps.
        first_picture: second of the clip at which its pictures begin.
    """

    paths: tuple[Path, ...]
    containers: tuple[InputContainer, ...]
    video: VideoStream
    audio: AudioStream
    zero: float
    first_picture: float


@contextmanager
def _opened(path: Path, sound_file: Path | None) -> Iterator[_Parts]:
    """Open the files of a clip."""
    with opened(path) as container:
        if sound_file is None:
            streams = played_streams(path, container)
            first = _first_picture(streams.video, streams.zero)
            yield _Parts((path,), (container,), streams.video, streams.audio, streams.zero, first)
            return
        video, zero = played_pictures(path, container)
        with opened(sound_file) as other:
            audio, begin = played_sound(sound_file, other)
            first = _first_picture(video, zero)
            yield _Parts((path, sound_file), (container, other), video, audio, begin, first)


def _of_headers(parts: _Parts) -> FileFacts:
    container, video, audio = parts.containers[0], parts.video, parts.audio
    duration = container.duration / av.time_base if container.duration else None
    rate = video.average_rate
    size = sum(path.stat().st_size for path in parts.paths)
    tags = [opened_file.metadata for opened_file in parts.containers] + [video.metadata, audio.metadata]
    return FileFacts(
        container="+".join(map(_format, parts.containers)),
        codecs=f"{video.codec_context.name}+{audio.codec_context.name}",
        encoder="; ".join(filter(None, map(_encoder, tags))),
        duration=duration,
        bit_rate=8 * size / duration if duration else None,
        frame_rate=float(rate) if rate else None,
        width=video.width or None,
        height=video.height or None,
        sample_rate=audio.sample_rate or None,
    )


def _format(container: InputContainer) -> str:
    brand = container.metadata.get("major_brand", "").strip()
    return "/".join(filter(None, (container.format.name.partition(",")[0], brand)))


def _encoder(tags: Mapping[str, str]) -> str:
    """Return the tag of the program that wrote a container or a stream; formats differ in its case."""
    return next((text for name, text in tags.items() if name.lower() == "encoder"), "")


def _first_picture(video: VideoStream, zero: float) -> float:
    """Return the second of the clip at which its pictures begin."""
    start, base = video.start_time, video.time_base
    return 0.0 if start is None or base is None else start * float(base) - zero


def _sounds(parts: _Parts) -> Iterator[Sound]:
    """Yield the sound of a clip as `play` does. A packet that is damaged is left out, as a player does."""
    container, audio = parts.containers[-1], parts.audio
    track = SoundTrack(parts.paths[-1])
    parts.video.discard = Discard.all
    audio.codec_context.options = without_order(audio)
    audio.codec_context.thread_type = "NONE"
    for packet in container.demux(audio):
        sign_of_life()
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        for frame in frames:
            if isinstance(frame, av.AudioFrame):
                hold_order(frame)
                yield from track.add(frame, None if frame.time is None else frame.time - parts.zero)
    yield from track.flush()


@define
class _Hearing:
    """The sound of a clip, measured piece by piece.

    Attributes:
        begin: second at which the window begins; where the sound begins, if that is later.
        seconds: length of the window.
        filled: number of samples so far.
        loud: number of the first sample that is not silent.
    """

    begin: float
    seconds: float
    filled: int = 0
    loud: int | None = None
    heard: int = 0
    energy: float = 0.0
    window: int | None = None  # its first sample
    window_filled: int = 0
    window_loud: int | None = None
    window_energy: float = 0.0

    def add(self, sound: Sound) -> None:
        samples = sound.samples
        self.filled = sound.start + len(samples)
        if self.loud is None:
            self.loud = _first_loud(samples, sound.start)
        if sound.heard:
            self.heard += len(samples)
            self.energy += _energy(samples)
            if self.window is None:
                self.window = max(round(self.begin * SAMPLE_RATE), sound.start)
        if self.window is not None:
            end = self.window + round(self.seconds * SAMPLE_RATE)
            first = max(self.window, sound.start)
            part = samples[first - sound.start : max(0, end - sound.start)]
            self.window_filled += len(part)
            self.window_energy += _energy(part)
            if self.window_loud is None:
                self.window_loud = _first_loud(part, first)


def _with_sound(facts: FileFacts, heard: _Hearing) -> FileFacts:
    """Return the facts with those of the sound; where nothing was heard, none are known."""
    if not heard.heard:
        return facts
    loud = heard.filled if heard.loud is None else heard.loud
    found = evolve(
        facts,
        duration=facts.duration or heard.filled / SAMPLE_RATE,
        leading_silence=loud / SAMPLE_RATE,
        loudness=_decibels(heard.energy, heard.heard),
    )
    if heard.window is None or not heard.window_filled:
        return found
    loud = heard.window + heard.window_filled if heard.window_loud is None else heard.window_loud
    return evolve(
        found,
        window_silence=(loud - heard.window) / SAMPLE_RATE,
        window_loudness=_decibels(heard.window_energy, heard.window_filled),
    )


def _first_loud(samples: _Samples, start: int) -> int | None:
    """Return the number of the first sample that is not silent, for samples from number `start` on."""
    loud = np.abs(samples) > SILENT
    first = int(loud.argmax()) if len(loud) else 0
    return start + first if len(loud) and loud[first] else None


def _energy(samples: _Samples) -> float:
    return float(np.square(samples, dtype=np.float64).sum())


def _decibels(energy: float, samples: int) -> float:
    """Return the root mean square of samples with this sum of squares, in decibels below full scale."""
    mean = energy / samples
    return max(LEAST_LOUD, 10 * math.log10(mean)) if mean > 0 else LEAST_LOUD
