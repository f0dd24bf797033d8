"""Files that show and sound as a clip get its score, and what cannot be judged gets a reason, end to end.

Everything is made of one clip of a drawn person who talks, without loss, so that a score tells the smallest
difference in what was seen and heard.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import av
import numpy as np
import pytest
import torch
from av.stream import Disposition
from numpy.typing import NDArray
from torch import Tensor, nn

from nasframe_audiovisual import make_detector
from nasframe_deepfake.detection import Calibration, ClipScorer, load_detector, make_heads
from nasframe_deepfake.synthesis.identity import make_identity
from nasframe_deepfake.synthesis.session import ClipShape, Session
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_audiovisual.films import write_film

SECONDS, RATE, HERTZ = 3.6, 25, 16_000

Answers = Mapping[str, dict[str, Any]]


class BothStreams(nn.Module):
    """Is moved by every picture and by every sound."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(2 * 8 * 128, 1)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        values: Tensor = self.linear(torch.cat([inputs["I1"].flatten(1), inputs["S1"].flatten(1)], 1))
        return values


def write(
    path: Path,
    frames: NDArray[np.uint8],
    sound: NDArray[np.float64],
    seconds: float = SECONDS,
    **options: Any,
) -> Path:
    """Write a clip without loss."""
    return write_film(
        path,
        pix_fmt="yuv444p",
        seconds=seconds,
        video_options={"qp": "0", "preset": "ultrafast", "g": "12"},
        pictures=lambda moment: frames[round(moment * RATE)],
        sound=sound,
        sample_rate=HERTZ,
        **{"audio": "flac" if path.suffix == ".mp4" else "pcm_s16le"} | options,
    )


def remux(
    source: Path,
    path: Path,
    change: Callable[[Any], Sequence[Any]] = lambda packet: [packet],
    before: Callable[[Any], Sequence[Any]] | None = None,
    mark: Callable[[Any, Any], None] | None = None,
) -> Path:
    """Copy the packets of a clip through `change`, after the tracks and packets that `before` adds."""
    with av.open(str(source)) as clip, av.open(str(path), "w") as out:
        added = before(out) if before is not None else []
        streams = {stream.index: out.add_stream_from_template(stream) for stream in clip.streams}
        if mark is not None:
            mark(*streams.values())
        out.start_encoding()
        for packet in added:
            out.mux(packet)
        for packet in clip.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                for given in change(packet):
                    out.mux(given)
    return path


def shift(kind: str, seconds: float) -> Callable[[Any], Sequence[Any]]:
    """Return what makes the packets of a kind of streams, or of all, come later."""

    def shifted(packet: Any) -> Sequence[Any]:
        if packet.stream.type.startswith(kind):
            ticks = round(seconds / packet.time_base)
            packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
        return [packet]

    return shifted


def without_sound_from(begin: float, end: float) -> Callable[[Any], Sequence[Any]]:
    def change(packet: Any) -> Sequence[Any]:
        lost = packet.stream.type == "audio" and begin <= packet.pts * packet.time_base < end - 1e-9
        return [] if lost else [packet]

    return change


def with_a_huge_stamp(packet: Any) -> Sequence[Any]:
    if packet.stream.type == "audio" and 1.0 <= packet.pts * packet.time_base < 1.05:
        packet.pts += round(30_000 / packet.time_base)
    return [packet]


def cover(container: Any) -> Sequence[Any]:
    """A cover picture as the first track."""
    stream = container.add_stream("mjpeg", rate=RATE)
    stream.width = stream.height = 64
    stream.pix_fmt, stream.disposition = "yuvj420p", Disposition.attached_pic
    frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), format="rgb24")
    frame.pts, frame.time_base = 0, Fraction(1, RATE)
    return [*stream.encode(frame), *stream.encode(None)]


