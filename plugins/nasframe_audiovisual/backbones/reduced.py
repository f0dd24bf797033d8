"""Fewer channels of each map, by fixed random signs."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe_audiovisual.backbones.networks import stage_channels

__all__ = ["ReducedNetwork", "unreduced"]


class ReducedNetwork(nn.Module):
    """A network whose maps have at most `most` channels, each a sum of all with random signs.

    Where a map has C channels, more than `most`, it is multiplied by a matrix of ±1/√C of `most` rows, so
    squared lengths stay as they are but for the factor `most`/C, up to an error that falls with `most`
    (Achlioptas, 2003, Database-friendly random projections). The signs are the bits of a hash of the two
    numbers and the place of the map: nothing is fitted, so nothing of any clip is in them, and they are the
    same everywhere.

    Args:
        network: from images to four maps `(batch, channels, height, width)`.
        most: channels of a map, 1 or more.
    """

    def __init__(self, network: nn.Module, most: int) -> None:
        super().__init__()
        self.network, self.feature_info = network, _Widths(network, most)
        for place, (before, after) in enumerate(self.feature_info.pairs):
            if after < before:
                self.register_buffer(f"signs_{place}", _signs(place, before, after))

    def forward(self, images: Tensor) -> list[Tensor]:
        found = []
        for place, stage in enumerate(self.network(images)):
            before, after = self.feature_info.pairs[place]
            if after < before:
                stage = F.conv2d(stage, self.get_buffer(f"signs_{place}")[:, :, None, None])
            found.append(stage)
        return found


class _Widths:
    """The channels of the maps, in the form in which a network of timm says them.

    Attributes:
        pairs: of each map, the channels before and after.
    """

    def __init__(self, network: nn.Module, most: int) -> None:
        self.pairs = [(width, min(width, most)) for width in stage_channels(network)]

    def channels(self) -> list[int]:
        """Return the channels of each map."""
        return [after for _, after in self.pairs]


def unreduced(network: nn.Module) -> nn.Module:
    """Return the network itself, whose weights are kept, of one whose maps are reduced or are not."""
    inner: nn.Module = network.network if isinstance(network, ReducedNetwork) else network
    return inner


def _signs(place: int, before: int, after: int) -> Tensor:
    """Return the matrix `(after, before)`."""
    count = before * after
    digest = hashlib.shake_256(f"{place} {before} {after}".encode()).digest(-(-count // 8))
    bits = np.unpackbits(np.frombuffer(digest, np.uint8))[:count].astype(np.float32)
    signs: Tensor = torch.from_numpy(2 * bits - 1).view(after, before)
    return signs * (1.0 / math.sqrt(before))
