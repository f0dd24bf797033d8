"""Features that are reduced to a few channels of each stage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from nasframe.errors import RunError
from nasframe.runtime import SILENT, Fields, read_json, write_json
from nasframe_audiovisual import open_features, open_streams
from nasframe_audiovisual.backbones import ReducedNetwork
from nasframe_deepfake.detection import load_detector
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_deepfake.conftest import run_stages

CPU = torch.device("cpu")
MOST = 16


@pytest.fixture(scope="module")
def reduced(task: DeepfakeTask) -> DeepfakeTask:
    return attrs.evolve(task, feature_channels=MOST)


@pytest.fixture(scope="module")
def folders(
    corpus: Path, reduced: DeepfakeTask, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Path]:
    return run_stages(reduced, corpus, tmp_path_factory.mktemp("stages"))


@pytest.fixture
def saved(folders: Mapping[str, Path], reduced: DeepfakeTask, tmp_path: Path) -> Path:
    reduced.save(folders, tmp_path / "detector")
    return tmp_path / "detector"


def test_no_stage_has_more_channels_than_the_option_says(
    folders: Mapping[str, Path], reduced: DeepfakeTask
) -> None:
    widths = {name: width for name, (_, width) in reduced.data(folders).inputs.items()}
    copies = 2 if reduced.standardised else 1
    assert len(widths) == 8
    assert max(widths.values()) == copies * MOST


def test_the_option_changes_the_key_of_the_features_alone_and_none_where_it_is_not_set(
    corpus: Path, task: DeepfakeTask, reduced: DeepfakeTask
) -> None:
    plain, others = ({stage.name: stage.inputs for stage in one.stages(corpus, 0)} for one in (task, reduced))
    assert [name for name in plain if plain[name] != others[name]] == ["features"]
    assert {**plain["features"], "most_channels": MOST} == others["features"]


def test_a_saved_detector_computes_the_features_of_the_stage(
    folders: Mapping[str, Path], saved: Path
) -> None:
    detector, kept = load_detector(saved, CPU), open_features(folders["features"])
    pictures = detector.extractor.pictures(open_streams(folders["prepare"], "pictures")[torch.arange(3)])
    sounds = detector.extractor.sounds(open_streams(folders["prepare"], "sounds")[torch.arange(3)])
    for name, values in {**pictures, **sounds}.items():
        found = detector.standardiser(name, values)
        torch.testing.assert_close(found, kept[name][:3].float(), atol=2e-3, rtol=2e-3)


def test_a_saved_detector_without_its_reduction_is_refused(saved: Path) -> None:
    settings = read_json(saved / "detector.json", Fields())
    del settings["feature_channels"]
    write_json(saved / "detector.json", settings)
    with pytest.raises(RunError, match="statistics"):
        load_detector(saved, CPU)


def test_the_weights_that_are_kept_are_those_of_the_networks_alone(
    folders: Mapping[str, Path], reduced: DeepfakeTask, saved: Path
) -> None:
    before = load_file(saved / "picture.safetensors")
    tuning = attrs.evolve(reduced, finetune=True).fine_tuning(nn.Identity(), folders)
    assert tuning is not None
    with torch.no_grad():
        for value in tuning.module.parameters():
            value.mul_(1.01)
    reduced.save_tuned(tuning, folders, saved, SILENT)
    after = load_file(saved / "picture.safetensors")
    assert before.keys() == after.keys()
    load_detector(saved, CPU)


def test_signs_are_the_same_everywhere_and_keep_lengths() -> None:
    class Maps(nn.Module):
        class feature_info:  # noqa: N801
            channels = staticmethod(lambda: [4, 512])

        def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
            return [images[:, :4], images]

    network = ReducedNetwork(Maps(), 128)
    images = torch.randn(20, 512, 2, 2, generator=torch.Generator().manual_seed(0))
    few, many = network(images)
    assert few.equal(images[:, :4])
    assert many.shape == (20, 128, 2, 2)
    ratio = many.square().sum() / images.square().sum()
    assert abs(ratio.item() - 128 / 512) < 0.01
    assert network.signs_1[0, :8].sign().tolist() == [-1, -1, 1, -1, -1, -1, 1, 1]
