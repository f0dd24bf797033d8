"""Augmentations of the pictures of a window: uint8 `(frames, 3, height, width)`, RGB, to the same shape.

What is drawn is drawn once for a window, and holds for all of its pictures: a face that flickers from one
picture to the next would be a sign of a fake.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from nasframe_audiovisual import beside_torch
from nasframe_deepfake.augmentation.chances import away_from_zero, between, whole
from nasframe_deepfake.augmentation.image_files import from_jpeg, jpeg_file

with beside_torch("torchvision"):
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2 import functional as transforms

__all__ = [
    "as_jpeg",
    "blur",
    "blurred",
    "brightness",
    "contrast",
    "erased",
    "frozen_pictures",
    "gamma",
    "greyscale",
    "hue",
    "jpeg",
    "low_resolution",
    "mirrored",
    "noisy_pictures",
    "pixel_noise",
    "reduced",
    "rotated",
    "saturation",
    "sharpened",
    "strong_jpeg",
    "zoomed",
]


def mirrored(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Exchange left and right; nothing is drawn."""
    return _pictures(transforms.horizontal_flip(pictures))


def brightness(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Multiply all values by 0.6 to 0.85, or by 1.15 to 1.4."""
    return _pictures(transforms.adjust_brightness(pictures, 1 + away_from_zero(random, 0.15, 0.4)))


def contrast(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Multiply the distance from the mean grey of a picture by 0.6 to 0.85, or by 1.15 to 1.4."""
    return _pictures(transforms.adjust_contrast(pictures, 1 + away_from_zero(random, 0.15, 0.4)))


def saturation(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Multiply the distance from grey by 0.3 to 0.7, or by 1.3 to 1.7."""
    return _pictures(transforms.adjust_saturation(pictures, 1 + away_from_zero(random, 0.3, 0.7)))


def hue(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Turn all colours by 0.02 to 0.08 of the circle of colours, 7 to 29 degrees, either way."""
    return _pictures(transforms.adjust_hue(pictures, away_from_zero(random, 0.02, 0.08)))


def gamma(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Raise the values from 0 to 1 to a power of 0.55 to 0.84, or of 1.2 to 1.8."""
    return _pictures(transforms.adjust_gamma(pictures, math.exp(away_from_zero(random, 0.17, 0.59))))


def greyscale(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Take the colours away; nothing is drawn."""
    return _pictures(transforms.rgb_to_grayscale(pictures, 3))


def blurred(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Blur by a Gaussian whose deviation is 0.6 % to 1.8 % of the height, 0.7 to 2 of 112 pixels."""
    return blur(pictures, max(0.4, between(random, 0.006, 0.018) * pictures.shape[-2]))


def sharpened(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Multiply the distance from a smoothed picture by 3 to 6."""
    return _pictures(transforms.adjust_sharpness(pictures, between(random, 3, 6)))


def noisy_pictures(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Add Gaussian noise with a deviation of 4 to 16 of 255, another one in each picture."""
    return pixel_noise(pictures, between(random, 4, 16), random)


def jpeg(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Compress each picture as JPEG of quality 50 to 80."""
    return as_jpeg(pictures, whole(random, 50, 80))


def strong_jpeg(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Compress each picture as JPEG of quality 10 to 30."""
    return as_jpeg(pictures, whole(random, 10, 30))


def low_resolution(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Make the pictures smaller, to 25 % to 50 % of their height, and as large again."""
    return reduced(pictures, between(random, 0.25, 0.5))


def rotated(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Turn the pictures by 3 to 12 degrees, either way; what comes in at the corners is mirrored."""
    angle, (height, width) = away_from_zero(random, 3, 12), pictures.shape[-2:]
    margin = max(height, width) // 8  # more than a corner moves
    wide = transforms.pad(pictures, [margin] * 4, padding_mode="reflect")
    turned = transforms.rotate(wide, angle, interpolation=InterpolationMode.BILINEAR)
    return _pictures(transforms.center_crop(turned, [height, width]))


def zoomed(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Cut out a part of 75 % to 92 % of the height at a place that is drawn, and make it as large again."""
    height, width = pictures.shape[-2:]
    share = between(random, 0.75, 0.92)
    tall, wide = round(height * share), round(width * share)
    top, left = whole(random, 0, height - tall), whole(random, 0, width - wide)
    return _pictures(
        transforms.resized_crop(pictures, top, left, tall, wide, [height, width], antialias=True)
    )


def erased(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Cover a rectangle of 4 % to 12 % of the area by the mean colour of the window."""
    height, width = pictures.shape[-2:]
    area, stretch = between(random, 0.04, 0.12), math.exp(away_from_zero(random, 0, 0.7))
    tall = min(height, max(1, round(height * math.sqrt(area * stretch))))
    wide = min(width, max(1, round(width * math.sqrt(area / stretch))))
    top, left = whole(random, 0, height - tall), whole(random, 0, width - wide)
    colour = pictures.float().mean((0, 2, 3)).round().to(torch.uint8)[:, None, None]
    return _pictures(transforms.erase(pictures, top, left, tall, wide, colour))


def frozen_pictures(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Show one or two pictures twice, each in the place of the one that follows it, as where data was lost.

    No picture stands longer than two steps, so that the lips never lag behind.
    """
    order = torch.arange(len(pictures))
    lost = torch.randperm(len(pictures) // 2, generator=random)[: whole(random, 1, 2)] * 2 + 1
    order[lost] -= 1
    return pictures[order]


def blur(pictures: Tensor, deviation: float) -> Tensor:
    """Blur by a Gaussian of this deviation in pixels."""
    width = 2 * math.ceil(3 * deviation) + 1
    return _pictures(transforms.gaussian_blur(pictures, [width, width], [deviation, deviation]))


def pixel_noise(pictures: Tensor, deviation: float, random: torch.Generator) -> Tensor:
    """Add Gaussian noise of this deviation, of 255, another one to each value."""
    noise = torch.randn(pictures.shape, generator=random) * deviation
    return (pictures + noise).round().clamp(0, 255).to(torch.uint8)


def reduced(pictures: Tensor, share: float) -> Tensor:
    """Make the pictures smaller, to this share of their height and width, and as large again."""
    size = [*pictures.shape[-2:]]
    small = transforms.resize(pictures, [max(4, round(side * share)) for side in size], antialias=True)
    return _pictures(transforms.resize(small, size, antialias=True))


def as_jpeg(pictures: Tensor, quality: int) -> Tensor:
    """Return pictures that went through JPEG. torchvision can do it too, but not for much longer."""
    found = [from_jpeg(jpeg_file(one, quality)) for one in pictures.permute(0, 2, 3, 1).numpy()]
    return torch.from_numpy(np.stack(found)).permute(0, 3, 1, 2)


def _pictures(found: Tensor) -> Tensor:
    """Return what a function of torchvision made, which has no types, as a tensor."""
    if not isinstance(found, Tensor):
        raise TypeError(f"expected a tensor, found {type(found).__name__}")
    return found
