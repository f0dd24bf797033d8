"""Images for a backbone, made of pictures and of spectrograms."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from nasframe_audiovisual.sharded_rows import open_streams

__all__ = ["channels_last", "image_sizes", "normalise_pictures", "standardise_sounds"]


def normalise_pictures(pictures: Tensor) -> Tensor:
    """Turn uint8 `(..., size, size, 3)` into float32 `(..., 3, size, size)`, nearly standardised.

    One mean, 0.45 of full light, and one deviation, 0.225, serve for all channels.
    """
    return ((pictures.float() / 255 - 0.45) / 0.225).movedim(-1, -3)


def standardise_sounds(sounds: Tensor, mean: float, deviation: float) -> Tensor:
    """Turn log-mel spectrograms `(batch, mels, columns)` into images `(batch, 1, mels, columns)`.

    Args:
        sounds: float32.
        mean: of the spectrograms that the backbone is trained on, one number for all bands.
        deviation: their standard deviation; below 0.001 it counts as that.
    """
    return ((sounds - mean) / max(deviation, 1e-3)).unsqueeze(1)


def channels_last(images: Tensor) -> Tensor:
    """Return the same images `(batch, channels, height, width)` in the memory layout of fast convolutions."""
    return images.contiguous(memory_format=torch.channels_last)


def image_sizes(streams: Path) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return height and width of the pictures, and of the spectrograms, in a folder of `write_streams`.

    Raises:
        DataError: an array is missing or damaged.
    """
    pictures, sounds = (open_streams(streams, kind).shape for kind in ("pictures", "sounds"))
    return (pictures[2], pictures[3]), (sounds[1], sounds[2])
