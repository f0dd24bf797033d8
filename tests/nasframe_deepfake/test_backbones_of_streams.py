"""A model for each stream, and the weights that each starts from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from nasframe.errors import DataError, RunError
from nasframe_audiovisual import BackboneTraining, count_parameters, make_backbone
from nasframe_deepfake.detection import load_detector
from nasframe_deepfake.preparation import BackboneOptions
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_deepfake.conftest import run_stages

CPU = torch.device("cpu")
SIZES = (32, 32), (32, 256)


@pytest.fixture(scope="module")
def two_models(task: DeepfakeTask) -> DeepfakeTask:
    """Pictures by a model of a fixed size, which enlarges them; sounds by one with channels last."""
    return attrs.evolve(task, backbone="test_coatnet", sound_backbone="test_mambaout")


@pytest.fixture(scope="module")
def two_folders(
    corpus: Path, two_models: DeepfakeTask, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Path]:
    return run_stages(two_models, corpus, tmp_path_factory.mktemp("stages"))


@pytest.fixture(scope="module")
def saved(
    two_folders: Mapping[str, Path], two_models: DeepfakeTask, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("saved")
    two_models.save(two_folders, out)
    return out


def options(training: DeepfakeTask, source: Path) -> dict[str, str]:
    return {stage.name: json.dumps(stage.inputs) for stage in training.stages(source, 0)}


def starts(**given: Path | str | None) -> tuple[Path | None, Path | None]:
    usual = {"backbone": "test_resnet", "sound_backbone": None, "pretrained": None, "sound_pretrained": None}
    return BackboneOptions(**usual | given, sizes=SIZES).training(1, 1, 4, 1e-3, 0).starts  # type: ignore[arg-type]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    save_file(timm.create_model("test_resnet").state_dict(), path)
    return path


def test_the_inputs_are_as_wide_as_the_maps_of_each_model(
    two_folders: Mapping[str, Path], two_models: DeepfakeTask
) -> None:
    shapes = two_models.data(two_folders).inputs
    pictures = timm.create_model("test_coatnet", features_only=True, out_indices=(-4, -3, -2, -1))
    sounds = timm.create_model("test_mambaout", features_only=True, out_indices=(-4, -3, -2, -1))
    widths = [*pictures.feature_info.channels(), *sounds.feature_info.channels()]
    assert [shape[1] for shape in shapes.values()] == [2 * width for width in widths]


def test_a_saved_detector_computes_the_features_of_the_training(
    two_folders: Mapping[str, Path], two_models: DeepfakeTask, saved: Path
) -> None:
    detector = load_detector(saved, CPU)
    assert json.loads((saved / "detector.json").read_text())["sound_backbone"] == "test_mambaout"
    split = two_models.data(two_folders).splits.test()
    from nasframe_audiovisual import open_streams

    prepared = two_folders["prepare"]
    first = torch.tensor([0])
    found = {
        **detector.extractor.pictures(open_streams(prepared, "pictures")[split.pictures[first]]),
        **detector.extractor.sounds(open_streams(prepared, "sounds")[split.sounds[first]]),
    }
    for name, values in split.batch(first).inputs.items():
        torch.testing.assert_close(
            detector.standardiser(name, found[name]).float(), values.float(), atol=5e-3, rtol=5e-3
        )


def test_the_frozen_parameters_are_those_of_both_models(two_models: DeepfakeTask, saved: Path) -> None:
    networks = [
        make_backbone("test_coatnet", 3, size=SIZES[0]),
        make_backbone("test_mambaout", 1, size=SIZES[1]),
    ]
    assert two_models.frozen_parameters(saved) == count_parameters(networks)


def test_a_saved_detector_with_another_model_of_the_sound_is_refused(saved: Path, tmp_path: Path) -> None:
    for file in saved.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    settings = json.loads((tmp_path / "detector.json").read_text())
    del settings["sound_backbone"]
    (tmp_path / "detector.json").write_text(json.dumps(settings))
    with pytest.raises(RunError, match=r"sound\.safetensors: .*expected the weights of test_coatnet"):
        load_detector(tmp_path, CPU)


def test_a_detector_of_one_model_is_saved_as_before(
    folders: Mapping[str, Path], task: DeepfakeTask, tmp_path: Path
) -> None:
    task.save(folders, tmp_path)
    assert "sound_backbone" not in json.loads((tmp_path / "detector.json").read_text())


def test_a_model_for_the_sound_changes_the_training_alone_and_none_changes_nothing(
    corpus: Path, task: DeepfakeTask
) -> None:
    usual, other = options(task, corpus), options(attrs.evolve(task, sound_backbone="test_resnet"), corpus)
    assert "sound" not in usual["pretrain"].replace("sound_epochs", "")
    assert {name for name in usual if usual[name] != other[name]} == {"pretrain"}


def test_one_file_is_for_both_streams_of_one_model_and_for_the_pictures_where_there_are_two(
    weights: Path,
) -> None:
    assert starts(pretrained=weights) == (weights, weights)
    assert starts(pretrained=weights, sound_backbone="test_convnext") == (weights, None)
    assert starts(pretrained=weights, sound_pretrained=Path("scratch")) == (weights, None)
    assert starts(sound_pretrained=weights) == (None, weights)
    assert starts(sound_backbone="test_convnext", sound_pretrained=None) == (None, None)


def test_a_training_starts_from_the_weights_of_each_stream(
    corpus: Path, task: DeepfakeTask, weights: Path, tmp_path: Path
) -> None:
    """With a rate of next to nothing the weights stay as they were."""
    chosen = attrs.evolve(
        task,
        backbone="test_convnext",
        sound_backbone="test_resnet",
        sound_pretrained=weights,
        pretrain_rate=1e-12,
    )
    found = load_file(run_stages(chosen, corpus, tmp_path / "stages")["pretrain"] / "sound.safetensors")
    given = load_file(weights)
    torch.testing.assert_close(
        found["layer1.0.conv1.weight"], given["layer1.0.conv1.weight"], atol=1e-6, rtol=0
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"backbone": "levit_128s"}, r"^task\.backbone: levit_128s cannot be a backbone: it has 3 stages"),
        ({"sound_backbone": "resnet35"}, r"^task\.sound_backbone: unknown backbone 'resnet35'"),
        ({"sound_backbone": "csatv2"}, r"^task\.sound_backbone: csatv2 cannot be .* 32 × 256 pixels"),
        ({"sound_pretrained": Path("nowhere.pth")}, r"^task\.sound_pretrained: .*no such file"),
    ],
)
def test_what_does_not_suit_is_refused_with_its_option_before_any_stage_is_there(
    task: DeepfakeTask, corpus: Path, given: dict[str, object], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        attrs.evolve(task, **given).stages(corpus, 0)


def test_weights_of_the_pictures_do_not_do_for_another_model_of_the_sound(
    task: DeepfakeTask, corpus: Path, weights: Path
) -> None:
    chosen = attrs.evolve(
        task, backbone="test_resnet", sound_backbone="test_convnext", sound_pretrained=weights
    )
    with pytest.raises(DataError, match=r"^task\.sound_pretrained: .*do not fit test_convnext: none of the"):
        chosen.stages(corpus, 0)


def test_weights_of_the_hub_that_nobody_publishes_are_refused_without_a_question(
    task: DeepfakeTask, corpus: Path
) -> None:
    chosen = attrs.evolve(task, backbone="test_coatnet", pretrained=Path("hub"))
    with pytest.raises(
        DataError, match=r"^task\.pretrained: timm knows no weights of test_coatnet on the hub"
    ):
        chosen.stages(corpus, 0)


def test_one_model_that_is_named_for_both_streams_starts_from_one_file_in_both(tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    once = BackboneTraining("resnet10t", file, 1, 1, 8, 1e-3, 0)
    twice = BackboneTraining("resnet10t", file, 1, 1, 8, 1e-3, 0, "resnet10t")
    other = BackboneTraining("resnet10t", file, 1, 1, 8, 1e-3, 0, "resnet18")
    assert once.starts == twice.starts == (file, file)
    assert other.starts == (file, None)
