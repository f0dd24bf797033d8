from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import attrs
import numpy as np
import pytest
import torch
from torch import nn

from nasframe.errors import ConfigurationError, DataError, RunError
from nasframe.options import structure, unstructure
from nasframe.runtime import read_tensors
from nasframe_deepfake.detection import ClipSplit, load_detector, make_heads
from nasframe_deepfake.preparation import read_index
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_audiovisual.films import write_clip
from tests.nasframe_deepfake.all_inputs import AllInputs
from tests.nasframe_deepfake.conftest import run_stages

CPU = torch.device("cpu")


def test_without_a_source_the_task_makes_its_own_data(tmp_path: Path) -> None:
    task = DeepfakeTask(
        clips=20,
        faces="none",  # twenty clips of four people are too few to lose any
        size=32,
        frames=4,
        mels=32,
        backbone="resnet10t",
        picture_epochs=1,
        sound_epochs=1,
        workers=1,
    )
    folders = run_stages(task, None, tmp_path)
    assert list(folders) == ["synthesize", "prepare", "audit", "pretrain", "features"]
    assert len(task.data(folders).splits.weights) > 0


def test_inputs_are_the_four_stages_of_both_backbones_with_their_copies(
    folders: Mapping[str, Path], task: DeepfakeTask
) -> None:
    data = task.data(folders)
    assert data.outputs == 1
    assert data.inputs == {
        f"{stream}{stage + 1}": (8, 2 * channels)
        for stream in "IS"
        for stage, channels in enumerate((64, 128, 256, 512))
    }
    batch = data.splits.weights.batch(torch.tensor([3, 0]))
    assert {name: value.shape[1:] for name, value in batch.inputs.items()} == data.inputs
    assert all(value.dtype == torch.float32 for value in batch.inputs.values())


def test_features_are_standardised_on_the_weights_split_and_copies_within_each_clip(
    folders: Mapping[str, Path], task: DeepfakeTask
) -> None:
    entries = [e for e in read_index(folders["prepare"] / "index.csv") if e.split == "weights"]
    values = np.load(folders["features"] / "I2.npy", mmap_mode="r")[sorted({e.picture for e in entries})]
    plain, copy = np.split(values.astype(np.float32), 2, axis=2)
    assert plain.mean((0, 1)) == pytest.approx(np.zeros(128), abs=1e-3)
    # a channel that a short training left nearly dead is not blown up to a deviation of 1
    deviation = read_tensors(folders["features"] / "statistics.safetensors", DataError)["I2"][1].numpy()
    alive = deviation > 1e-3
    assert alive.mean() > 0.9
    assert plain.std((0, 1))[alive] == pytest.approx(np.ones(alive.sum()), abs=1e-2)
    expected = (plain - plain.mean(1, keepdims=True)) / (plain.std(1, keepdims=True) + 0.01)
    # both were rounded to half precision, which matters where a clip's channel hardly moves
    moves = plain.std(1, keepdims=True).repeat(plain.shape[1], 1) > 0.05
    np.testing.assert_allclose(copy[moves], expected[moves], atol=0.03)


def test_without_copies_inputs_are_half_as_wide(corpus: Path, tmp_path: Path, task: DeepfakeTask) -> None:
    folders = run_stages(attrs.evolve(task, standardised=False), corpus, tmp_path)
    assert task.data(folders).inputs["I1"] == (8, 64)


def test_the_cache_is_mapped_into_memory_and_shared_by_the_splits(
    folders: Mapping[str, Path], task: DeepfakeTask
) -> None:
    splits = task.data(folders).splits
    assert isinstance(splits.weights, ClipSplit)
    assert isinstance(splits.validation, ClipSplit)
    assert splits.weights.features["I1"].data_ptr() == splits.validation.features["I1"].data_ptr()
    maps = Path("/proc/self/maps")
    if maps.exists():
        assert str(folders["features"] / "I1.npy") in maps.read_text()


def test_every_clip_is_in_a_split(folders: Mapping[str, Path], task: DeepfakeTask) -> None:
    splits = task.data(folders).splits
    parts = (splits.weights, splits.architecture, splits.validation, splits.test())
    assert sum(map(len, parts)) == 30


def test_training_draws_genuine_and_fake_clips_equally_often(
    folders: Mapping[str, Path], task: DeepfakeTask
) -> None:
    splits = task.data(folders).splits
    for split in (splits.weights, splits.architecture):
        assert split.sampling_weights is not None
        targets = split.batch(torch.arange(len(split))).targets[:, 0]
        assert float(split.sampling_weights[targets == 1].sum()) == pytest.approx(0.5)
        assert float(split.sampling_weights[targets == 0].sum()) == pytest.approx(0.5)
    assert splits.validation.sampling_weights is None


