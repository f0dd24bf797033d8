"""Statistics of batch normalisation, taken anew for one architecture of a supernet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase

from nasframe.training import named_modules

__all__ = ["batch_norms", "fresh_statistics", "layers_of_a_batch"]


def batch_norms(module: nn.Module) -> list[_BatchNorm]:
    """Return the layers of batch normalisation that keep running statistics."""
    return [
        layer
        for layer in module.modules()
        if isinstance(layer, _BatchNorm) and layer.running_mean is not None
    ]


def layers_of_a_batch(module: nn.Module) -> list[str]:
    """Return what in a module computes with the statistics of a batch, or keeps running ones, in words."""
    return [
        f"{type(layer).__name__} in {name}"
        for part, name in named_modules(module)
        for layer in part.modules()
        if isinstance(layer, _BatchNorm) or (isinstance(layer, _NormBase) and layer.track_running_stats)
    ]


@contextmanager
def fresh_statistics(layers: Sequence[_BatchNorm], passes: Sequence[Callable[[], object]]) -> Iterator[None]:
    """Within the block, layers normalise by their mean statistics over some passes; then by the former ones.

    A supernet's running statistics are those of many architectures mixed, which fit none of them (Guo et al.
    2020, section 3.2). Only these layers are in training mode during the passes, so dropout draws nothing.

    Args:
        layers: of a module that is in evaluation mode.
        passes: each a forward pass of one batch.
    """
    kept = [
        (layer, layer.momentum, [buffer.clone() for buffer in layer.buffers(recurse=False)])
        for layer in layers
    ]
    try:
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None  # the mean over all passes
            layer.train()
        with torch.no_grad():
            for forward in passes:
                forward()
        for layer in layers:
            layer.eval()
        yield
    finally:
        for layer, momentum, buffers in kept:
            layer.eval()
            layer.momentum = momentum
            for buffer, value in zip(layer.buffers(recurse=False), buffers, strict=True):
                buffer.copy_(value)
