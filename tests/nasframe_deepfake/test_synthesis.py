from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from pathlib import Path

import av
import numpy as np
import pytest

from nasframe.errors import DataError
from nasframe.runtime import Progress
from nasframe_audiovisual import FaceSettings, Window, first_window
from nasframe_deepfake.datasets import SYNTHETIC_MARK, read_fakeavceleb
from nasframe_deepfake.synthesis import Corpus, write_corpus
from nasframe_deepfake.synthesis.fakes import copy_synthesis
from nasframe_deepfake.synthesis.identity import make_identity
from nasframe_deepfake.synthesis.session import ClipShape, Session
from nasframe_deepfake.synthesis.speech import articulate
from nasframe_deepfake.synthesis.voice import RATE, speak


def digests(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bits_whatever_the_number_of_workers(tmp_path: Path) -> None:
    write_corpus(tmp_path / "one", Corpus(clips=8, seed=5), 1, Progress())
    write_corpus(tmp_path / "two", Corpus(clips=8, seed=5), 2, Progress())
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert len(digests(tmp_path / "one")) == 10  # with the table and the mark


def test_another_seed_gives_other_clips(tmp_path: Path) -> None:
    write_corpus(tmp_path / "one", Corpus(clips=5, seed=1), 1, Progress())
    write_corpus(tmp_path / "two", Corpus(clips=5, seed=2), 1, Progress())
    one, two = digests(tmp_path / "one"), digests(tmp_path / "two")
    assert one.pop(SYNTHETIC_MARK) == two.pop(SYNTHETIC_MARK)
    assert not set(one.values()) & set(two.values())


def test_meta_data_has_the_real_format_byte_by_byte(corpus: Path) -> None:
    lines = (corpus / "meta_data.csv").read_bytes().split(b"\n")
    assert lines[0] == b"source,target1,target2,method,category,type,race,gender,path,"
    assert lines[1] == (
        b"id00001,-,-,real,A,RealVideo-RealAudio,African,men,00001.mp4,"
        b"FakeAVCeleb/RealVideo-RealAudio/African/men/id00001"
    )
    assert lines[-1] == b""
    assert len(lines) == 32
    row = re.compile(
        rb"id\d{5},(-|id\d{5}),(-|\d+),[a-z-]+,[A-E],(Real|Fake)Video-(Real|Fake)Audio(-Desync)?,"
        rb"[A-Z][a-z]+( \([A-Z][a-z]+\))?,(men|women),[\w-]+\.mp4,FakeAVCeleb/[^,]+"
    )
    assert all(row.fullmatch(line) for line in lines[1:-1])


def test_every_row_names_a_file_in_the_folder_of_its_type_race_gender_and_source(corpus: Path) -> None:
    with (corpus / "meta_data.csv").open(newline="") as file:
        for source, _, _, _, _, kind, race, gender, name, folder in list(csv.reader(file))[1:]:
            assert folder == f"FakeAVCeleb/{kind}/{race}/{gender}/{source}"
            assert (corpus / kind / race / gender / source / name).is_file()


def test_two_fifths_are_genuine_and_a_fifth_are_false_pairings(corpus: Path) -> None:
    categories = [clip.category for clip in read_fakeavceleb(corpus).clips]
    assert (categories.count("RV-RA"), categories.count("pairing")) == (12, 6)
    assert all(categories.count(name) == 4 for name in ("FV-RA", "RV-FA", "FV-FA"))


def test_every_clip_has_the_same_codecs_and_lengths(corpus: Path) -> None:
    found = set()
    for path in corpus.rglob("*.mp4"):
        with av.open(str(path)) as container:
            video, audio = container.streams.video[0], container.streams.audio[0]
            found.add(
                (
                    video.codec_context.name,
                    video.frames,
                    video.average_rate,
                    video.width,
                    video.height,
                    audio.codec_context.name,
                    audio.duration,
                    audio.rate,
                )
            )
    assert found == {("h264", 50, 25, 112, 112, "aac", 32000, 16000)}


def test_every_stream_of_a_false_pairing_also_occurs_in_a_genuine_pair(corpus: Path) -> None:
    clips = read_fakeavceleb(corpus).clips
    window, middle = Window(trim=0.0, seconds=1.9), FaceSettings("none").make()
    decoded = {clip.path: first_window(corpus / clip.path, window, middle).recording for clip in clips}
    genuine = [decoded[clip.path] for clip in clips if not clip.fake]
    pictures = {recording.pictures.tobytes(): number for number, recording in enumerate(genuine)}
    sounds = {recording.samples.tobytes(): number for number, recording in enumerate(genuine)}
    for clip in clips:
        if clip.category == "pairing":
            recording = decoded[clip.path]
            assert pictures[recording.pictures.tobytes()] != sounds[recording.samples.tobytes()]


def test_a_set_can_have_twice_as_many_false_pairings_each_pair_in_both_ways(tmp_path: Path) -> None:
    rows = write_corpus(tmp_path / "set", Corpus(clips=12, seed=1, pairings=2), 1, Progress())
    assert Counter(row.method for row in rows)["desync"] == 4
    ways = {(row.source, row.file.split("_")[0], row.target2) for row in rows if row.method == "desync"}
    for source in {row.source for row in rows}:
        assert {(picture, sound) for name, picture, sound in ways if name == source} == {
            ("00001", "2"),
            ("00002", "1"),
        }


def test_the_mouth_follows_the_voice_of_genuine_clips() -> None:
    correlations = []
    for number in range(6):
        voice = make_identity(0, number + 1).voice
        random = np.random.default_rng(number)
        tracks = articulate(voice, 4.0, random)
        samples = speak(tracks, voice, random)
        loudness = np.sqrt((samples.reshape(-1, RATE // 50) ** 2).mean(1))
        opening = tracks.opening.reshape(len(loudness), -1).mean(1)
        correlations.append(np.corrcoef(opening, np.log(loudness + 0.01 * loudness.max()))[0, 1])
    assert np.mean(correlations) > 0.7


def test_a_voice_has_the_pitch_of_its_identity() -> None:
    for number in (1, 2, 3, 4):
        voice = make_identity(0, number).voice
        random = np.random.default_rng(number)
        tracks = articulate(voice, 3.0, random)
        samples = speak(tracks, voice, random)
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 2 * len(samples))) ** 2
        repeats = np.fft.irfft(spectrum)
        shortest, longest = round(RATE / (1.5 * voice.pitch)), round(RATE / (0.7 * voice.pitch))
        found = RATE / (shortest + repeats[shortest:longest].argmax())
        said = tracks.pitch[tracks.voicing > 0.3].mean()
        assert found == pytest.approx(said, rel=0.12)


def test_a_copied_voice_keeps_the_bands_and_loses_the_waveform() -> None:
    voice = make_identity(0, 1).voice
    random = np.random.default_rng(0)
    samples = speak(articulate(voice, 2.0, random), voice, random)
    copy = copy_synthesis(samples, RATE, random)
    bands = [np.abs(np.fft.rfft(piece.reshape(-1, 1600), axis=1))[:, 1:].reshape(20, -1, 20).sum(2)
             for piece in (samples, copy)]  # fmt: skip
    assert np.corrcoef(np.log(bands[0]).ravel(), np.log(bands[1]).ravel())[0, 1] > 0.9
    assert abs(np.corrcoef(samples, copy)[0, 1]) < 0.6


def test_an_altered_picture_differs_on_the_face_and_nowhere_else() -> None:
    session = Session(make_identity(0, 1), ClipShape(), 0, 0)
    clips = session.clips(5)
    fake = next(clip for clip in clips if clip.category.name == "FV-RA")
    genuine = next(clip for clip in clips if clip.category.name == "RV-RA" and clip.picture == fake.picture)
    difference = np.abs(fake.frames.astype(int) - genuine.frames).mean((0, 3))
    assert difference[40:80, 40:72].mean() > 3
    assert difference[:, :8].max() == 0


def test_every_clip_is_about_equally_loud_and_its_peak_about_equally_high() -> None:
    clips = Session(make_identity(0, 2), ClipShape(), 0, 1).clips(5)
    samples = [clip.samples / 32767.0 for clip in clips]
    levels = [float(np.sqrt(np.mean(each**2))) for each in samples]
    assert levels == pytest.approx([0.07] * 5, rel=0.2)
    crests = [float(np.abs(each).max()) / level for each, level in zip(samples, levels, strict=True)]
    assert crests == pytest.approx([3.3] * 5, abs=0.55)


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("do not lose me")
    with pytest.raises(DataError, match="not an empty folder"):
        write_corpus(tmp_path, Corpus(clips=5), 1, Progress())
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
