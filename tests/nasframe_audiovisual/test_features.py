"""Backbones trained on any number of classes, and the features that they give."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from nasframe.errors import DataError, NasframeError, RunError
from nasframe.runtime import SILENT
from nasframe_audiovisual import (
    COLUMNS,
    PICTURE_INPUTS,
    SOUND_INPUTS,
    BackboneTraining,
    FaceSettings,
    FeatureSplit,
    LabelledStreams,
    Window,
    first_window,
    load_extractor,
    load_standardiser,
    open_features,
    train_backbones,
    training_inputs,
    window_inputs,
    write_features,
    write_streams,
)

CPU = torch.device("cpu")
TRAINING = BackboneTraining("resnet10t", None, 1, 1, batch_size=4, learning_rate=1e-3, seed=0)
SPLITS = ["weights"] * 6 + ["validation"] * 3 + ["test"] * 3
ROWS = [5, 4, 3, 2, 1, 0, 6, 7, 8, 9, 10, 11]
LABELS = [number % 3 for number in ROWS]


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Arrays of twelve streams of each kind."""
    out = tmp_path_factory.mktemp("streams")
    random = np.random.default_rng(0)
    np.save(out / "pictures.npy", random.integers(0, 256, (12, 5, 32, 32, 3)).astype(np.uint8))
    np.save(out / "sounds.npy", random.normal(-3, 2, (12, 32, COLUMNS)).astype(np.float32))
    return out


def shapes(outputs: Tensor, labels: Tensor) -> dict[str, float | None]:
    return {"outputs": float(outputs.shape[1]), "streams": float(len(outputs)), "labels": float(labels.sum())}


