from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

from nasframe.errors import RunError
from nasframe.runtime import read_tensors, write_tensors
from nasframe_audiovisual import PICTURE_INPUTS, SOUND_INPUTS, fit_novelty, load_novelty

CHANNELS = dict.fromkeys((*PICTURE_INPUTS, *SOUND_INPUTS), 6)


def features(streams: int, seed: int, level: float = 0.0, motion: float = 1.0) -> dict[str, Tensor]:
    """Features `(streams, 8, 6)` around a level, which move so much over time."""
    random = torch.Generator().manual_seed(seed)
    return {
        name: level
        + torch.randn(streams, 1, channels, generator=random)
        + motion * torch.randn(streams, 8, channels, generator=random)
        for name, channels in CHANNELS.items()
    }


ROWS = {"pictures": range(200), "sound": range(200)}
HELD_OUT = {"pictures": range(200, 300), "sound": range(200, 300)}
NOVELTY = fit_novelty(features(300, 0), ROWS, HELD_OUT, temporal=False)


def refused(found: Mapping[str, Tensor], stream: str) -> float:
    return float((NOVELTY(found)[stream] > 1).double().mean())


def test_clips_like_those_of_the_training_are_within_the_limit() -> None:
    like = features(500, 1)
    assert refused(like, "pictures") <= 0.01
    assert refused(like, "sound") <= 0.01


def test_clips_of_another_level_are_beyond_it() -> None:
    assert refused(features(50, 2, level=6.0), "pictures") == 1


def test_pictures_that_do_not_move_are_beyond_it() -> None:
    assert refused(features(50, 3, motion=0.0), "pictures") == 1


def test_each_stream_has_its_own_distance() -> None:
    odd = features(50, 4, level=6.0)
    mixed = features(50, 5) | {name: odd[name] for name in SOUND_INPUTS}
    assert refused(mixed, "pictures") <= 0.02
    assert refused(mixed, "sound") == 1


def test_the_temporal_copies_change_nothing() -> None:
    plain = features(300, 0)
    copied = {name: torch.cat([value, 100 * value], 2) for name, value in plain.items()}
    found = fit_novelty(copied, ROWS, HELD_OUT, temporal=True)(copied)
    for stream, values in NOVELTY(plain).items():
        torch.testing.assert_close(found[stream], values)


def test_the_distance_is_that_of_mahalanobis_where_every_direction_is_known() -> None:
    """With one channel a stream has two values, whose covariance has two directions."""
    plain = {name: value[:, :, :1] for name, value in features(300, 6).items()}
    one = {name: plain[name] for name in (PICTURE_INPUTS[0], SOUND_INPUTS[0])}
    zero = {name: torch.zeros_like(plain[name]) for name in plain if name not in one}
    found = fit_novelty({**one, **zero}, ROWS, HELD_OUT, temporal=False)({**one, **zero})["pictures"]
    value = one[PICTURE_INPUTS[0]][:, :, 0]
    pooled = torch.stack([value.mean(1), torch.log(value.std(1, correction=0) + 0.02)], 1).double()
    centred = pooled - pooled[:200].mean(0)
    inverse = torch.linalg.inv(centred[:200].T @ centred[:200] / 200)
    expected = ((centred @ inverse) * centred).sum(1).sqrt()
    # both are distances: they differ by one factor
    torch.testing.assert_close(found.double() / found[0], expected / expected[0], rtol=2e-2, atol=2e-2)


def test_it_is_the_same_after_a_file(tmp_path: Path) -> None:
    NOVELTY.save(tmp_path / "novelty.safetensors")
    loaded = load_novelty(tmp_path / "novelty.safetensors", CHANNELS)
    found = features(20, 7)
    for stream, values in NOVELTY(found).items():
        assert loaded(found)[stream].equal(values)


@pytest.mark.parametrize("name", ["pictures.mean", "sound.directions", "sound.limit"])
def test_a_damaged_file_is_refused_in_words(name: str, tmp_path: Path) -> None:
    path = tmp_path / "novelty.safetensors"
    NOVELTY.save(path)
    whole = read_tensors(path, RunError)
    write_tensors(path, {key: value for key, value in whole.items() if key != name})
    with pytest.raises(RunError, match="lacks numbers"):
        load_novelty(path, CHANNELS)
    write_tensors(path, {**whole, name: torch.zeros(3)})
    with pytest.raises(RunError, match="expected the spread of the features of a training"):
        load_novelty(path, CHANNELS)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(RunError, match=r"novelty\.safetensors"):
        load_novelty(path, CHANNELS)


def test_a_spread_of_zero_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "novelty.safetensors"
    NOVELTY.save(path)
    whole = read_tensors(path, RunError)
    write_tensors(path, {**whole, "pictures.scale": torch.zeros_like(whole["pictures.scale"])})
    with pytest.raises(RunError, match="not above 0"):
        load_novelty(path, CHANNELS)


def test_a_few_clips_say_nothing_of_what_is_unlike_them() -> None:
    few = fit_novelty(features(60, 8), {name: range(20) for name in ROWS}, HELD_OUT_FEW, temporal=False)
    assert all(bool((values < 1).all()) for values in few(features(50, 2, level=60.0)).values())


def test_the_fewer_clips_were_held_out_the_farther_is_the_limit() -> None:
    plain = features(300, 0)
    near = fit_novelty(plain, ROWS, {name: range(200, 300) for name in ROWS}, temporal=False)(plain)
    far = fit_novelty(plain, ROWS, {name: range(200, 250) for name in ROWS}, temporal=False)(plain)
    assert float((near["pictures"] / far["pictures"]).mean()) > 1.02


HELD_OUT_FEW = {"pictures": range(20, 60), "sound": range(20, 60)}
