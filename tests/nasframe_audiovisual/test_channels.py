"""Channels that cancel each other are heard, and all others are mixed as before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from nasframe_audiovisual import SAMPLE_RATE, Sound, play
from nasframe_audiovisual.media.channels import Channels
from tests.nasframe_audiovisual.films import RISE, rise, tone, tones, write_film

RATE = 48_000


def sound(path: Path) -> NDArray[np.float32]:
    return np.concatenate([piece.samples for piece in play(path) if isinstance(piece, Sound)])


@pytest.mark.parametrize(
    ("ending", "codec"),
    [("mkv", "pcm_s16le"), ("mkv", "pcm_f32le"), ("mkv", "flac"), ("mp4", "aac"), ("mkv", "libopus"),
     ("avi", "libmp3lame"), ("avi", "pcm_u8")],
)  # fmt: skip
def test_a_channel_turned_round_does_not_silence_the_other(tmp_path: Path, ending: str, codec: str) -> None:
    left = tone(2.2, RATE)
    turned, right = (
        sound(
            write_film(
                tmp_path / f"{name}.{ending}", audio=codec, layout="stereo", sound=np.stack([left, other])
            )
        )
        for name, other in (("turned", -left), ("right", left))
    )
    assert len(turned) == len(right)
    assert np.corrcoef(turned, right)[0, 1] > 0.98
    assert np.abs(turned).mean() == pytest.approx(np.abs(right).mean(), rel=0.02)
    assert tones(turned[:8000]) == pytest.approx(440, abs=3)
    assert rise(turned) == pytest.approx(RISE, abs=0.05)


def test_of_two_channels_that_nearly_cancel_the_louder_is_heard(tmp_path: Path) -> None:
    left = tone(2.2, RATE)
    loud, soft = (
        sound(
            write_film(
                tmp_path / f"{share}.mkv",
                audio="pcm_f32le",
                layout="stereo",
                sound=np.stack([share * left, left]),
            )
        )
        for share in (1.0, -0.9)
    )
    assert np.allclose(loud, soft, atol=1e-5)


def frames(rows: NDArray[np.float64], layout: str = "stereo", planar: bool = True) -> list[av.AudioFrame]:
    made = []
    for start in range(0, rows.shape[1], 960):
        piece = rows[:, start : start + 960].astype(np.float32)
        array = np.ascontiguousarray(piece) if planar else np.ascontiguousarray(piece.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(array, format="fltp" if planar else "flt", layout=layout)
        frame.sample_rate = RATE
        made.append(frame)
    return made


def given(frames: Sequence[av.AudioFrame]) -> list[av.AudioFrame]:
    channels = Channels()
    made = [frame for given in frames for frame in channels.add(given)]
    return [*made, *channels.finish()]


def mono(frames: Sequence[av.AudioFrame]) -> NDArray[np.float32]:
    rows = [np.asarray(frame.to_ndarray()) for frame in frames]
    whole = [
        row if frame.format.is_planar else row.reshape(-1, 2).T
        for row, frame in zip(rows, frames, strict=True)
    ]
    return np.concatenate(whole, 1).mean(0)


LEFT = tone(3.0, RATE, rises=9)
NOISE = np.random.default_rng(0).normal(0, 0.1, LEFT.shape)


@pytest.mark.parametrize("right", [LEFT, 0 * LEFT, NOISE, -0.6 * LEFT])
def test_ordinary_stereo_is_given_back_untouched_and_at_once(right: NDArray[np.float64]) -> None:
    channels = Channels()
    for frame in frames(np.stack([LEFT, right])):
        (given,) = channels.add(frame)
        assert given is frame
    assert not list(channels.finish())


@pytest.mark.parametrize("layout", ["mono", "5.1", "6.1", "stereo"])
def test_sound_in_one_channel_alone_is_mixed_as_ever(layout: str) -> None:
    rows = np.zeros((av.AudioLayout(layout).nb_channels, len(LEFT)))
    rows[-1] = LEFT
    made = frames(rows, layout)
    assert all(one is other for one, other in zip(given(made), made, strict=True))


@pytest.mark.parametrize("planar", [True, False])
def test_a_channel_is_taken_from_where_the_cancelling_begins(planar: bool) -> None:
    """At 1.0 s a plug slips; at 2.0 s it is put right. There is neither silence nor a click."""
    moments = np.arange(len(LEFT)) / RATE
    right = np.where((moments >= 1) & (moments < 2), -1, 1) * LEFT
    made = given(frames(np.stack([LEFT, right]), planar=planar))
    assert len(made) == 150
    samples = mono(made)
    assert len(samples) == len(LEFT)
    fade = np.abs(moments - 1) < 0.025
    assert np.allclose(samples[~fade], LEFT[~fade], atol=1e-6)
    assert np.abs(np.diff(samples)).max() < 1.2 * np.abs(np.diff(LEFT)).max()


def test_a_moment_of_cancelling_changes_nothing() -> None:
    """Wide stereo cancels now and then."""
    moments = np.arange(len(LEFT)) / RATE
    right = np.where((moments >= 1) & (moments < 1.3), -1, 1) * LEFT
    made = frames(np.stack([LEFT, right]))
    assert all(one is other for one, other in zip(given(made), made, strict=True))


def test_pauses_between_words_do_not_change_the_channel() -> None:
    moments = np.arange(len(LEFT)) / RATE
    words = np.where(moments % 0.6 < 0.25, LEFT, 1e-5 * NOISE)
    other = np.where(moments % 0.6 < 0.25, -LEFT, 1e-5 * NOISE[::-1])
    samples = mono(given(frames(np.stack([words, other]))))
    assert np.allclose(samples, words, atol=1e-5)


def test_a_clip_shorter_than_a_decision_is_heard_too() -> None:
    short = LEFT[: RATE // 5]
    assert np.allclose(mono(given(frames(np.stack([short, -short])))), short, atol=1e-6)


def test_no_sample_is_lost_where_a_channel_is_taken(tmp_path: Path) -> None:
    left = tone(3.0, RATE)
    for codec in ("pcm_s16le", "flac"):
        path = write_film(tmp_path / f"{codec}.mkv", audio=codec, layout="stereo", seconds=3.0,
                          sound=np.stack([left, -left]))  # fmt: skip
        assert len(sound(path)) == pytest.approx(3 * SAMPLE_RATE, abs=2)
        assert np.abs(sound(path)[:400]).max() > 0.4