@pytest.fixture(scope="module")
def trained(streams: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Backbones of three classes for pictures, and of two for sounds."""
    out = tmp_path_factory.mktemp("backbones")
    pictures = LabelledStreams.of(SPLITS, ROWS, LABELS, 3)
    sounds = LabelledStreams.of(SPLITS, ROWS, [label > 0 for label in LABELS], 2)
    train_backbones(streams, out, TRAINING, pictures, sounds, shapes, CPU, SILENT)
    return out


@pytest.fixture(scope="module")
def cached(streams: Path, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("features")
    extractor = load_extractor(trained, "resnet10t", 8, CPU)
    write_features(streams, out, extractor, True, [(row, row) for row in range(6)], SILENT)
    return out


def test_labelled_streams_are_distinct_and_in_the_order_of_their_rows() -> None:
    labelled = LabelledStreams.of(
        ["weights", "weights", "validation", "weights"], [7, 2, 3, 7], [0, 1, 1, 2], 3
    )
    assert labelled.rows["weights"].tolist() == [2, 7]
    assert labelled.labels["weights"].tolist() == [1, 2]
    assert (labelled.rows["validation"].tolist(), labelled.labels["validation"].tolist()) == ([3], [1])


def test_labels_that_cannot_be_trained_on_are_refused_in_words() -> None:
    with pytest.raises(DataError, match="the split 'validation' has no clip to train a backbone on"):
        LabelledStreams.of(["weights"], [0], [0], 2)
    with pytest.raises(DataError, match="labels are from 0 to 1, found 0 to 2"):
        LabelledStreams.of(["weights", "validation"], [0, 1], [0, 2], 2)


def test_two_classes_have_one_logit_and_more_have_one_each(trained: Path) -> None:
    report = json.loads((trained / "report.json").read_text())
    assert report["sound_mean"] == pytest.approx(-3, abs=0.1)
    assert report["sound_deviation"] == pytest.approx(2, abs=0.1)
    assert {name: found["outputs"] for name, found in report["streams"].items()} == {"picture": 3, "sound": 1}
    assert all(found["streams"] == 3 for found in report["streams"].values())
    assert all(len(found["loss"]) == 1 for found in report["streams"].values())


def test_a_training_is_the_same_for_the_same_seed(streams: Path, trained: Path, tmp_path: Path) -> None:
    pictures = LabelledStreams.of(SPLITS, ROWS, LABELS, 3)
    sounds = LabelledStreams.of(SPLITS, ROWS, [label > 0 for label in LABELS], 2)
    train_backbones(streams, tmp_path, TRAINING, pictures, sounds, shapes, CPU, SILENT)
    for name in ("picture.safetensors", "sound.safetensors", "report.json"):
        assert (tmp_path / name).read_bytes() == (trained / name).read_bytes()


def test_the_inputs_of_a_training_change_with_the_file_of_weights(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    options = BackboneTraining("resnet10t", path, 1, 1, 4, 1e-3, 0)
    path.write_bytes(b"one")
    before = training_inputs(options)
    assert json.loads(json.dumps(before)) == before
    path.write_bytes(b"other")
    assert training_inputs(options) != before


def test_features_are_standardised_on_the_rows_that_are_given(cached: Path) -> None:
    features = open_features(cached)
    assert tuple(features) == PICTURE_INPUTS + SOUND_INPUTS
    assert {name: tuple(values.shape) for name, values in features.items()} == {
        f"{stream}{stage + 1}": (12, 8, 2 * channels)
        for stream in "IS"
        for stage, channels in enumerate((64, 128, 256, 512))
    }
    for values in features.values():
        assert values.dtype == torch.float16
        fitted = values[:6, :, : values.shape[2] // 2].float()
        assert fitted.mean((0, 1)).abs().max() < 1e-2


def test_a_single_clip_has_the_inputs_that_are_cached_for_it(
    clips: list[Path], trained: Path, tmp_path: Path
) -> None:
    window, extractor = Window(frames=5, size=32), load_extractor(trained, "resnet10t", 8, CPU)
    names = [clip.name for clip in clips]
    rows = write_streams(clips[0].parent, names, tmp_path, window, 32, 1, SILENT).rows
    write_features(tmp_path, tmp_path, extractor, True, [*rows.values()], SILENT)
    standardiser = load_standardiser(tmp_path / "statistics.safetensors", True)
    features = open_features(tmp_path)
    for clip in clips:
        recording = first_window(clip, window, FaceSettings("none").make()).recording
        inputs = window_inputs([recording], 32, extractor, standardiser)
        for place, group in enumerate((PICTURE_INPUTS, SOUND_INPUTS)):
            for name in group:
                expected = features[name][rows[clip.name][place]][None].float()
                assert inputs[name].dtype == torch.float32
                torch.testing.assert_close(inputs[name], expected, atol=5e-2, rtol=1e-2)


def test_a_split_returns_the_rows_of_its_clips(cached: Path) -> None:
    features = open_features(cached)
    pictures, sounds, targets = torch.tensor([4, 0, 1]), torch.tensor([9, 9, 2]), torch.tensor([1, 0, 2])
    split = FeatureSplit(features, pictures, sounds, targets, ["a", "b", "c"])
    batch = split.batch(torch.tensor([2, 0]))
    assert len(split) == 3
    assert batch.targets.tolist() == [2, 1]
    assert batch.inputs["I2"].equal(features["I2"][[1, 4]].float())
    assert batch.inputs["S4"].equal(features["S4"][[2, 9]].float())
    assert split.redrawn(torch.Generator()) is split


def test_the_spread_of_the_spectrograms_may_be_given_instead_of_read(trained: Path, tmp_path: Path) -> None:
    extractor = load_extractor(trained, "resnet10t", 4, CPU, spread=(0.5, 3.0))
    assert (extractor.sound_mean, extractor.sound_deviation) == (0.5, 3.0)
    with pytest.raises(RunError, match=r"report\.json: .*expected the report of trained backbones"):
        load_extractor(tmp_path, "resnet10t", 4, CPU)


@pytest.mark.parametrize("content", [None, b"", b"no tensors at all", b"x" * 100])
def test_files_that_are_missing_or_damaged_are_named(
    trained: Path, tmp_path: Path, content: bytes | None
) -> None:
    for name in ("report.json", "sound.safetensors"):
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    if content is not None:
        for name in ("picture.safetensors", "statistics.safetensors"):
            (tmp_path / name).write_bytes(content)
    with pytest.raises(NasframeError, match=r"picture\.safetensors: cannot be .*expected the weights of"):
        load_extractor(tmp_path, "resnet10t", 4, CPU)
    with pytest.raises(
        RunError, match=r"statistics\.safetensors: cannot be .*expected the statistics of features"
    ):
        load_standardiser(tmp_path / "statistics.safetensors", True)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_cached_features_that_are_not_finite_are_refused_with_file_and_row(
    cached: Path, tmp_path: Path, value: float
) -> None:
    shutil.copytree(cached, tmp_path / "cache")
    path = tmp_path / "cache" / "S2.npy"
    values = np.load(path)
    values[7, 3, 5] = value
    np.save(path, values)
    with pytest.raises(DataError, match=r"S2\.npy: row 7 holds numbers that are not finite"):
        open_features(tmp_path / "cache")


def test_the_largest_half_precision_numbers_are_finite(cached: Path, tmp_path: Path) -> None:
    shutil.copytree(cached, tmp_path / "cache")
    path = tmp_path / "cache" / "I1.npy"
    np.save(path, np.full_like(np.load(path), np.finfo(np.float16).max))
    assert open_features(tmp_path / "cache")["I1"].isfinite().all()


def test_streams_that_are_not_finite_are_refused_before_anything_is_made_of_them(
    streams: Path, trained: Path, tmp_path: Path
) -> None:
    shutil.copytree(streams, tmp_path / "streams")
    sounds = np.load(tmp_path / "streams" / "sounds.npy")
    sounds[4, 2, 9] = np.nan
    np.save(tmp_path / "streams" / "sounds.npy", sounds)
    extractor = load_extractor(trained, "resnet10t", 8, CPU)
    fitted = [(row, row) for row in range(6)]
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match=r"sounds\.npy: row 4 holds numbers that are not finite"):
        write_features(tmp_path / "streams", tmp_path / "out", extractor, False, fitted, SILENT)
    labelled = LabelledStreams.of(SPLITS, ROWS, [row % 2 for row in ROWS], classes=2)
    options = BackboneTraining("resnet10t", None, 1, 1, 2, 1e-3, 0)
    with pytest.raises(DataError, match=r"sounds\.npy: row 4 holds numbers that are not finite"):
        train_backbones(tmp_path / "streams", tmp_path, options, labelled, labelled, shapes, CPU, SILENT)


def test_statistics_that_are_not_finite_are_refused(trained: Path, cached: Path, tmp_path: Path) -> None:
    statistics = load_file(cached / "statistics.safetensors")
    statistics["S3"][0, 1] = torch.nan
    save_file(statistics, tmp_path / "statistics.safetensors")
    with pytest.raises(RunError, match=r"statistics\.safetensors: S3: holds a value that is not finite"):
        load_standardiser(tmp_path / "statistics.safetensors", True)
    with pytest.raises(RunError, match="mean and deviation of the spectrograms are not finite: nan"):
        load_extractor(trained, "resnet10t", 4, CPU, spread=(float("nan"), 1.0))


def test_a_step_of_pretraining_whose_loss_is_not_finite_ends_it_in_words(
    streams: Path, tmp_path: Path
) -> None:
    labelled = LabelledStreams.of(SPLITS, ROWS, [row % 2 for row in ROWS], classes=2)
    options = BackboneTraining("resnet10t", None, 3, 1, 6, 1e30, 0)
    with pytest.raises(
        RunError, match=r"pretraining of the picture backbone, epoch \d, step 1: .* is not finite"
    ):
        train_backbones(streams, tmp_path, options, labelled, labelled, shapes, CPU, SILENT)
