"""Pairs of an image and an utterance: of one label, from one split, drawn anew in training, under noise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from nasframe import Data, TensorSplit
from nasframe.runtime import generator
from nasframe_tabular.preparation import stratified_parts
from nasframe_tabular.tasks import AudioVisualDigits
from nasframe_tabular.tasks.pairs import Layout, PairSplit, Pool, draw_pairs
from tests.nasframe_tabular.stages import folders_of

SMALL = {"training_pairs": 90, "validation_pairs": 100, "test_pairs": 200}


@pytest.fixture
def folders(pinned: Mapping[str, Path], tmp_path: Path) -> Mapping[str, Path]:
    return folders_of(AudioVisualDigits(**SMALL), pinned["av_digits"], tmp_path)


@pytest.fixture
def data(folders: Mapping[str, Path]) -> Data:
    return AudioVisualDigits(**SMALL).data(folders)


def pool(split: object) -> Pool:
    assert isinstance(split, PairSplit)
    return split.pool


def sources(split: object) -> tuple[set[int], set[int]]:
    """The numbers of the images and of the utterances of a split of validation or test, from its names."""
    assert isinstance(split, TensorSplit)
    words = [name.replace(",", "").split() for name in split.identifiers]
    assert {(word[2], word[4]) for word in words} == {("image", "utterance")}
    return {int(word[3]) for word in words}, {int(word[5]) for word in words}


def tiny_pool(images: int, sounds: int) -> Pool:
    return Pool(
        torch.randn(images, 8, 8),
        torch.arange(images) % 10,
        100 + torch.arange(images),
        torch.randn(sounds, 8, 13),
        torch.arange(sounds) % 10,
        500 + torch.arange(sounds),
    )


def test_no_image_and_no_utterance_is_in_two_splits(data: Data) -> None:
    splits = data.splits
    seen = [pool(item).image_numbers.tolist() for item in (splits.weights, splits.architecture)]
    heard = [pool(item).sound_numbers.tolist() for item in (splits.weights, splits.architecture)]
    for split in (splits.validation, splits.test()):
        images, utterances = sources(split)
        seen.append([*images])
        heard.append([*utterances])
    for numbers in (seen, heard):
        assert min(map(len, numbers)) > 0
        assert sum(map(len, numbers)) == len({*numbers[0], *numbers[1], *numbers[2], *numbers[3]})


def test_both_of_a_pair_have_its_label() -> None:
    made = tiny_pool(40, 70)
    _, targets, numbers = draw_pairs(made, torch.arange(200) % 10, Layout(4, 1.0), generator(0, "x"))
    assert torch.equal(made.drawn[numbers[:, 0] - 100], targets)
    assert torch.equal(made.spoken[numbers[:, 1] - 500], targets)


def test_every_image_and_utterance_is_used_as_often_or_once_more() -> None:
    _, _, numbers = draw_pairs(tiny_pool(40, 70), torch.arange(200) % 10, Layout(4, 1.0), generator(0, "x"))
    assert torch.bincount(numbers[:, 0] - 100).tolist() == [5] * 40
    assert sorted({*torch.bincount(numbers[:, 1] - 500).tolist()}) == [2, 3]


def test_training_draws_other_pairs_and_noise_for_the_same_labels(data: Data) -> None:
    split = data.splits.weights
    rows = torch.arange(len(split))
    before = split.batch(rows)
    one, again, other = (split.redrawn(generator(seed, "epoch")).batch(rows) for seed in (0, 0, 1))
    for batch in (one, again, other):
        assert torch.equal(batch.targets, before.targets)
    for name, value in one.inputs.items():
        assert torch.equal(value, again.inputs[name])
        assert not torch.isclose(value, other.inputs[name]).flatten(1).all(1).any()
    assert torch.equal(split.batch(rows).inputs["rows"], before.inputs["rows"])


def test_without_noise_a_view_is_one_of_the_images_of_its_label() -> None:
    made = tiny_pool(30, 30)
    views, targets, _ = draw_pairs(made, torch.arange(20) % 10, Layout(4, 0.0), generator(0, "x"))
    for image, columns, target in zip(views["rows"], views["columns"], targets, strict=True):
        of_label = made.images[made.drawn == target]
        assert (of_label == image).flatten(1).all(1).sum() == 1
        assert torch.equal(columns, image.T)


@pytest.mark.parametrize("view", ["rows", "mfcc"])
def test_the_noise_has_the_standard_deviation_that_is_asked_for(view: str) -> None:
    made = tiny_pool(10, 10)
    silent, noisy = (
        draw_pairs(made, torch.arange(2000) % 10, Layout(4, noise), generator(0, "x"))[0][view]
        for noise in (0.0, 1.5)
    )
    assert float((noisy - silent).std()) == pytest.approx(1.5, rel=0.02)


def test_changes_are_differences_of_the_sound_that_is_heard() -> None:
    views, _, _ = draw_pairs(tiny_pool(10, 10), torch.arange(20) % 10, Layout(4, 1.5), generator(0, "x"))
    heard, change = views["mfcc"], views["change"]
    torch.testing.assert_close(change[:, 1:-1], (heard[:, 2:] - heard[:, :-2]) / 2)
    torch.testing.assert_close(change[:, 0], heard[:, 1] - heard[:, 0])


def test_of_eight_views_two_are_good_two_noisier_two_weak_and_two_unrelated() -> None:
    made = tiny_pool(200, 200)
    layout = Layout(8, 0.5)
    views, targets, numbers = draw_pairs(made, torch.arange(2000) % 10, layout, generator(0, "x"))
    image = made.images[numbers[:, 0] - 100]
    sound = made.sounds[numbers[:, 1] - 500]
    assert {name: tuple(value.shape[1:]) for name, value in views.items()} == {
        "image": (8, 8),
        "image_noisy": (8, 8),
        "image_sums": (8, 1),
        "image_other": (8, 8),
        "sound": (8, 13),
        "sound_noisy": (8, 13),
        "sound_energy": (8, 1),
        "sound_other": (8, 13),
    }
    deviation = {name: float((views[name] - image).std()) for name in ("image", "image_noisy")}
    deviation |= {name: float((views[name] - sound).std()) for name in ("sound", "sound_noisy")}
    assert deviation == pytest.approx(
        {"image": 0.5, "image_noisy": 1.5, "sound": 0.5, "sound_noisy": 1.5}, rel=0.02
    )
    for name, values in (("image_other", image), ("sound_other", sound)):
        both = torch.stack([views[name].flatten(), values.flatten()])
        assert abs(float(torch.corrcoef(both)[0, 1])) < 0.03
    assert len(targets) == 2000


def test_utterances_of_any_length_are_averaged_over_eight_sections(
    pinned: Mapping[str, Path], tmp_path: Path
) -> None:
    task = AudioVisualDigits(noise=0, **SMALL)
    split = task.data(folders_of(task, pinned["av_digits"], tmp_path)).splits.weights
    found = pool(split)
    assert found.sounds.shape[1:] == (8, 13)
    # standardised by the utterances of this split, each coefficient alone
    torch.testing.assert_close(found.sounds.mean((0, 1)), torch.zeros(13), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.sounds.std((0, 1), correction=0), torch.ones(13))
    assert float(found.images.std(correction=0)) == pytest.approx(1, abs=1e-4)


def test_images_and_utterances_are_split_in_orders_of_their_own() -> None:
    labels = torch.arange(100) % 10
    one, other = (
        stratified_parts(labels, (1, 1, 1, 1), None, 0, name)["test"] for name in ("images", "utterances")
    )
    assert not torch.equal(one, other)
