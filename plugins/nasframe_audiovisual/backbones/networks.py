"""Backbones: timm models that return the maps of their last four stages.

timm is imported where one is made to be trained, or is no `ResidualNetwork`: that takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from nasframe.errors import RunError
from nasframe.runtime import read_tensors
from nasframe_audiovisual.backbones.residual_network import ResidualNetwork, is_residual_network
from nasframe_audiovisual.storage import DISK_BLOCK, size_on_disk

__all__ = [
    "check_backbone",
    "check_weights",
    "count_parameters",
    "load_backbone",
    "make_backbone",
    "stage_channels",
    "weights_size",
]

Size = tuple[int, int]
"""Height and width of images in pixels."""


def make_backbone(
    name: str, channels: int, pretrained: Path | None = None, size: Size | None = None
) -> nn.Module:
    """Return a network from images `(batch, channels, height, width)` to a list of four maps.

    They are those of the model's last four stages, each `(batch, channels of the stage, height, width)`,
    whatever the layout inside the model. Those of a convolutional one are mostly half as high and wide as the
    one before; those of a plain transformer are all of one size. Images have 32 pixels or more in height and
    width. Where a model takes no images of `size`, the network enlarges them to the next multiple of 32 or 64
    pixels, or brings them to the model's own size.

    Args:
        name: of a timm model with `features_only`, for example `resnet34`.
        channels: of the images; weights for three are adapted to one.
        pretrained: a local file of weights for that model (safetensors, or a state dict of tensors); None:
            random weights, from torch's generator.
        size: height and width of the images; None: those that the model was made for. Most convolutional
            models take others, too.

    Raises:
        DataError: unknown name, a model without four maps for such images, or weights that cannot be read or
            do not fit.
    """
    from nasframe_audiovisual.backbones.local_weights import load_weights
    from nasframe_audiovisual.backbones.model_setup import model_setup, own_size, require_known

    require_known(name)
    size = own_size(name) if size is None else size
    setup = model_setup(name, channels, size)
    network = setup.network(name, channels)
    if pretrained is not None:
        load_weights(network, pretrained, name, channels)
    return setup.around(network, size)


def check_backbone(name: str, channels: int = 3, size: Size | None = None) -> None:
    """Raise a DataError, of one line, unless `name` is a timm model with four maps of such images.

    It names a model that is one, of a similar name where there is one. Nothing is computed: a pass through
    the model is tried without values.
    """
    from nasframe_audiovisual.backbones.model_setup import model_setup, own_size, require_known

    require_known(name)
    model_setup(name, channels, own_size(name) if size is None else size)


def check_weights(path: Path, name: str, channels: int = 3, size: Size | None = None) -> None:
    """Raise a DataError, of one line, unless the file at `path` holds weights of the timm model `name`."""
    make_backbone(name, channels, path, size)


def load_backbone(name: str, channels: int, weights: Path, size: Size | None = None) -> nn.Module:
    """Return a frozen backbone with the weights that `train_backbones` wrote, in evaluation mode.

    Args:
        name: of the timm model.
        channels: of its images, 3 for pictures and 1 for spectrograms.
        weights: a safetensors file.
        size: of its images, as `make_backbone` takes it.

    Raises:
        RunError: the file is missing, damaged, or holds another network's weights.
    """
    network = _empty_backbone(name, channels, size)

    def refused(message: str) -> RunError:
        return RunError(f"{message}; expected the weights of {name}")

    state = read_tensors(weights, refused, expected=network.state_dict(), finite=True)
    network.load_state_dict(state, assign=True)
    return network.eval().requires_grad_(False)


def _empty_backbone(name: str, channels: int, size: Size | None) -> nn.Module:
    """Return a network to which weights are to be given."""
    if is_residual_network(name):  # these take images of all sizes
        with torch.device("meta"):
            return ResidualNetwork(name, channels)
    return make_backbone(name, channels, size=size)


def stage_channels(network: nn.Module) -> list[int]:
    """Return the number of channels of each of the four maps."""
    if isinstance(network, ResidualNetwork):
        return list(network.channels)
    return list(network.feature_info.channels())  # type: ignore[union-attr, operator]


def count_parameters(networks: Sequence[nn.Module]) -> int:
    """Count the parameters of all networks, without the statistics of their normalisation."""
    return sum(parameter.numel() for network in networks for parameter in network.parameters())


def weights_size(
    name: str, sound_name: str | None = None, sizes: tuple[Size | None, Size | None] = (None, None)
) -> int:
    """Return the bytes on disk of the weights of both backbones and their report.

    Args:
        name: of the timm model of the pictures.
        sound_name: of that of the sounds; None: the same.
        sizes: of the pictures and of the spectrograms, as `make_backbone` takes them.
    """
    with torch.device("meta"):
        networks = [
            make_backbone(name, 3, size=sizes[0]),
            make_backbone(sound_name or name, 1, size=sizes[1]),
        ]
    states = [list(network.state_dict().values()) for network in networks]
    # safetensors describes every tensor in a line of its header
    return sum(size_on_disk(sum(value.nbytes + 256 for value in state)) for state in states) + 2 * DISK_BLOCK
