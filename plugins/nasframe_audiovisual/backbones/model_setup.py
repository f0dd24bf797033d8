"""The way in which a timm model takes images of one size, tried without memory before a clip is decoded."""

from __future__ import annotations

import difflib
import functools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from attrs import field, frozen
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe.errors import DataError, NasframeError, in_words, nearest
from nasframe_audiovisual.backbones.computed_places import ComputedPlaces
from nasframe_audiovisual.torch_companions import beside_torch

with beside_torch("torchvision"):  # which timm imports
    import timm

__all__ = ["STAGES", "ModelSetup", "ResizingNetwork", "model_setup", "own_size", "require_known"]

STAGES = (-4, -3, -2, -1)
"""The maps of a model that are features."""

_SOME = ("convnext_atto", "efficientnet_b0", "mobilenetv3_small_100", "resnet18", "resnet34")
"""Named where a name is like none; timm has more than a thousand."""

_SURE = "resnet34"
_TRIED = 3


@frozen
class ModelSetup:
    """The way in which a model is made for images of one size.

    Attributes:
        size: height and width to which images are enlarged or reduced, mostly their own.
        options: of `timm.create_model`, beside those that all models get.
        last: whether the maps come as `(batch, height, width, channels)`.
    """

    size: tuple[int, int]
    options: Mapping[str, Any] = field(factory=dict)
    last: bool = False

    def network(self, name: str, channels: int) -> nn.Module:
        """Return the timm network, with random weights; its maps are not yet turned."""
        options: dict[str, Any] = {"features_only": True, "out_indices": STAGES, "in_chans": channels}
        network: nn.Module = timm.create_model(name, **options, **self.options)
        for module in network.modules():
            if isinstance(module, nn.Conv2d) and _crashes(module, channels):
                module.register_forward_pre_hook(_in_plain_layout)
        return network

    def around(self, network: nn.Module, size: tuple[int, int]) -> nn.Module:
        """Return the network for images of `size`: itself, where nothing has to be changed."""
        return network if self.size == size and not self.last else ResizingNetwork(network, self)


class ResizingNetwork(nn.Module):
    """A network whose images are brought to its size, and whose maps are turned to channels first."""

    def __init__(self, model: nn.Module, setup: ModelSetup) -> None:
        super().__init__()
        self.model, self.setup = model, setup
        self.feature_info = model.feature_info

    def forward(self, images: Tensor) -> list[Tensor]:
        if tuple(images.shape[2:]) != self.setup.size:
            images = F.interpolate(images, self.setup.size, mode="bilinear", align_corners=False)
        maps = self.model(images)
        return [stage.permute(0, 3, 1, 2) for stage in maps] if self.setup.last else list(maps)


def _crashes(layer: nn.Conv2d, channels: int) -> bool:
    """Return True for a convolution of 1 × 1 pixels with a stride, on the images themselves.

    With images in the layout `channels_last`, its gradient writes beside its memory and ends the process. It
    was seen with torch 2.14.1 on processors, in the stem of FastViT.
    """
    return layer.in_channels == channels and layer.kernel_size == (1, 1) and max(layer.stride) > 1


