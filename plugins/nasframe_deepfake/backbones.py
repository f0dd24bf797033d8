"""The two networks before the fusion: timm models that return the maps of their last four stages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from nasframe.errors import DataError, NasframeError, nearest
from nasframe_deepfake.local_weights import read_weights, require_loaded, weights_error

__all__ = [
    "channels_last",
    "check_backbone",
    "count_parameters",
    "load_backbone",
    "make_backbone",
    "normalise_pictures",
    "stage_channels",
    "standardise_sounds",
]

_STAGES = (-4, -3, -2, -1)


def make_backbone(name: str, channels: int, pretrained: Path | None = None) -> nn.Module:
    """Return a network from images `(batch, channels, height, width)` to a list of four maps.

    Args:
        name: of a timm model, for example `resnet34`.
        channels: of the images; weights for three are adapted to one.
        pretrained: a local file of weights for that model (safetensors, or a state dict of tensors).

    Raises:
        DataError: unknown name, or weights that cannot be read or do not fit.
    """
    check_backbone(name)
    options: dict[str, Any] = {"features_only": True, "out_indices": _STAGES, "in_chans": channels}
    if pretrained is None:
        network: nn.Module = timm.create_model(name, **options)
        return network
    weights = read_weights(pretrained, name)
    options |= {"pretrained": True, "pretrained_cfg_overlay": {"file": str(pretrained), "custom_load": False}}
    try:
        loaded: nn.Module = timm.create_model(name, **options)
    except Exception as error:  # timm, safetensors and torch raise different classes
        raise weights_error(pretrained, name, error) from error
    require_loaded(loaded, weights, pretrained, name)
    return loaded


def check_backbone(name: str, pretrained: Path | None = None) -> None:
    """Raise a DataError unless timm knows `name` and the weights fit; it names models of similar names."""
    if not timm.is_model(name):
        raise DataError(f"unknown backbone {name!r}{nearest(name, timm.list_models('*resnet*'))}")
    if pretrained is not None:
        make_backbone(name, 3, pretrained)


def load_backbone(name: str, channels: int, weights: Path) -> nn.Module:
    """Return a frozen backbone with the weights of a run, in evaluation mode.

    Raises:
        NasframeError: the file is missing or holds another network's weights.
    """
    network = make_backbone(name, channels)
    try:
        network.load_state_dict(load_file(weights))
    except (OSError, RuntimeError) as error:
        raise NasframeError(f"{weights}: cannot be loaded as the weights of {name}: {error}") from error
    return network.eval().requires_grad_(False)


def stage_channels(network: nn.Module) -> list[int]:
    """Return the number of channels of each of the four maps."""
    return list(network.feature_info.channels())  # type: ignore[union-attr, operator]


def normalise_pictures(pictures: Tensor) -> Tensor:
    """Turn uint8 `(..., size, size, 3)` into `(..., 3, size, size)` of mean near 0 and deviation near 1."""
    return ((pictures.float() / 255 - 0.45) / 0.225).movedim(-1, -3)


def count_parameters(networks: list[nn.Module]) -> int:
    """Count the parameters of all networks, without the statistics of their normalisation."""
    return sum(parameter.numel() for network in networks for parameter in network.parameters())


def standardise_sounds(sounds: Tensor, mean: float, deviation: float) -> Tensor:
    """Standardise log-mel spectrograms `(batch, mels, columns)` to images `(batch, 1, mels, columns)`."""
    return ((sounds - mean) / max(deviation, 1e-3)).unsqueeze(1)


def channels_last(images: Tensor) -> Tensor:
    """Return the same images in the memory layout in which convolutions are fastest."""
    return images.contiguous(memory_format=torch.channels_last)