def test_a_share_of_the_fakes_that_training_draws_can_be_kept_for_false_pairings(
    folders: Mapping[str, Path], task: DeepfakeTask
) -> None:
    split = attrs.evolve(task, pairing_share=0.3).data(folders).splits.weights
    assert isinstance(split, ClipSplit)
    assert split.sampling_weights is not None
    pairing = torch.tensor([category == "pairing" for category in split.categories])
    genuine = torch.tensor([category == "RV-RA" for category in split.categories])
    weights = split.sampling_weights
    assert float(weights[genuine].sum()) == pytest.approx(0.5)
    assert float(weights[pairing].sum()) == pytest.approx(0.5 * 0.3)
    assert float(weights[~pairing & ~genuine].sum()) == pytest.approx(0.5 * 0.7)


def test_categories_of_fakes_can_be_left_out_of_every_split(
    folders: Mapping[str, Path], task: DeepfakeTask
) -> None:
    splits = attrs.evolve(task, categories=("pairing",), pairing_share=0.3).data(folders).splits
    for split in (splits.weights, splits.architecture, splits.validation, splits.test()):
        assert isinstance(split, ClipSplit)
        assert set(split.categories) == {"RV-RA", "pairing"}
    assert splits.weights.sampling_weights is not None
    assert float(splits.weights.sampling_weights.sum()) == pytest.approx(1.0)


def test_targets_say_what_kind_of_fake_a_clip_is(folders: Mapping[str, Path], task: DeepfakeTask) -> None:
    split = task.data(folders).splits.weights
    assert isinstance(split, ClipSplit)
    expected = {
        "RV-RA": [0, 0, 0, 0],
        "FV-RA": [1, 1, 0, 0],
        "RV-FA": [1, 0, 1, 0],
        "FV-FA": [1, 1, 1, 0],
        "pairing": [1, 0, 0, 1],
    }
    assert split.targets.tolist() == [expected[category] for category in split.categories]


def test_separate_heads_ask_for_three_outputs(folders: Mapping[str, Path], task: DeepfakeTask) -> None:
    separate = attrs.evolve(task, heads="separate")
    assert separate.data(folders).outputs == 3
    split = separate.data(folders).splits.validation
    assert isinstance(split, ClipSplit)
    outputs = 20 * split.targets[:, 1:] - 10
    assert separate.metrics(outputs, split.targets) == {"auc": 1.0, "acc": 1.0}
    result = separate.evaluate(outputs, split, separate.calibrate(outputs, split.targets))
    assert all(part["auc"] == 1.0 for part in result["per_category"].values())


def test_the_first_window_of_a_clip_has_the_score_of_the_cached_features(
    corpus: Path, folders: Mapping[str, Path], task: DeepfakeTask, tmp_path: Path
) -> None:
    data = task.data(folders)
    network = AllInputs(data.inputs)
    task.save(folders, tmp_path)
    split = data.splits.validation
    cached = torch.sigmoid(network(split.batch(torch.arange(len(split))).inputs))[:, 0]
    files = [corpus / name for name in split.identifiers]
    detector = load_detector(tmp_path, CPU)
    windows = [detector.score(network, file, make_heads("single")) for file in files]
    found = [float(torch.sigmoid(scores.log_odds[0])) for scores in windows]
    # the cache is in half precision
    assert found == pytest.approx(cached.tolist(), abs=1e-3)


def test_a_bad_file_gets_an_error_and_the_others_their_scores(
    corpus: Path, folders: Mapping[str, Path], task: DeepfakeTask, tmp_path: Path
) -> None:
    task.save(folders, tmp_path / "saved")
    (tmp_path / "text.mp4").write_text("no film")
    mute = write_clip(tmp_path / "mute.mp4", audio=False)
    good = next(corpus.rglob("*.mp4"))
    files = [tmp_path / "text.mp4", good, mute, tmp_path / "nowhere.mp4", good]
    network = AllInputs(task.data(folders).inputs)
    scored = list(task.file_scorer(network, tmp_path / "saved", {"threshold": 0.0}, CPU).score(files))
    assert [item.get("reason") for item in scored] == ["damaged", None, "no-sound", "not-a-file", None]
    assert [sorted(scored[place]) for place in (0, 2, 3)] == [["error", "file", "reason"]] * 3
    assert {"decision", "score", "threshold", "seconds", "suspicious"} <= scored[1].keys()
    assert scored[1] == scored[4]
    assert scored[1]["decision"] == "fake"
    assert "has no audio stream" in scored[2]["error"]
    json.dumps(scored)


