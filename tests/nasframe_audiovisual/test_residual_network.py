from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from nasframe_audiovisual import load_backbone, stage_channels
from nasframe_audiovisual.backbones.residual_network import is_residual_network


@pytest.mark.parametrize(
    ("name", "channels", "height", "width"),
    [
        ("resnet10t", 3, 64, 64),
        ("resnet14t", 1, 45, 67),
        ("resnet18", 1, 33, 40),
        ("resnet26", 3, 45, 67),
        ("resnet34", 3, 45, 67),
        ("resnet50", 1, 33, 40),
        ("resnet101", 3, 32, 32),
    ],
)
def test_a_residual_network_is_the_one_of_timm(
    name: str, channels: int, height: int, width: int, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    theirs = timm.create_model(name, features_only=True, out_indices=(-4, -3, -2, -1), in_chans=channels)
    with torch.no_grad():
        for module in theirs.modules():
            if isinstance(module, nn.BatchNorm2d):  # those of a new network hide a block behind zeros
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(std=0.1)
    save_file(theirs.state_dict(), tmp_path / "weights.safetensors")

    ours = load_backbone(f"{name}.a1_in1k", channels, tmp_path / "weights.safetensors")

    assert not ours.training
    assert not any(parameter.requires_grad for parameter in ours.parameters())
    assert stage_channels(ours) == theirs.feature_info.channels()
    assert [key for key, _ in ours.named_parameters()] == [key for key, _ in theirs.named_parameters()]
    images = torch.randn(2, channels, height, width)
    for training in (False, True):
        expected = theirs.train(training)(images.clone())
        found = ours.train(training)(images.clone())
        assert all(map(torch.equal, found, expected))
    state = ours.state_dict()
    assert list(state) == list(theirs.state_dict())
    assert all(torch.equal(state[key], value) for key, value in theirs.state_dict().items())


def test_other_names_are_left_to_timm() -> None:
    assert not any(map(is_residual_network, ("resnet18d", "resnetv2_50", "convnext_atto", "test_resnet")))