def commentary(container: Any) -> Sequence[Any]:
    """A silent track of sound before the others."""
    stream = container.add_stream("pcm_s16le", rate=HERTZ, layout="mono")
    stream.disposition = Disposition(0)
    packets: list[Any] = []
    for start in range(0, round(SECONDS * HERTZ), 1024):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = HERTZ, start, Fraction(1, HERTZ)
        packets += stream.encode(frame)
    return packets + list(stream.encode(None))


def default_sound(video: Any, audio: Any) -> None:
    audio.disposition = Disposition.default


def turned(video: Any, audio: Any) -> None:
    video.set_display_rotation(90)


def narrow(video: Any, audio: Any) -> None:
    video.codec_context.sample_aspect_ratio = Fraction(1, 2)


@pytest.fixture(scope="module")
def answers(
    folders: Mapping[str, Path], task: DeepfakeTask, tmp_path_factory: pytest.TempPathFactory
) -> Answers:
    """The answer for each file, by its name, of a detector that finds faces."""
    made = tmp_path_factory.mktemp("files")
    clip = Session(make_identity(20, 3), ClipShape(seconds=SECONDS, rate=RATE), 20, 2).clips(1)[0]
    files = write_files(made, clip.frames, clip.samples / 32768)
    saved = tmp_path_factory.mktemp("saved")
    task.save(folders, saved)
    detector = attrs.evolve(load_detector(saved, torch.device("cpu")), faces=make_detector("haar"))
    scorer = ClipScorer(detector, BothStreams().eval(), Calibration(0.5), make_heads("single"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        return {os.fspath(file): answer for file, answer in zip(files, scorer.score(files), strict=True)}


def write_files(folder: Path, frames: NDArray[np.uint8], sound: NDArray[np.float64]) -> list[Path]:
    """Write all files; return their names in the folder."""
    clip, kept = write(folder / "clip.mp4", frames, sound), write(folder / "clip.mkv", frames, sound)
    write(folder / "turned.mp4", np.rot90(frames, -1, (1, 2)), sound, prepare=turned)
    write(folder / "narrow.mp4", frames.repeat(2, 2), sound, prepare=narrow)
    write(folder / "wide-face.mp4", frames.repeat(2, 2), sound)
    remux(kept, folder / "two-sounds.mkv", before=commentary, mark=default_sound)
    remux(clip, folder / "cover.mp4", before=cover)
    remux(clip, folder / "later.mp4", shift("", 2.0))
    write(folder / "fragments.mp4", frames, sound, container_options={"movflags": "frag_keyframe+empty_moov"})
    remux(kept, folder / "stamp.mkv", with_a_huge_stamp)
    write(folder / "opposite.mkv", frames, np.stack([sound, -sound]), layout="stereo")
    tail = np.concatenate([sound, np.zeros(400 * HERTZ)])
    write(folder / "tail.mkv", frames, tail)
    remux(kept, folder / "lost.mkv", without_sound_from(0.64, 1.152))
    silenced = sound.copy()
    silenced[round(0.64 * HERTZ) : round(1.152 * HERTZ)] = 0
    write(folder / "silenced.mkv", frames, silenced)
    write(folder / "silent.mp4", frames, 0 * sound)
    remux(kept, folder / "late-pictures.mkv", shift("video", 3.0))
    remux(kept, folder / "late-sound.mkv", shift("audio", 3.0))
    no_number = sound.copy()
    no_number[8000] = np.nan
    write(folder / "no-number.mkv", frames, no_number, audio="pcm_f32le")
    write(folder / "black.mp4", 0 * frames, sound)
    columns = np.broadcast_to(np.arange(112) // 16 % 2 * 200, frames.shape[1:3])
    pattern = np.stack([np.roll(columns, number, 1) for number in range(len(frames))])
    write(folder / "pattern.mp4", pattern[..., None].repeat(3, 3).astype(np.uint8), sound)
    for name in ("cam1:0001.mp4", "data:clip.mp4", os.fsdecode(b"caf\xe9.mp4")):
        (folder / name).write_bytes(clip.read_bytes())
    (folder / "text.mp4").write_text("a letter, no film\n" * 100)
    (folder / "nothing.mp4").touch()
    (folder / "folder.mp4").mkdir()
    (folder / "loop.mp4").symlink_to("loop.mp4")
    with av.open(str(folder / "song.m4a"), "w", format="mp4") as song:
        packets = cover(song)
        write_song(song, packets, sound)
    return sorted(Path(path.name) for path in folder.iterdir())


def write_song(song: Any, packets: Sequence[Any], sound: NDArray[np.float64]) -> None:
    stream = song.add_stream("flac", rate=HERTZ, layout="mono")
    samples = np.rint(sound * 32767).astype(np.int16)[None]
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = HERTZ, 0, Fraction(1, HERTZ)
    for packet in [*packets, *stream.encode(frame), *stream.encode(None)]:
        song.mux(packet)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("clip.mkv", id="another container"),
        pytest.param("turned.mp4", id="turned by the display matrix, as phones do"),
        pytest.param("two-sounds.mkv", id="a silent first track, the second one is the default"),
        pytest.param("cover.mp4", id="a cover picture before the film"),
        pytest.param("fragments.mp4", id="fragments"),
        pytest.param("later.mp4", id="an edit list, as both streams begin late"),
        pytest.param("stamp.mkv", id="one time stamp of hours"),
        pytest.param("opposite.mkv", id="opposite channels"),
        pytest.param("cam1:0001.mp4", id="a colon in the name"),
        pytest.param("data:clip.mp4", id="a name like a protocol"),
        pytest.param(os.fsdecode(b"caf\xe9.mp4"), id="a name that is not in UTF-8"),
    ],
)
def test_a_file_that_shows_and_sounds_as_the_clip_has_its_score(answers: Answers, name: str) -> None:
    assert answers["clip.mp4"]["windows"] == answers[name].get("windows"), answers[name]
    assert answers[name]["score"] == pytest.approx(answers["clip.mp4"]["score"], abs=0.01)


def test_pixels_that_are_not_square_are_judged_as_they_are_shown(answers: Answers) -> None:
    """They are scaled, which blurs them a little; as squares they would show another face."""
    assert answers["narrow.mp4"]["score"] == pytest.approx(answers["clip.mp4"]["score"], abs=0.04)
    assert abs(answers["wide-face.mp4"]["score"] - answers["clip.mp4"]["score"]) > 0.04


def test_minutes_of_silence_after_the_pictures_change_nothing_before_them(answers: Answers) -> None:
    """The last picture stays a moment longer, as the sound goes on."""
    clip, tail = answers["clip.mp4"], answers["tail.mkv"]
    assert tail["windows"] == clip["windows"]
    assert tail["score"] == pytest.approx(clip["score"], abs=0.04)
    (left_out,) = tail["left_out"]
    assert left_out["reason"] == "no-pictures"
    assert left_out["end"] == pytest.approx(SECONDS + 400)


def test_sound_after_lost_packets_is_heard_in_its_place(answers: Answers) -> None:
    score = answers["lost.mkv"]["score"]
    assert score == pytest.approx(answers["silenced.mkv"]["score"], abs=0.01)


def test_the_scores_tell_small_differences(answers: Answers) -> None:
    """So that equal scores mean equal pictures and sounds."""
    assert abs(answers["silenced.mkv"]["score"] - answers["clip.mp4"]["score"]) > 0.01


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("silent.mp4", "silence"),
        ("late-pictures.mkv", "no-overlap"),
        ("late-sound.mkv", "no-overlap"),
        ("no-number.mkv", "bad-samples"),
        ("black.mp4", "no-face"),
        ("pattern.mp4", "no-face"),
        ("text.mp4", "damaged"),
        ("nothing.mp4", "empty"),
        ("folder.mp4", "not-a-file"),
        ("loop.mp4", "not-a-file"),
        ("song.m4a", "no-video"),
    ],
)
def test_what_cannot_be_judged_gets_a_reason_and_no_score(answers: Answers, name: str, reason: str) -> None:
    assert answers[name]["reason"] == reason
    assert answers[name]["error"]
    assert "score" not in answers[name]