def _in_plain_layout(_: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    return (inputs[0].contiguous(),)


def require_known(name: str) -> None:
    """Raise a DataError, of one line, unless timm has a model of this name, and weights of its tag."""
    if not timm.is_model(name):
        alike = difflib.get_close_matches(name, timm.list_models()) or _SOME
        raise DataError(f"unknown backbone {name!r}{nearest(name, alike)}")
    tagged = timm.list_models(f"{name.partition('.')[0]}.*", pretrained=True)
    if "." in name and name not in tagged:
        raise DataError(f"unknown weights {name!r} of a backbone{nearest(name, tagged)}")


def own_size(name: str) -> tuple[int, int]:
    """Return height and width of the images that a timm model was made for."""
    config = timm.get_pretrained_cfg(name)
    _, height, width = (3, 224, 224) if config is None else config.input_size
    return int(height), int(width)


@functools.cache
def model_setup(name: str, channels: int, size: tuple[int, int]) -> ModelSetup:
    """Return how the timm model `name` takes images of `size` (height, width) and `channels`.

    Tried are: the model as it is; the model that resamples its embedding of positions; the model made for
    this size; all with images enlarged to the next multiple of 32 and of 64; and last images brought to the
    model's own size.

    Raises:
        DataError: it has no maps of four stages, or takes no such images; one sentence, with the reason and
            the name of a model that does.
    """
    try:
        return _tried(name, channels, size)
    except _UnfitError as unfit:
        reason = f"{name} cannot be a backbone: {unfit}"
    raise DataError(f"{reason}; a model that can: {_working(name, channels, size)}")


class _UnfitError(NasframeError):
    """A model gives no four maps; the message is the reason."""


def _tried(name: str, channels: int, size: tuple[int, int]) -> ModelSetup:
    _require_stages(name)
    reasons = []
    for wanted, options in _ways(name, size):
        try:
            return ModelSetup(
                wanted, options, _gives_channels_last(ModelSetup(wanted, options), name, channels)
            )
        except _UnfitError as error:
            reasons.append(str(error))
        except Exception as error:  # models raise what they like for a size that they do not take
            reasons.append(in_words(error))
    height, width = size
    raise _UnfitError(f"it takes no images of {height} × {width} pixels ({_first_line(reasons[0])})")


def _ways(name: str, size: tuple[int, int]) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
    """Yield sizes of images and options of the model, the plainest first."""
    sizes = [size]
    sizes += [(_up(size[0], step), _up(size[1], step)) for step in (32, 64)]
    for wanted in dict.fromkeys(sizes):
        yield wanted, {}
        yield wanted, {"dynamic_img_size": True}  # weights of the model's own size fit, and are resampled
        yield wanted, {"img_size": wanted}
    yield own_size(name), {}


def _up(pixels: int, step: int) -> int:
    return max(64, math.ceil(pixels / step) * step)


def _require_stages(name: str) -> None:
    """Refuse a model that cannot say its stages, or has fewer than four."""
    options: dict[str, Any] = {"features_only": True, "out_indices": (-1,)}
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"):
            network = timm.create_model(name, **options)
    except Exception as error:
        raise _UnfitError(f"timm gives no maps of its stages ({_first_line(in_words(error))})") from error
    found = len(network.feature_info.info)  # type: ignore[union-attr, arg-type]
    if found < len(STAGES):
        raise _UnfitError(f"it has {found} stages, and four maps are needed")


def _gives_channels_last(setup: ModelSetup, name: str, channels: int) -> bool:
    """Return whether the channels of the maps come last, after a pass of nothing through the model.

    A model that looks values up at places that it computes is tried with zeros, too, in memory: a place may
    lie outside its table, as in MViTv2 with images that are wider than its own.

    Raises:
        Exception: the model does not take such images.
    """
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        network = setup.network(name, channels)
        with torch.no_grad(), ComputedPlaces(network) as places:
            for images, training in ((2, True), (1, False)):
                maps = network.train(training)(torch.zeros(images, channels, *setup.size))
    if places.found:
        with torch.random.fork_rng(devices=[]), torch.device("cpu"), torch.no_grad():
            setup.network(name, channels).eval()(torch.zeros(1, channels, *setup.size))
    shapes = [tuple(stage.shape) for stage in maps]
    widths = list(network.feature_info.channels())  # type: ignore[union-attr, operator]
    first, last = (
        [shape[place] for shape in shapes if len(shape) == 4 and min(shape) > 0] == widths for place in (1, 3)
    )
    if first and last:  # as wide as it has channels: the model says which they are
        return str(getattr(network, "output_fmt", "NCHW")) == "NHWC"
    if first or last:
        return last
    raise _UnfitError(f"its maps have the shapes {shapes}, for {widths} channels")


def _working(name: str, channels: int, size: tuple[int, int]) -> str:
    """Return the name of a model that takes such images, most like `name`."""
    for other in difflib.get_close_matches(name, timm.list_models(), n=_TRIED, cutoff=0.5):
        try:
            _tried(other, channels, size)
        except _UnfitError:
            continue
        return other
    return _SURE


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0].rstrip(".") if text.strip() else "no reason is given"
