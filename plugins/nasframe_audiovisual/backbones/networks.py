"""Backbones: timm models that return the maps of their last four stages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nasframe.errors import DataError, RunError, nearest
from nasframe.runtime import read_tensors
from nasframe_audiovisual.backbones.local_weights import load_weights
from nasframe_audiovisual.storage import DISK_BLOCK, size_on_disk
from nasframe_audiovisual.torch_companions import beside_torch

with beside_torch("torchvision"):  # which timm imports
    import timm

__all__ = [
    "check_backbone",
    "check_weights",
    "count_parameters",
    "load_backbone",
    "make_backbone",
    "stage_channels",
    "weights_size",
]

_STAGES = (-4, -3, -2, -1)


def make_backbone(name: str, channels: int, pretrained: Path | None = None) -> nn.Module:
    """Return a network from images `(batch, channels, height, width)` to a list of four maps.

    Each map is `(batch, channels of the stage, height, width)`, half as high and wide as the one before.
    Images have 32 pixels or more in height and width.

    Args:
        name: of a timm model, for example `resnet34`.
        channels: of the images; weights for three are adapted to one.
        pretrained: a local file of weights for that model (safetensors, or a state dict of tensors); None:
            random weights, from torch's generator.

    Raises:
        DataError: unknown name, or weights that cannot be read or do not fit.
    """
    check_backbone(name)
    options: dict[str, Any] = {"features_only": True, "out_indices": _STAGES, "in_chans": channels}
    network: nn.Module = timm.create_model(name, **options)
    if pretrained is not None:
        load_weights(network, pretrained, name, channels)
    return network


def check_backbone(name: str) -> None:
    """Raise a DataError unless timm knows `name`; it names models of similar names."""
    if not timm.is_model(name):
        raise DataError(f"unknown backbone {name!r}{nearest(name, timm.list_models('*resnet*'))}")


def check_weights(path: Path, name: str) -> None:
    """Raise a DataError, of one line, unless the file at `path` holds weights of the timm model `name`."""
    make_backbone(name, 3, path)


def load_backbone(name: str, channels: int, weights: Path) -> nn.Module:
    """Return a frozen backbone with the weights that `train_backbones` wrote, in evaluation mode.

    Args:
        name: of the timm model.
        channels: of its images, 3 for pictures and 1 for spectrograms.
        weights: a safetensors file.

    Raises:
        RunError: the file is missing, damaged, or holds another network's weights.
    """
    network = make_backbone(name, channels)

    def refused(message: str) -> RunError:
        return RunError(f"{message}; expected the weights of {name}")

    state = read_tensors(weights, refused, expected=network.state_dict(), finite=True)
    network.load_state_dict(state)
    return network.eval().requires_grad_(False)


def stage_channels(network: nn.Module) -> list[int]:
    """Return the number of channels of each of the four maps."""
    return list(network.feature_info.channels())  # type: ignore[union-attr, operator]


def count_parameters(networks: Sequence[nn.Module]) -> int:
    """Count the parameters of all networks, without the statistics of their normalisation."""
    return sum(parameter.numel() for network in networks for parameter in network.parameters())


def weights_size(name: str) -> int:
    """Return the bytes on disk of the weights of both backbones, of timm model `name`, and their report."""
    with torch.device("meta"):
        networks = [make_backbone(name, channels) for channels in (3, 1)]
    states = [list(network.state_dict().values()) for network in networks]
    # safetensors describes every tensor in a line of its header
    return sum(size_on_disk(sum(value.nbytes + 256 for value in state)) for state in states) + 2 * DISK_BLOCK
