"""Residual networks of images (He et al., 2016), which take the weights of timm's networks of the same names.

timm takes seconds to import, more than a trained detector needs for a clip. So the networks that trained
backbones mostly are can be made without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["ResidualNetwork", "is_residual_network"]

_WIDTHS = (64, 128, 256, 512)
"""Channels inside the blocks of each stage."""


@frozen
class _Plan:
    """The form of a network.

    Attributes:
        blocks: of each stage.
        bottleneck: whether its blocks have three convolutions, and four times as many channels at their end.
        tiered: whether it begins with three small convolutions in place of a large one, and shortcuts are
            averaged before they are made smaller (He et al., 2019, there B and D).
    """

    blocks: Sequence[int]
    bottleneck: bool = False
    tiered: bool = False


_PLANS = {
    "resnet10t": _Plan((1, 1, 1, 1), tiered=True),
    "resnet14t": _Plan((1, 1, 1, 1), bottleneck=True, tiered=True),
    "resnet18": _Plan((2, 2, 2, 2)),
    "resnet26": _Plan((2, 2, 2, 2), bottleneck=True),
    "resnet34": _Plan((3, 4, 6, 3)),
    "resnet50": _Plan((3, 4, 6, 3), bottleneck=True),
    "resnet101": _Plan((3, 4, 23, 3), bottleneck=True),
}


def is_residual_network(name: str) -> bool:
    """Return whether a `ResidualNetwork` can be made for the name of a timm model, with or without a tag."""
    return name.partition(".")[0] in _PLANS


class ResidualNetwork(nn.Module):
    """The maps of the four stages of a residual network, as `make_backbone` returns them.

    Attributes:
        channels: of the four maps.
    """

    def __init__(self, name: str, channels: int) -> None:
        """Make one of the network `name` for images of so many channels."""
        super().__init__()
        plan = _PLANS[name.partition(".")[0]]
        self.conv1 = _tiered_stem(channels) if plan.tiered else _conv(channels, 64, 7, 2)
        self.bn1 = nn.BatchNorm2d(64)
        growth = 4 if plan.bottleneck else 1
        self.channels = tuple(width * growth for width in _WIDTHS)
        before = (64, *self.channels)
        for stage, (width, count) in enumerate(zip(_WIDTHS, plan.blocks, strict=True)):
            blocks = _stage(before[stage], width, self.channels[stage], count, 1 if stage == 0 else 2, plan)
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return four maps of images `(batch, channels, height, width)`, the largest first."""
        x = F.relu(self.bn1(self.conv1(images)), inplace=True)
        x = F.max_pool2d(x, kernel_size=3, stride=2, padding=1)
        maps = []
        for stage in range(1, len(self.channels) + 1):
            x = self.get_submodule(f"layer{stage}")(x)
            maps.append(x)
        return maps


class _Block(nn.Module):
    """Two convolutions of 3 × 3 pixels, or one between two of a pixel, and a shortcut around them."""

    def __init__(self, inside: Sequence[tuple[int, int, int, int]], shortcut: nn.Module | None) -> None:
        """Make one from channels before, channels after, pixels and stride of each convolution."""
        super().__init__()
        self.count = len(inside)
        for number, (before, after, pixels, stride) in enumerate(inside, start=1):
            self.add_module(f"conv{number}", _conv(before, after, pixels, stride))
            self.add_module(f"bn{number}", nn.BatchNorm2d(after))
        self.downsample = shortcut

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        for number in range(1, self.count + 1):
            x = self.get_submodule(f"bn{number}")(self.get_submodule(f"conv{number}")(x))
            if number < self.count:
                x = F.relu(x, inplace=True)
        return F.relu(x.add_(shortcut), inplace=True)


def _stage(before: int, width: int, after: int, count: int, stride: int, plan: _Plan) -> Iterator[_Block]:
    """Yield the blocks of a stage; the first one makes the map smaller, or only wider."""
    for _ in range(count):
        inside = [(before, width, 3, stride), (width, after, 3, 1)]
        if plan.bottleneck:
            inside = [(before, width, 1, 1), (width, width, 3, stride), (width, after, 1, 1)]
        yield _Block(inside, _shortcut(before, after, stride, plan.tiered))
        before, stride = after, 1


def _shortcut(before: int, after: int, stride: int, averaged: bool) -> nn.Module | None:
    if before == after and stride == 1:
        return None
    if not averaged:
        return nn.Sequential(_conv(before, after, 1, stride), nn.BatchNorm2d(after))
    pool = nn.Identity() if stride == 1 else nn.AvgPool2d(2, stride, ceil_mode=True, count_include_pad=False)
    return nn.Sequential(pool, _conv(before, after, 1, 1), nn.BatchNorm2d(after))


def _tiered_stem(channels: int) -> nn.Module:
    return nn.Sequential(
        _conv(channels, 24, 3, 2),
        nn.BatchNorm2d(24),
        nn.ReLU(inplace=True),
        _conv(24, 32, 3, 1),
        nn.BatchNorm2d(32),
        nn.ReLU(inplace=True),
        _conv(32, 64, 3, 1),
    )


def _conv(before: int, after: int, pixels: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, pixels, stride, padding=pixels // 2, bias=False)