def test_a_score_on_the_threshold_or_above_means_fake(
    corpus: Path, folders: Mapping[str, Path], task: DeepfakeTask, tmp_path: Path
) -> None:
    task.save(folders, tmp_path)
    network = AllInputs(task.data(folders).inputs)
    file = next(corpus.rglob("*.mp4"))
    (first,) = task.file_scorer(network, tmp_path, {"threshold": 0.5}, CPU).score([file])
    for threshold, decision in ((first["score"], "fake"), (first["score"] + 1e-6, "real")):
        (item,) = task.file_scorer(network, tmp_path, {"threshold": threshold}, CPU).score([file])
        assert (item["decision"], item["threshold"]) == (decision, threshold)


def test_frozen_parameters_are_those_of_both_backbones(
    folders: Mapping[str, Path], task: DeepfakeTask, tmp_path: Path
) -> None:
    import timm

    task.save(folders, tmp_path)
    expected = sum(
        parameter.numel()
        for channels in (3, 1)
        for parameter in timm.create_model(
            "resnet10t", features_only=True, out_indices=(1, 2, 3, 4), in_chans=channels
        ).parameters()
    )
    assert task.frozen_parameters(tmp_path) == expected


def test_a_saved_folder_of_another_format_or_damaged_is_an_error(
    folders: Mapping[str, Path], task: DeepfakeTask, tmp_path: Path
) -> None:
    task.save(folders, tmp_path)
    settings = json.loads((tmp_path / "detector.json").read_text())
    (tmp_path / "detector.json").write_text(json.dumps({**settings, "format": 99}))
    with pytest.raises(RunError, match="has format 99; this version reads 1"):
        task.frozen_parameters(tmp_path)
    for change, words in (
        ({"format": [1]}, r"has format \[1\]"),
        ({"window": {**settings["window"], "frames": "16"}}, "frames.*expected a whole number"),
        ({"window": {"trim": 0.2}}, "lacks the key 'seconds'"),
        ({"faces": "harr"}, "unknown detector 'harr'; did you mean 'haar'"),
    ):
        (tmp_path / "detector.json").write_text(json.dumps({**settings, **change}))
        with pytest.raises(RunError, match=rf"(?s)detector\.json.*{words}"):
            task.file_scorer(nn.Identity(), tmp_path, {}, CPU)
    (tmp_path / "detector.json").unlink()
    with pytest.raises(RunError, match=r"detector\.json: cannot be read"):
        task.file_scorer(nn.Identity(), tmp_path, {}, CPU)


def test_evaluation_reports_each_fake_category_against_the_genuine(
    folders: Mapping[str, Path], task: DeepfakeTask
) -> None:
    split = task.data(folders).splits.validation
    assert isinstance(split, ClipSplit)
    # everything is found but the false pairings, which look as genuine as can be
    outputs = torch.tensor([[5.0 if c not in ("RV-RA", "pairing") else -5.0] for c in split.categories])
    result = task.evaluate(outputs, split, {"threshold": 0.4})
    assert result["threshold"] == 0.4
    pairing = result["per_category"]["pairing"]
    assert (pairing["auc"], pairing["count"]) == (0.5, list(split.categories).count("pairing"))
    assert set(result["per_method"]) == {
        method for method, fake in zip(split.methods, split.targets[:, 0].tolist(), strict=True) if fake
    }
    assert result["people"] == len({*split.people}) < len(split)
    others = set(split.categories) - {"RV-RA", "pairing"}
    assert others
    assert all(result["per_category"][name]["auc"] == 1.0 for name in others)
    assert result["acc"] == pytest.approx(1 - list(split.categories).count("pairing") / len(split))
    json.dumps(result, allow_nan=False)


def test_an_undefined_auc_is_nan_in_metrics_and_none_in_the_evaluation(task: DeepfakeTask) -> None:
    targets, rows = torch.ones(3, 4), torch.zeros(3, dtype=torch.long)
    split = ClipSplit({}, rows, rows, targets, ["a", "b", "c"], categories=["FV-RA"] * 3)
    object.__setattr__(
        split, "features", {f"{s}{i}": torch.zeros(1, 1, 1) for s in "IS" for i in range(1, 5)}
    )
    outputs = torch.zeros(3, 1)
    assert np.isnan(task.metrics(outputs, targets)["auc"])
    result = task.evaluate(outputs, split, {})
    assert result["auc"] is None
    assert result["per_category"]["FV-RA"]["auc"] is None


