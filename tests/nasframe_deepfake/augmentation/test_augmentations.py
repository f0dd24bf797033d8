"""The 36 augmentations: what each changes, and that nothing else does."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import attrs
import numpy as np
import pytest
from numpy.typing import NDArray

from nasframe_audiovisual import FaceSettings, Recording, Window
from nasframe_deepfake.augmentation import (
    AUGMENTATIONS,
    Augmentation,
    Original,
    problem_of_name,
    read_original,
)
from tests.nasframe_audiovisual.films import bar, picture, write_film

PAGE = Path(__file__).parents[3] / "docs" / "augmentation.md"
FIXED = {"mirror", "greyscale", "8 kHz"}
"""They draw nothing."""


@pytest.fixture(scope="session")
def original(corpus: Path) -> Original:
    """The first window of a synthesised clip, small."""
    clip = sorted(corpus.rglob("*.mp4"))[0]
    return read_original(clip, Window(0.2, 1.6, 8, 48), FaceSettings("none").make())


every = pytest.mark.parametrize("augmentation", AUGMENTATIONS.values(), ids=list(AUGMENTATIONS))


def same(first: Recording, second: Recording) -> bool:
    return np.array_equal(first.pictures, second.pictures) and np.array_equal(first.samples, second.samples)


def test_there_are_36_of_three_kinds() -> None:
    kinds = Counter(augmentation.kind for augmentation in AUGMENTATIONS.values())
    assert kinds == {"visual": 17, "audio": 14, "both": 5}


@every
def test_the_same_clip_name_and_seed_give_the_same_bytes(
    augmentation: Augmentation, original: Original
) -> None:
    assert same(augmentation.of(original, "a.mp4", 7), augmentation.of(original, "a.mp4", 7))


@every
def test_what_is_drawn_depends_on_the_seed_and_on_the_clip(
    augmentation: Augmentation, original: Original
) -> None:
    first = augmentation.of(original, "a.mp4", 0)
    differs = {
        "seed": [not same(first, augmentation.of(original, "a.mp4", seed)) for seed in range(1, 9)],
        "clip": [not same(first, augmentation.of(original, f"{clip}.mp4", 0)) for clip in range(8)],
    }
    for found in differs.values():
        assert any(found) is (augmentation.name not in FIXED)


@every
def test_it_changes_what_its_kind_says_and_keeps_shapes_and_types(
    augmentation: Augmentation, original: Original
) -> None:
    plain, changed = original.recording, {"pictures": 0, "samples": 0}
    before = attrs.asdict(Recording(plain.pictures.copy(), plain.samples.copy()))
    for seed in range(4):
        found = augmentation.of(original, "a.mp4", seed)
        for stream in changed:
            values, own = getattr(found, stream), getattr(plain, stream)
            assert values.shape == own.shape
            assert values.dtype == own.dtype
            assert np.isfinite(values).all()
            changed[stream] += not np.array_equal(values, own)
    assert (changed["pictures"] > 0) == (augmentation.kind != "audio")
    assert (changed["samples"] > 0) == (augmentation.kind != "visual")
    assert same(plain, Recording(**before)), "the original was written to"


def loudness(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt((samples**2).mean()))


def share_above(samples: NDArray[np.float32], hertz: float) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float(power[np.fft.rfftfreq(len(samples), 1 / 16_000) > hertz].sum() / power.sum())


def of(original: Original, name: str, seed: int = 0) -> Recording:
    return AUGMENTATIONS[name].of(original, "a.mp4", seed)


def test_noise_is_as_far_below_the_sound_as_the_table_says(original: Original) -> None:
    own = original.recording.samples
    for name, least, most in (("quiet noise", 20, 35), ("loud noise", 5, 15), ("pink noise", 5, 20)):
        noise = loudness(of(original, name).samples - own)
        assert least - 0.1 <= 20 * np.log10(loudness(own) / noise) <= most + 0.1


def test_filters_leave_out_what_they_say(original: Original) -> None:
    own = share_above(original.recording.samples, 5000)
    assert share_above(of(original, "low-pass").samples, 5000) < own / 10
    assert (
        share_above(of(original, "8 kHz").samples, 4200) < share_above(original.recording.samples, 4200) / 10
    )
    high = of(original, "high-pass").samples
    assert 1 - share_above(high, 150) < (1 - share_above(original.recording.samples, 150)) / 3


def test_gain_is_3_to_12_decibels_either_way_and_clips_nothing(original: Original) -> None:
    loud = Recording(original.recording.pictures, original.recording.samples * 4)
    ratios = [
        of(attrs.evolve(original, recording=loud), "gain", seed).samples / loud.samples for seed in range(8)
    ]
    decibels = [20 * np.log10(np.nanmedian(ratio)) for ratio in ratios]
    assert all(3 <= abs(value) <= 12 for value in decibels)
    assert {value > 0 for value in decibels} == {True, False}
    assert all(np.nanmax(ratio) - np.nanmin(ratio) < 1e-5 for ratio in ratios)


def test_an_echo_comes_behind_the_sound_and_moves_it_by_no_sample() -> None:
    click = np.zeros(16_000, np.float32)
    click[4000] = 1
    pictures = np.zeros((4, 32, 32, 3), np.uint8)
    found = of(
        Original(Path("a"), Window(), FaceSettings("none").make(), Recording(pictures, click), 0.0),
        "reverberation",
    )
    assert np.abs(found.samples).argmax() == 4000
    assert np.abs(found.samples[:3990]).max() < 1e-5
    assert np.abs(found.samples[4040:]).max() > 1e-3


def test_silence_stays_a_number_under_every_augmentation() -> None:
    random = np.random.default_rng(0)
    pictures = random.integers(0, 255, (6, 32, 32, 3), np.uint8)
    silent = Recording(pictures, np.zeros(9600, np.float32))
    original = Original(Path("a"), Window(), FaceSettings("none").make(), silent, 0.0)
    for augmentation in AUGMENTATIONS.values():
        if augmentation.window is None:
            assert np.abs(augmentation.of(original, "a.mp4", 0).samples).max() < 1e-9


def test_a_rectangle_hides_the_same_place_of_every_picture(original: Original) -> None:
    changed = (of(original, "erased rectangle").pictures != original.recording.pictures).any(-1)
    rows, columns = np.nonzero(changed.any(0))
    area = (np.ptp(rows) + 1) * (np.ptp(columns) + 1) / changed[0].size
    assert 0.03 < area < 0.14
    inside = of(original, "erased rectangle").pictures[
        :, rows.min() : rows.max() + 1, columns.min() : columns.max() + 1
    ]
    assert len(np.unique(inside.reshape(-1, 3), axis=0)) == 1


def test_no_picture_stands_for_longer_than_two_steps() -> None:
    pictures = np.arange(16, dtype=np.uint8)[:, None, None, None] * np.ones((1, 32, 32, 3), np.uint8)
    recording = Recording(pictures, np.ones(9600, np.float32))
    original = Original(Path("a"), Window(), FaceSettings("none").make(), recording, 0.0)
    for seed in range(20):
        shown = of(original, "frozen pictures", seed).pictures[:, 0, 0, 0].astype(int)
        late = np.arange(16) - shown
        assert set(late) == {0, 1}
        assert late.sum() in (1, 2)


def test_the_picture_stands_while_the_sound_is_interrupted() -> None:
    pictures = np.arange(32, dtype=np.uint8)[:, None, None, None] * np.ones((1, 32, 32, 3), np.uint8)
    recording = Recording(pictures, np.ones(25_600, np.float32))
    original = Original(Path("a"), Window(), FaceSettings("none").make(), recording, 0.0)
    for seed in range(20):
        found = of(original, "interruption", seed)
        silent = np.nonzero(found.samples == 0)[0] / 25_600 * 32
        standing = np.nonzero(found.pictures[:, 0, 0, 0] != np.arange(32))[0]
        assert abs(standing.min() - silent.min()) <= 0.6
        assert abs(standing.max() + 1 - silent.max()) <= 1.1


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """A film of 3.4 s whose picture tells the moment, and whose tone rises at 1.5 s."""
    moments = np.arange(163_200) / 48_000
    sound = 0.5 * np.sin(2 * np.pi * np.where(moments < 1.5, 440.0, 1200.0) * moments)
    path = tmp_path_factory.mktemp("film") / "a.mp4"
    write_film(path, audio="aac", seconds=3.4, pictures=lambda moment: picture(moment, 64, 64), sound=sound)
    return read_original(path, Window(0.2, 1.6, 16, 64), FaceSettings("none").make())


@pytest.mark.parametrize("name", ["random crop", "slower", "faster"])
def test_another_part_of_the_clip_keeps_pictures_and_sound_in_step(film: Original, name: str) -> None:
    starts, seen = [], 0
    for seed in range(8):
        found = of(film, name, seed)
        told = [bar(one) for one in found.pictures]
        places = (np.arange(16) + 0.5) * 0.1
        speed, start = np.polyfit(places, told, 1)
        starts.append(start)
        bounds = {"random crop": (0.99, 1.01), "slower": (0.83, 0.97), "faster": (1.03, 1.17)}[name]
        assert bounds[0] <= speed <= bounds[1]
        blocks = found.samples[: 25_600 // 256 * 256].reshape(-1, 256)
        crossings = (np.diff(np.signbit(blocks), axis=1) != 0).sum(1) / (2 * 256 / 16_000)
        if not 0.1 < (1.5 - start) / speed < 1.5:
            continue
        seen += 1
        risen = np.argmax(crossings > 820 * speed) * 256 / 16_000
        assert abs(risen - (1.5 - start) / speed) < 0.05  # a picture of the film takes 40 ms
    assert seen >= 2
    assert np.ptp(starts) > 0.3


def test_no_window_begins_before_the_trim_or_ends_behind_the_clip(film: Original) -> None:
    assert film.room == pytest.approx(3.4 - 0.2 - 1.6, abs=0.15)
    for name in ("random crop", "slower", "faster"):
        for seed in range(8):
            told = [bar(one) for one in of(film, name, seed).pictures]
            assert told[0] > 0.2
            assert told[-1] < 3.4


def test_a_clip_without_room_keeps_its_window(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "a.mp4", audio="aac", seconds=1.8, pictures=lambda moment: picture(moment, 64, 64)
    )
    short = read_original(path, Window(0.2, 1.6, 16, 64), FaceSettings("none").make())
    assert short.room == 0
    assert np.abs(of(short, "random crop").pictures.astype(int) - short.recording.pictures).mean() < 5
    assert bar(of(short, "slower").pictures[-1]) < 1.8


def test_a_wrong_name_is_told_with_the_nearest() -> None:
    assert problem_of_name("blur") is None
    assert problem_of_name("reverb") == "unknown augmentation 'reverb'; did you mean 'reverberation'?"


def test_the_table_of_the_docs_has_every_name_and_kind() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(name, augmentation.kind) for name, augmentation in AUGMENTATIONS.items()]
