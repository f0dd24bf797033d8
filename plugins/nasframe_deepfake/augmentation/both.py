"""Augmentations of both streams: another part of the clip, or the same disturbance of both at one moment.

Pictures and sound stay in step in all of them, so that a genuine clip stays genuine.
"""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from nasframe_audiovisual import Window
from nasframe_deepfake.augmentation.audio import telephone
from nasframe_deepfake.augmentation.chances import between, whole
from nasframe_deepfake.augmentation.visual import low_resolution, strong_jpeg

__all__ = [
    "call_pictures",
    "call_sound",
    "faster",
    "interrupted_pictures",
    "interrupted_sound",
    "random_crop",
    "slower",
]


def random_crop(window: Window, room: float, random: torch.Generator) -> Window:
    """Begin at any moment from the usual one to the last that leaves a whole window.

    Args:
        window: the usual one.
        room: seconds of the clip behind it.
        random: to draw from.
    """
    return attrs.evolve(window, trim=window.trim + between(random, 0, room))


def slower(window: Window, room: float, random: torch.Generator) -> Window:
    """Take 85 % to 95 % of the seconds, which are then played over a whole window."""
    return _played(window, room, whole(random, 85, 95), random)


def faster(window: Window, room: float, random: torch.Generator) -> Window:
    """Take 105 % to 115 % of the seconds, or as many as there are."""
    there = int(100 * (window.seconds + room) / window.seconds)
    return _played(window, room, min(whole(random, 105, 115), there), random)


def _played(window: Window, room: float, percent: int, random: torch.Generator) -> Window:
    seconds = window.seconds * percent / 100
    start = between(random, 0, max(0.0, room + window.seconds - seconds))
    return attrs.evolve(window, trim=window.trim + start, seconds=seconds)


def call_pictures(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Send the pictures through a bad video call: few pixels, strongly compressed."""
    return strong_jpeg(low_resolution(pictures, random), random)


def call_sound(samples: Tensor, random: torch.Generator) -> Tensor:
    """Send the sound through the same call."""
    return telephone(samples, random)


def interrupted_pictures(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Let the picture stand for 100 to 200 ms of a window of 1.6 s, at least for one picture."""
    first, share = _interruption(random)
    count = max(1, round(share * len(pictures)))
    begin = max(1, min(round(first * len(pictures)), len(pictures) - count))
    order = torch.arange(len(pictures))
    order[begin : begin + count] = begin - 1
    return pictures[order]


def interrupted_sound(samples: Tensor, random: torch.Generator) -> Tensor:
    """Silence the sound at the moment at which the picture stands."""
    first, share = _interruption(random)
    kept = samples.clone()
    kept[round(first * len(samples)) : round((first + share) * len(samples))] = 0
    return kept


def _interruption(random: torch.Generator) -> tuple[float, float]:
    """Draw where the interruption begins and how long it is, as shares of the window."""
    return between(random, 0.1, 0.8), between(random, 0.0625, 0.125)