def test_the_calibrated_threshold_separates_what_can_be_separated(task: DeepfakeTask) -> None:
    outputs = torch.tensor([[-4.0], [-3.0], [-2.0], [1.0]])
    targets = torch.tensor([0.0, 0.0, 1.0, 1.0])[:, None].expand(-1, 4)
    found = task.calibrate(outputs, targets)
    low, high = torch.sigmoid(torch.tensor([-3.0, -2.0]) / found["temperature"]).tolist()
    assert low < found["threshold"] < high


def test_a_missing_or_empty_source_is_an_error_before_any_stage_runs(
    task: DeepfakeTask, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="does not exist"):
        task.stages(tmp_path / "nowhere", 0)
    with pytest.raises(DataError, match="is empty"):
        task.stages(tmp_path, 0)


def test_an_unknown_backbone_is_answered_with_the_near_ones() -> None:
    with pytest.raises(DataError, match="unknown backbone 'resnet35'; did you mean .*'resnet34'"):
        DeepfakeTask(backbone="resnet35").stages(None, 0)


def test_a_negative_seed_is_an_error_in_words(task: DeepfakeTask) -> None:
    with pytest.raises(ConfigurationError, match="seed: expected 0 or more, found -1"):
        task.stages(None, -1)


def test_stage_inputs_change_with_the_seed_the_options_and_the_data(
    corpus: Path, task: DeepfakeTask, tmp_path: Path
) -> None:
    def keys(task: DeepfakeTask, source: Path | None, seed: int) -> dict[str, str]:
        return {stage.name: json.dumps(stage.inputs) for stage in task.stages(source, seed)}

    first = keys(task, corpus, 0)
    assert first == keys(attrs.evolve(task, workers=2), corpus, 0)
    assert first["prepare"] != keys(task, corpus, 1)["prepare"]
    assert first["prepare"] != keys(attrs.evolve(task, trim=0.1), corpus, 0)["prepare"]
    assert first["features"] != keys(attrs.evolve(task, standardised=False), corpus, 0)["features"]
    assert first["pretrain"] != keys(attrs.evolve(task, sound_epochs=2), corpus, 0)["pretrain"]
    (tmp_path / "meta_data.csv").write_text("something else")
    assert first["prepare"] != keys(task, tmp_path, 0)["prepare"]


def test_pretraining_starts_from_a_local_file_and_says_so_where_there_is_none(tmp_path: Path) -> None:
    import timm
    from safetensors.torch import save_file

    from nasframe_audiovisual import make_backbone

    torch.manual_seed(0)
    whole = timm.create_model("resnet10t")
    save_file(whole.state_dict(), tmp_path / "weights.safetensors")
    torch.save(whole.state_dict(), tmp_path / "weights.pth")
    for name in ("weights.safetensors", "weights.pth"):
        network = make_backbone("resnet10t", 3, tmp_path / name)
        torch.testing.assert_close(
            network.state_dict()["layer1.0.conv1.weight"], whole.layer1[0].conv1.weight
        )
        make_backbone("resnet10t", 1, tmp_path / name)
    with pytest.raises(DataError, match=r"none is fetched in its place.*from scratch"):
        make_backbone("resnet10t", 3, tmp_path / "nowhere.pth")
    (tmp_path / "text.safetensors").write_text("no weights")
    with pytest.raises(DataError, match="cannot be read as safetensors"):
        make_backbone("resnet10t", 3, tmp_path / "text.safetensors")


def test_paths_and_shares_survive_a_round_trip() -> None:
    task = DeepfakeTask(clips=50, pretrained=Path("a.pth"), shares=(0.4, 0.2, 0.2, 0.2))
    plain = json.loads(json.dumps(unstructure(task), default=str))
    assert structure(DeepfakeTask, plain, "test") == task


def test_wrong_options_are_reported_together() -> None:
    with pytest.raises(ConfigurationError) as caught:
        structure(DeepfakeTask, {"clips": 1, "desync": "pair", "backbon": "x", "shares": [1, 2]}, "file.toml")
    assert len(caught.value.problems) == 4


def test_weights_to_start_from_that_cannot_be_used_are_an_error_with_the_key_of_the_option(
    corpus: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.pth").write_text("hello")
    for name, reason in (
        ("nope.pth", "cannot be read: no such file; .*scratch"),
        ("text.pth", "the weights do not"),
    ):
        task = DeepfakeTask(backbone="resnet10t", pretrained=tmp_path / name)
        with pytest.raises(DataError, match=rf"^task\.pretrained: {tmp_path / name}: {reason}"):
            task.stages(corpus, 0)


def test_an_empty_folder_is_refused_with_what_a_data_set_has(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is empty; expected meta_data\.csv and the clips it lists$"):
        DeepfakeTask(backbone="resnet10t").stages(tmp_path, 0)
