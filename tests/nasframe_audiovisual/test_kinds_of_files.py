"""Containers, codecs and formats of pictures and samples: each shows the right picture and sound in time."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from nasframe_audiovisual import SAMPLE_RATE, Picture, Sound, play
from tests.nasframe_audiovisual.films import HIGH, LOW, bar, picture, rise, tones, write_film

KINDS = """
mp4  libx264     yuv420p      aac       stereo 48000
mov  libx264     yuv420p      aac       mono   44100
m4v  libx264     yuv420p      aac       mono   24000
f4v  libx264     yuv420p      aac       mono   32000
mkv  libx264     yuv420p      libopus   stereo 48000
mkv  libx264     yuv420p10le  eac3      5.1    48000
mkv  libx264     yuv422p      pcm_f64le mono   16000
mkv  libx264     yuv444p      pcm_s32le mono   12000
mkv  libx264     gray         tta       stereo 44100
mkv  libx264rgb  rgb24        wavpack   stereo 44100
ts   libx264     yuv420p      aac       stereo 48000
flv  libx264     yuv420p      aac       mono   44100
flv  flv         yuv420p      libmp3lame mono  22050
mkv  libx265     yuv420p      flac      stereo 96000
mp4  libx265     yuv420p10le  libmp3lame stereo 48000
webm libvpx      yuv420p      libopus   mono   48000
webm libvpx-vp9  yuv420p      vorbis    stereo 44100
mp4  libvpx-vp9  yuv420p      flac      stereo 48000
webm libsvtav1   yuv420p      libopus   mono   48000
mp4  libsvtav1   yuv420p10le  libopus   stereo 48000
avi  mpeg4       yuv420p      libmp3lame stereo 44100
3gp  mpeg4       yuv420p      aac       mono   16000
3gp  h263        yuv420p      libopencore_amrnb mono 8000
avi  mjpeg       yuvj420p     pcm_s16le mono   8000
mov  mjpeg       yuvj422p     pcm_mulaw mono   8000
avi  msmpeg4v2   yuv420p      ac3       stereo 48000
avi  huffyuv     yuv422p      pcm_u8    mono   11025
avi  ffvhuff     yuv420p      adpcm_ms  mono   22050
avi  utvideo     yuv422p      adpcm_ima_wav mono 22050
avi  rawvideo    bgr24        pcm_s16le mono   48000
mkv  rawvideo    yuv420p      pcm_s16le 5.1    48000
mpg  mpeg2video  yuv420p      mp2       stereo 48000
vob  mpeg2video  yuv420p      ac3       stereo 48000
ts   mpeg2video  yuv420p      ac3       5.1    48000
mxf  mpeg2video  yuv422p      pcm_s16le stereo 48000
wtv  mpeg2video  yuv420p      mp2       stereo 44100
mkv  mpeg1video  yuv420p      mp2       mono   32000
wmv  wmv2        yuv420p      wmav2     stereo 44100
asf  msmpeg4     yuv420p      wmav1     mono   32000
rm   rv20        yuv420p      ac3       stereo 44100
swf  flv         yuv420p      libmp3lame mono  44100
ogv  libvpx      yuv420p      vorbis    stereo 44100
ogg  libvpx      yuv420p      libopus   mono   48000
nut  ffv1        yuv444p      pcm_f32le stereo 48000
mkv  ffv1        yuv422p10le  pcm_s24le stereo 48000
mov  prores_ks   yuv422p10le  pcm_s24le stereo 48000
mov  qtrle       rgb24        pcm_alaw  mono   8000
mov  png         rgb24        alac      stereo 44100
mov  jpeg2000    rgb24        pcm_f32le mono   48000
mkv  snow        yuv420p      pcm_s16be mono   44100
""".strip().splitlines()

OPTIONS: dict[str, dict[str, str]] = {
    "vorbis": {"strict": "experimental"},
    "snow": {"strict": "experimental"},
    "libx265": {"x265-params": "log-level=none", "preset": "ultrafast"},
    "libsvtav1": {"preset": "12"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    "libvpx": {"deadline": "realtime"},
    "wmav1": {"b": "64000"},
    "wmav2": {"b": "128000"},
}
STARTS_LATE = {"f4v": 0.04, "libmp3lame": 0.06, "wmav1": 0.06, "wmav2": 0.06}
"""Seconds of silence that an encoder puts before the sound, where its container cannot say so."""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind.split()))
def test_the_right_picture_and_the_right_tone_come_at_the_right_moment(tmp_path: Path, kind: str) -> None:
    ending, video, pix_fmt, audio, layout, sample_rate = kind.split()
    for encoder in (video, audio):
        if encoder not in av.codecs_available:
            pytest.skip(f"PyAV has no {encoder}")
    # as root, SVT-AV1 gives the thread that encodes real-time priority, and all that it starts inherit it
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(
            write_film,
            tmp_path / f"a.{ending}",
            video=video,
            pix_fmt=pix_fmt,
            audio=audio,
            layout=layout,
            sample_rate=int(sample_rate),
            video_options=OPTIONS.get(video),
            audio_options=OPTIONS.get(audio),
            pictures=functools.partial(picture, width=176, height=144) if video == "h263" else picture,
        )
    path = writing.result()
    late = STARTS_LATE.get(audio, 0.0) or STARTS_LATE.get(ending, 0.0)
    assert wrongs(path, late=late, colour=pix_fmt != "gray") == []


@pytest.mark.parametrize(
    ("ending", "options"),
    [
        ("mp4", {"container_options": {"movflags": "frag_keyframe+delay_moov+default_base_moof"}}),
        ("mp4", {"container_options": {"movflags": "faststart"}}),
        ("mp4", {"video_options": {"bf": "3", "g": "10"}}),
        ("mp4", {"video_options": {"bf": "0", "tune": "zerolatency"}}),
        ("mkv", {"video_options": {"x264-params": "open-gop=1:keyint=12:bframes=3"}}),
        ("ts", {"video_options": {"bf": "3"}, "container_options": {"mpegts_copyts": "1"}}),
        ("mp4", {"rate": 10}),
        ("mp4", {"rate": 60}),
        ("mkv", {"rate": 120}),
    ],
)
def test_however_a_file_is_ordered_the_moments_are_right(
    tmp_path: Path, ending: str, options: dict[str, Any]
) -> None:
    path = write_film(tmp_path / f"a.{ending}", audio="aac", **options)
    assert wrongs(path, rate=options.get("rate", 25)) == []


@pytest.mark.parametrize(
    "options",
    [{"movflags": "frag_keyframe+empty_moov"}, {"use_editlist": "0"}],
    ids=["fragments", "no edits"],
)
def test_pictures_that_a_file_puts_a_little_late_are_shown_late(
    tmp_path: Path, options: dict[str, str]
) -> None:
    """Without an edit list, reordered pictures begin two frames after the sound, as its own encoder delay."""
    path = write_film(tmp_path / "a.mp4", audio="aac", video_options={"bf": "2"}, container_options=options)
    pictures = [piece for piece in play(path, first=0.05) if isinstance(piece, Picture)]
    assert pictures[0].moment == pytest.approx(0.13)
    for shown in pictures[:20]:
        assert bar(shown.pixels) == pytest.approx(shown.moment - 0.08, abs=0.08)


def wrongs(path: Path, late: float = 0.0, colour: bool = True, rate: int = 25) -> list[str]:
    """What is not where it was written, with what was found instead."""
    pieces = list(play(path, first=0.05))
    pictures = [piece for piece in pieces if isinstance(piece, Picture)]
    sounds = [piece for piece in pieces if isinstance(piece, Sound)]
    samples = np.concatenate([sound.samples for sound in sounds])
    # the samples that an encoder puts before its sound may come before the first picture
    begins = pictures[0].moment - 0.05
    moments = [shown.moment for shown in pictures[:20]]
    off = [abs(bar(shown.pixels) - shown.moment + begins) for shown in pictures[1:21]]
    tinge = [np.abs(shown.pixels[2, -2].astype(int) - (20, 30, 90)).max() for shown in pictures[1:21]]
    lost = sum(len(sound.samples) for sound in sounds if not sound.heard)
    low, high = tones(samples[1600:12_000]), tones(samples[18_000:30_000])
    found = {
        f"the pictures begin at {begins:.3f} s": -1e-6 <= begins < 0.1,
        f"the moments are {moments}": moments == pytest.approx(begins + 0.05 + 0.1 * np.arange(20)),
        f"a picture is off by {max(off):.3f} s": max(off) <= 0.06 + 1 / rate,
        f"a colour is off by {max(tinge)}": not colour or max(tinge) < 30,
        f"{lost} samples were not recorded": lost < 0.1 * SAMPLE_RATE,
        f"there are {len(samples)} samples": abs(len(samples) / SAMPLE_RATE - 2.2) <= 0.13,
        f"the tones have {low} and {high} hertz": abs(low - LOW) <= 3 and abs(high - HIGH) <= 3,
        f"the tone rises at {rise(samples):.3f} s": abs(rise(samples) - 1.0) <= 0.035 + late,
    }
    return [words for words, holds in found.items() if not holds]
