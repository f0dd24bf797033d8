"""A small SWAN-DF with SWAN in one folder: drawn people who talk, in files of the published names."""

from __future__ import annotations

import wave
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from nasframe_deepfake.synthesis.identity import make_identity
from nasframe_deepfake.synthesis.mp4 import write_mp4
from nasframe_deepfake.synthesis.session import ClipShape, Session

__all__ = ["HERTZ", "VOICES", "fake_name", "genuine_name", "video_name", "voice_name", "write_swan"]

RATE, SAMPLE_RATE = 10, 16_000
VOICES = ("freevc-pretrained-tuned70k", "hifivc-tuned")
HERTZ = {VOICES[0]: 500, VOICES[1]: 1500}
"""Each conversion is a tone."""


def _stem(person: int, recording: int) -> str:
    return f"4_{person:05}_m_01_{recording:02}_t_2"


def genuine_name(person: int, recording: int = 1) -> str:
    return f"IDIAP/session_01/iPad/{person:05}/{_stem(person, recording)}.mp4"


def video_name(person: int) -> str:
    return f"videos/160x160/{person:05}/{_stem(person, 1)}-model_160d-tuned-histmatch-to-{person:05}.mp4"


def voice_name(person: int, conversion: str) -> str:
    return f"audios/wav/{person:05}/{_stem(person, 1)}-{conversion}-to-{person:05}.wav"


def fake_name(person: int, conversion: str) -> str:
    return f"{video_name(person)}+{voice_name(person, conversion)}"


def write_swan(root: Path, people: int = 6, quarters: int = 1) -> Path:
    """Write two genuine clips, one altered video without sound and two altered voices of each person.

    Args:
        root: of the set.
        people: who are numbered from 1; the target of each fake is its source.
        quarters: turns against the clock with which pictures are stored.
    """
    for person in range(1, people + 1):
        session = Session(make_identity(20, person), ClipShape(seconds=2.0, rate=RATE), 20, person)
        clips = session.clips(3)
        for recording, clip in enumerate(clips[:2], 1):
            frames = np.ascontiguousarray(np.rot90(clip.frames, quarters, (1, 2)))
            write_mp4(root / genuine_name(person, recording), frames, RATE, clip.samples, SAMPLE_RATE)
        frames = np.ascontiguousarray(np.rot90(clips[2].frames, quarters, (1, 2)))
        _write_silent(root / video_name(person), frames)
        for conversion, hertz in HERTZ.items():
            moments = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE + person / 10_000  # no two people sound alike
            _write_wave(root / voice_name(person, conversion), 0.3 * np.sin(2 * np.pi * hertz * moments))
    return root


def _write_silent(path: Path, frames: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], "yuv420p"
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


def _write_wave(path: Path, samples: NDArray[np.float64]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, len(samples), "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
