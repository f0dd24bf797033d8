"""Both backbones, frozen: from streams to features of L time steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from attrs import define, field
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe.errors import RunError
from nasframe.runtime import Fields, Number, is_finite, read_json
from nasframe_audiovisual.backbones import (
    FusedNetwork,
    ReducedNetwork,
    channels_last,
    load_backbone,
    normalise_pictures,
    stage_channels,
    standardise_sounds,
)
from nasframe_audiovisual.features.side_by_side import side_by_side
from nasframe_audiovisual.features.standardiser import Standardiser
from nasframe_audiovisual.spectrogram import log_mel
from nasframe_audiovisual.storage import DISK_BLOCK, size_on_disk
from nasframe_audiovisual.windows import Recording

__all__ = [
    "PICTURE_INPUTS",
    "SOUND_INPUTS",
    "Extractor",
    "features_of_pictures",
    "features_of_sounds",
    "load_extractor",
    "window_inputs",
]

PICTURE_INPUTS = ("I1", "I2", "I3", "I4")
"""Names of the features of the pictures, one for each stage of the backbone, the last the coarsest."""

SOUND_INPUTS = ("S1", "S2", "S3", "S4")
"""Names of the features of the sound, likewise."""


Size = tuple[int, int]
"""Height and width of images in pixels."""

_LARGEST = 1e6
_REPORT = Fields({"sound_mean": Number(-_LARGEST, _LARGEST), "sound_deviation": Number(0, _LARGEST)})


@define
class Extractor:
    """Both backbones, frozen and in evaluation mode on `device`. Features come back on the CPU.

    Attributes:
        picture: from images `(batch, 3, size, size)` to four maps.
        sound: from images `(batch, 1, mels, columns)` to four maps.
        steps: L, the number of steps to which time is pooled.
        sound_mean: mean of the spectrograms that the backbone was trained on.
        sound_deviation: their standard deviation.
        device: of the computation.
    """

    picture: nn.Module
    sound: nn.Module
    steps: int
    sound_mean: float
    sound_deviation: float
    device: torch.device
    _fused_picture: FusedNetwork = field(factory=FusedNetwork, repr=False, eq=False)
    _fused_sound: FusedNetwork = field(factory=FusedNetwork, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        self.picture.to(self.device).eval().requires_grad_(False)
        self.sound.to(self.device).eval().requires_grad_(False)

    @torch.inference_mode()
    def pictures(self, pictures: Tensor) -> dict[str, Tensor]:
        """Turn uint8 `(batch, frames, size, size, 3)` into name → `(batch, L, channels)`, float32."""
        backbone = self._fused_picture.of(self.picture)
        means = self._on_all_cores(partial(_means_of_pictures, backbone), pictures.flatten(0, 1))
        return _on_cpu(_features_of_means(means, pictures.shape[1], self.steps))

    @torch.inference_mode()
    def sounds(self, sounds: Tensor) -> dict[str, Tensor]:
        """Turn log-mel `(batch, mels, columns)` into name → `(batch, L, channels)`, float32."""
        # a fused network would hide what is not a number
        backbone = self._fused_sound.of(self.sound) if is_finite(sounds) else self.sound
        spread = (self.sound_mean, self.sound_deviation)
        series = self._on_all_cores(lambda some: _series_of_sounds(backbone, some, *spread), sounds)
        return _on_cpu(_named(SOUND_INPUTS, series, self.steps))

    def _on_all_cores(self, function: Callable[[Tensor], Sequence[Tensor]], images: Tensor) -> list[Tensor]:
        if self.device.type == "cpu":
            return side_by_side(function, images)
        return [*function(images.to(self.device))]

    def bytes_needed(self, pictures: int, sounds: int, temporal: bool) -> int:
        """Return the disk space in bytes that `write_features` takes for so many streams while it works."""
        streams = ((self.picture, pictures), (self.sound, sounds))
        raw = [
            rows * self.steps * channels * 4
            for network, rows in streams
            for channels in stage_channels(network)
        ]
        # at most: the raw values of one kind of stream, all results (half as large), headers and statistics
        kinds = [sum(raw[:4]), sum(raw[4:])]
        return (
            sum(size_on_disk(size // 2) for size in raw) * (2 if temporal else 1)
            + max(kinds)
            + 24 * DISK_BLOCK
        )

    @property
    def channels(self) -> dict[str, int]:
        """Input name → channels of its features."""
        names = PICTURE_INPUTS + SOUND_INPUTS
        counts = [*stage_channels(self.picture), *stage_channels(self.sound)]
        return dict(zip(names, counts, strict=True))


def features_of_pictures(backbone: nn.Module, pictures: Tensor, steps: int) -> dict[str, Tensor]:
    """Return name → `(batch, L, channels)`, float32, of uint8 `(batch, frames, size, size, 3)`.

    Of each map it is the mean over height and width, then over the frames that fall into each of the `steps`.
    """
    means = _means_of_pictures(backbone, pictures.flatten(0, 1))
    return _features_of_means(means, pictures.shape[1], steps)


def _means_of_pictures(backbone: nn.Module, pictures: Tensor) -> list[Tensor]:
    """Return for each map `(pictures, channels)`, the mean over its height and width."""
    return [stage.mean((2, 3)) for stage in backbone(channels_last(normalise_pictures(pictures)))]


def _features_of_means(means: Sequence[Tensor], frames: int, steps: int) -> dict[str, Tensor]:
    series = [values.view(-1, frames, values.shape[1]).transpose(1, 2) for values in means]
    return _named(PICTURE_INPUTS, series, steps)


def features_of_sounds(
    backbone: nn.Module, sounds: Tensor, mean: float, deviation: float, steps: int
) -> dict[str, Tensor]:
    """Return name → `(batch, L, channels)`, float32, of log-mel `(batch, mels, columns)`.

    Of each map it is the mean over its height, then over the columns that fall into each of the `steps`. For
    `mean` and `deviation` see `standardise_sounds`.
    """
    return _named(SOUND_INPUTS, _series_of_sounds(backbone, sounds, mean, deviation), steps)


def _series_of_sounds(backbone: nn.Module, sounds: Tensor, mean: float, deviation: float) -> list[Tensor]:
    """Return for each map `(batch, channels, width)`, the mean over its height."""
    maps = backbone(channels_last(standardise_sounds(sounds, mean, deviation)))
    return [stage.mean(2) for stage in maps]


def _named(names: Sequence[str], series: Sequence[Tensor], steps: int) -> dict[str, Tensor]:
    return {
        name: F.adaptive_avg_pool1d(values, steps).transpose(1, 2).float()
        for name, values in zip(names, series, strict=True)
    }


def _on_cpu(features: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: values.cpu() for name, values in features.items()}


def load_extractor(
    folder: Path,
    backbone: str,
    steps: int,
    device: torch.device,
    spread: tuple[float, float] | None = None,
    sound_backbone: str | None = None,
    sizes: tuple[Size | None, Size | None] = (None, None),
    most_channels: int | None = None,
) -> Extractor:
    """Return the backbones whose weights are in a folder that `train_backbones` wrote, or a copy of it.

    Args:
        folder: with `picture.safetensors` and `sound.safetensors`.
        backbone: name of the timm model of the pictures, and of the sounds unless they have another.
        steps: L, the number of steps to which time is pooled.
        device: of the computation.
        spread: mean and standard deviation of the spectrograms; None: those in `report.json` of the folder.
        sound_backbone: name of the timm model of the sounds; None: `backbone`.
        sizes: height and width of the pictures and of the spectrograms; None: those that the model was made
            for, which is enough for most convolutional ones.
        most_channels: of each map, see `ReducedNetwork`; None: all.

    Raises:
        NasframeError: weights are missing, or of another network.
        RunError: the report is missing or damaged, or a number of it is not finite.
    """
    mean, deviation = _spread(folder / "report.json") if spread is None else spread
    if not (math.isfinite(mean) and math.isfinite(deviation)):
        raise RunError(
            f"{folder}: mean and deviation of the spectrograms are not finite: {mean}, {deviation}"
        )
    picture = load_backbone(backbone, 3, folder / "picture.safetensors", sizes[0])
    sound = load_backbone(sound_backbone or backbone, 1, folder / "sound.safetensors", sizes[1])
    if most_channels is not None:
        picture, sound = ReducedNetwork(picture, most_channels), ReducedNetwork(sound, most_channels)
    return Extractor(picture, sound, steps, mean, deviation, device)


def _spread(report: Path) -> tuple[float, float]:
    def refused(message: str) -> RunError:
        return RunError(f"{message}; expected the report of trained backbones")

    found = read_json(report, _REPORT, refused)
    return float(found["sound_mean"]), float(found["sound_deviation"])


@torch.inference_mode()
def window_inputs(
    recordings: Sequence[Recording], mels: int, extractor: Extractor, standardiser: Standardiser
) -> dict[str, Tensor]:
    """Return the inputs of a network for some windows, as they are cached for a whole set.

    They are name → `(windows, L, channels)`, float32 on the extractor's device; twice the channels with
    temporal copies.

    Args:
        recordings: of the windows, as long as those of the set.
        mels: bands of the spectrogram.
        extractor: both backbones.
        standardiser: with the statistics of the set.
    """
    pictures = torch.from_numpy(np.stack([recording.pictures for recording in recordings]))
    samples = torch.from_numpy(np.stack([recording.samples for recording in recordings]))
    features = {**extractor.pictures(pictures), **extractor.sounds(log_mel(samples, mels))}
    inputs = {name: standardiser(name, value) for name, value in features.items()}
    return {name: value.to(extractor.device).float() for name, value in inputs.items()}
