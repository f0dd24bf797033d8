"""Frozen features: four stages of both backbones, pooled to L steps and standardised, with their copies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch
from attrs import define, frozen
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe.runtime import Progress, write_tensors
from nasframe_deepfake.array_files import RowWriter, open_rows
from nasframe_deepfake.backbones import channels_last, normalise_pictures, stage_channels, standardise_sounds
from nasframe_deepfake.clip_index import read_index
from nasframe_deepfake.disk_space import DISK_BLOCK, require_space, size_on_disk

__all__ = ["PICTURE_INPUTS", "SOUND_INPUTS", "Extractor", "Standardiser", "extract"]

PICTURE_INPUTS = ("I1", "I2", "I3", "I4")
SOUND_INPUTS = ("S1", "S2", "S3", "S4")

_CHUNK = 16
"""Streams in one batch of a backbone."""

_LARGEST = float(np.finfo(np.float16).max)


@define
class Extractor:
    """Both backbones, frozen.

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

    def __attrs_post_init__(self) -> None:
        self.picture.to(self.device).eval().requires_grad_(False)
        self.sound.to(self.device).eval().requires_grad_(False)

    @torch.inference_mode()
    def pictures(self, pictures: Tensor) -> dict[str, Tensor]:
        """Turn uint8 `(batch, frames, size, size, 3)` into name → `(batch, L, channels)` on the CPU."""
        batch, frames = pictures.shape[:2]
        images = normalise_pictures(pictures.flatten(0, 1).to(self.device))
        maps = self.picture(channels_last(images))
        # mean over the map, then over the frames that fall into each step
        series = [stage.mean((2, 3)).view(batch, frames, -1).transpose(1, 2) for stage in maps]
        return self._named(PICTURE_INPUTS, series)

    @torch.inference_mode()
    def sounds(self, sounds: Tensor) -> dict[str, Tensor]:
        """Turn log-mel `(batch, mels, columns)` into name → `(batch, L, channels)` on the CPU."""
        images = standardise_sounds(sounds.to(self.device), self.sound_mean, self.sound_deviation)
        maps = self.sound(channels_last(images))
        return self._named(SOUND_INPUTS, [stage.mean(2) for stage in maps])

    def bytes_needed(self, pictures: int, sounds: int, temporal: bool) -> int:
        """Return the disk space that `extract` takes for so many streams while it works."""
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

    def _named(self, names: Sequence[str], series: Sequence[Tensor]) -> dict[str, Tensor]:
        return {
            name: F.adaptive_avg_pool1d(values, self.steps).transpose(1, 2).float().cpu()
            for name, values in zip(names, series, strict=True)
        }


@frozen
class Standardiser:
    """Standardises features by the channel statistics of the weights split.

    Attributes:
        statistics: input name → `(2, channels)`, mean and deviation.
        temporal: whether a copy that is standardised over the time of each clip is appended.
    """

    statistics: Mapping[str, Tensor]
    temporal: bool

    def __call__(self, name: str, features: Tensor) -> Tensor:
        """Return float16 of the same shape `(batch, L, channels)`, or of twice the channels with the copy.

        float16 takes half the space and changes such features by at most 0.02 %, bfloat16 by 0.17 %.
        """
        mean, deviation = self.statistics[name]
        values: Tensor = (features - mean) / deviation
        if self.temporal:
            centred = values - values.mean(1, keepdim=True)
            copy = centred / (values.std(1, keepdim=True, correction=0) + 0.01)
            values = torch.cat([values, copy], dim=2)
        return values.clamp(-_LARGEST, _LARGEST).half()


def extract(prepared: Path, extractor: Extractor, temporal: bool, out: Path, progress: Progress) -> None:
    """Write the features of every stream, `I1.npy` … `S4.npy`, float16 `(streams, L, channels)`.

    Rows are those of the arrays in `prepared`. The statistics of the weights split are in
    `statistics.safetensors`.

    Raises:
        DataError: the disk is too full, or an array or the index in `prepared` is damaged.
    """
    count = {kind: len(open_rows(prepared / f"{kind}.npy")) for kind in ("pictures", "sounds")}
    require_space(
        out,
        extractor.bytes_needed(count["pictures"], count["sounds"], temporal),
        f"the features of {count['pictures']} pictures and {count['sounds']} sounds",
    )
    clips = [clip for clip in read_index(prepared / "index.csv") if clip.split == "weights"]
    groups = (
        ("pictures", PICTURE_INPUTS, extractor.pictures, sorted({clip.picture for clip in clips})),
        ("sounds", SOUND_INPUTS, extractor.sounds, sorted({clip.sound for clip in clips})),
    )
    statistics: dict[str, Tensor] = {}
    for kind, names, function, rows in groups:
        streams = torch.from_numpy(open_rows(prepared / f"{kind}.npy"))
        raw = {name: out / f".{name}.raw.npy" for name in names}
        chunks = progress.track(torch.split(streams, _CHUNK), f"features of {kind}")
        _write(raw, "float32", (function(chunk) for chunk in chunks))
        for name in names:
            values = open_rows(raw[name])
            statistics[name] = _statistics(values, rows)
            standardise = Standardiser(statistics, temporal)
            parts = torch.split(torch.from_numpy(values), 256)
            _write(
                {name: out / f"{name}.npy"}, "float16", ({name: standardise(name, part)} for part in parts)
            )
            raw[name].unlink()
    write_tensors(out / "statistics.safetensors", statistics)


def load_statistics(path: Path) -> dict[str, Tensor]:
    """Read name → `(2, channels)`: mean and deviation of every channel."""
    return dict(load_file(path))


def _write(paths: Mapping[str, Path], dtype: str, chunks: Iterable[Mapping[str, Tensor]]) -> None:
    """Write chunks of named features `(rows, L, channels)`, each name to its file."""
    with ExitStack() as stack:
        writers = {name: stack.enter_context(RowWriter(path, dtype)) for name, path in paths.items()}
        for chunk in chunks:
            for name, values in chunk.items():
                for row in values.numpy():
                    writers[name].append(row)


def _statistics(values: np.ndarray[Any, Any], rows: Sequence[int]) -> Tensor:
    """Return `(2, channels)`: mean and deviation over `rows` and all steps, computed in double precision."""
    total, squares = np.zeros(values.shape[2]), np.zeros(values.shape[2])
    for start in range(0, len(rows), 256):
        part = values[list(rows[start : start + 256])].astype(np.float64)
        total += part.sum((0, 1))
        squares += (part**2).sum((0, 1))
    count = len(rows) * values.shape[1]
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0))
    # The deviation of a constant channel is 0, and features are divided by it.
    return torch.from_numpy(np.stack([mean, np.maximum(deviation, 1e-4)]).astype(np.float32))
