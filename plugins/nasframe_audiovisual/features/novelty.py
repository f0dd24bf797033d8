"""Streams unlike those of a training, by the Mahalanobis distance of their features.

The two earliest of the four stages tell best: they see texture and motion. The later ones see in anything
what they were trained to see (tried on black, patterns, noise and drawings).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from nasframe.errors import RunError
from nasframe.runtime import Progress, read_tensors, write_tensors
from nasframe_audiovisual.features.extractor import PICTURE_INPUTS, SOUND_INPUTS, Extractor
from nasframe_audiovisual.features.standardiser import Standardiser
from nasframe_audiovisual.sharded_rows import open_streams
from nasframe_audiovisual.storage import first_not_finite, row_not_finite

__all__ = ["Novelty", "fit_novelty", "fit_novelty_of_streams", "load_novelty"]

COMPONENTS = 8
"""Principal directions whose spread is known each; all others share one spread. Tried: 2 refuse 85 % of the
odd streams below, 4 to 32 refuse 95 to 96 %."""

QUANTILE = 0.99
"""The share of the held-out streams that is within the limit, before the margin."""

MARGIN = 1.3
"""The limit is so many times the distance of that quantile.

Tried on the pictures of 130 test clips of the synthetic set and on 146 odd ones (black, noise, patterns,
drawings): without a margin 5.4 % and 100 % are refused, with 1.15 3.1 % and 99 %, with 1.3 none and 95 %,
with 1.5 none and 83 %.
"""

FEW = 10
"""With so many held-out streams the limit is twice as far, with ten times as many a tenth farther."""

LEAST = 40
"""Fewer streams than this, fitted or held out, say nothing of what is unlike them: then nothing is."""

NO_LIMIT = 1e30
"""Squared distance that nothing reaches."""

STREAMS: Mapping[str, Sequence[str]] = {"pictures": PICTURE_INPUTS[:2], "sound": SOUND_INPUTS[:2]}

ReadFeatures = Callable[[str, Tensor], Sequence[Tensor]]
"""Gives, for a stream and rows `(n,)`, the standardised features `(n, L, channels)` of its STREAMS."""

_CHUNK = 16
"""Streams in one batch of a backbone."""

_STILL = 0.02
"""Added to deviations before their logarithm, in standardised units, so that what hardly moves lies far away,
but not endlessly. Tried: 0.01 refuses 97 % of the odd streams, 0.05 90 %, 0.2 84 %."""

_FIELDS = ("mean", "scale", "directions", "variance", "rest", "limit")


class _Spread(nn.Module):
    """The spread of one stream's features.

    Attributes:
        mean: `(values,)`, and `scale` their deviations.
        directions: principal directions of unit length `(values, components)`.
        variance: along each `(components,)`.
        rest: mean square of what is left, a scalar.
        limit: squared distance beyond which a stream is unlike the training, a scalar.
    """

    mean: Tensor
    scale: Tensor
    directions: Tensor
    variance: Tensor
    rest: Tensor
    limit: Tensor

    def __init__(self, numbers: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name in _FIELDS:
            self.register_buffer(name, numbers[name].contiguous())

    def forward(self, pooled: Tensor) -> Tensor:
        """Return the mean of zᵢ²/λᵢ plus the squared rest over its mean `(batch,)`, of `(batch, values)`."""
        centred = (pooled - self.mean) / self.scale
        along = centred @ self.directions
        rest = centred.square().sum(1) - along.square().sum(1)
        return (along.square() / self.variance).mean(1) + rest.clamp(min=0) / self.rest


class Novelty(nn.Module):
    """The distance of a stream's features from those of a training.

    The features are the mean over time and the logarithm of the deviation over time of each channel of
    STREAMS. Their squared distance has two parts, the mean of zᵢ²/λᵢ over the COMPONENTS principal directions
    and the square of all that is left over its mean, each 1 on average over the training. So both count
    alike. In the Mahalanobis distance (Lee et al., 2018, A Simple Unified Framework for Detecting
    Out-of-Distribution Samples) of the same covariance every direction counts alike, and the hundreds that
    are left hide the few whose spread is known; it refuses about as many odd streams (97 %, and 0.8 % of the
    test clips), as does what is left alone; the principal directions alone refuse 87 %.

    All its numbers are buffers, so that they are exported with a network.
    """

    def __init__(self, spreads: Mapping[str, _Spread]) -> None:
        super().__init__()
        for stream in STREAMS:
            self.add_module(stream, spreads[stream])

    def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return stream, `pictures` or `sound` → distance over its limit `(batch,)`; above 1 it is unlike.

        Args:
            inputs: name → standardised features `(batch, L, channels)`, with temporal copies or without.
        """
        found = {}
        for stream, names in STREAMS.items():
            spread: _Spread = getattr(self, stream)
            pooled = _pooled([inputs[name] for name in names], len(spread.mean) // 2)
            found[stream] = (spread(pooled) / spread.limit).sqrt()
        return found

    def save(self, path: Path) -> None:
        """Write the numbers to a safetensors file, which `load_novelty` reads."""
        write_tensors(path, self.state_dict())


def fit_novelty(
    features: Mapping[str, Tensor],
    fitted: Mapping[str, Sequence[int]],
    held_out: Mapping[str, Sequence[int]],
    temporal: bool,
) -> Novelty:
    """Return the spread of the features of a training, with limits from streams that were held out.

    Args:
        features: input name → standardised features `(streams, L, channels)`, as `open_features` maps them.
        fitted: `pictures` and `sound` → rows of the streams whose spread is taken.
        held_out: the same for other streams, which are like these: MARGIN times the distance within which
            QUANTILE of them are is the limit.
        temporal: whether the features have temporal copies, which are not used.
    """

    def read(stream: str, rows: Tensor) -> Sequence[Tensor]:
        return [features[name][rows] for name in STREAMS[stream]]

    return _fit(read, fitted, held_out, temporal)


def fit_novelty_of_streams(
    streams: Path,
    extractor: Extractor,
    standardiser: Standardiser,
    fitted: Mapping[str, Sequence[int]],
    held_out: Mapping[str, Sequence[int]],
    progress: Progress,
) -> Novelty:
    """Return the spread of features that are computed from their streams, those of these rows alone.

    Args:
        streams: folder with the arrays that `write_streams` wrote.
        extractor: both backbones.
        standardiser: of the features, as `write_features` writes them.
        fitted, held_out: see `fit_novelty`.
        progress: to report to.

    Raises:
        DataError: an array is damaged, or a stream gives features that are not finite.
    """
    kinds = {
        "pictures": (open_streams(streams, "pictures"), extractor.pictures),
        "sound": (open_streams(streams, "sounds"), extractor.sounds),
    }
    total = sum(len(rows[stream]) for rows in (fitted, held_out) for stream in STREAMS)
    with progress.task("features of the training", total) as advance:

        def read(stream: str, rows: Tensor) -> Sequence[Tensor]:
            (array, function), parts = kinds[stream], []
            for chunk in torch.split(rows, _CHUNK):
                found = function(array[chunk])
                for values in found.values():
                    if (bad := first_not_finite(values.numpy())) is not None:
                        raise row_not_finite(*array.place(int(chunk[bad])))
                parts.append([standardiser(name, found[name]).half() for name in STREAMS[stream]])
                advance(len(chunk))
            return [torch.cat(part) for part in zip(*parts, strict=True)]

        return _fit(read, fitted, held_out, standardiser.temporal)


def _fit(
    read: ReadFeatures,
    fitted: Mapping[str, Sequence[int]],
    held_out: Mapping[str, Sequence[int]],
    temporal: bool,
) -> Novelty:
    spreads = {}
    for stream in STREAMS:
        mean, covariance, count = _moments(_parts(read, stream, fitted[stream], temporal))
        scale = covariance.diagonal().clamp(min=0).sqrt() + 1e-3
        values, vectors = torch.linalg.eigh(covariance / scale.outer(scale))
        kept = min(COMPONENTS, max(1, count // 8))
        floor = 1e-3 * len(mean)
        spread = _Spread(
            {
                "mean": mean.float(),
                "scale": scale.float(),
                "directions": vectors[:, -kept:].float(),  # the largest comes last
                "variance": values[-kept:].clamp(min=1e-6 * len(mean)).float(),
                "rest": values[:-kept].sum().clamp(min=floor).float(),
                "limit": torch.tensor(1.0),
            }
        )
        distances = torch.cat([spread(part) for part in _parts(read, stream, held_out[stream], temporal)])
        spread.limit = _limit(distances, count)
        spreads[stream] = spread
    return Novelty(spreads)


def _limit(distances: Tensor, fitted: int) -> Tensor:
    """Return the squared distance beyond which a stream is unlike the training, a scalar.

    Args:
        distances: squared, of the streams that were held out `(streams,)`.
        fitted: number of the streams whose spread was taken.
    """
    if fitted < LEAST or len(distances) < LEAST:
        return torch.tensor(NO_LIMIT)
    # few streams say little of how far others may lie
    margin = MARGIN * (1 + FEW / len(distances))
    return torch.quantile(distances.double(), QUANTILE).float() * margin**2


def load_novelty(path: Path, channels: Mapping[str, int]) -> Novelty:
    """Return the spread that `Novelty.save` wrote.

    Args:
        path: of the file.
        channels: input name → channels of its features, without temporal copies.

    Raises:
        RunError: the file is missing or damaged, holds other numbers, or one that is not finite or no spread.
    """

    def refused(message: str) -> RunError:
        return RunError(f"{message}; expected the spread of the features of a training")

    found = read_tensors(path, refused, finite=True)
    spreads = {}
    for stream, names in STREAMS.items():
        count = 2 * sum(channels[name] for name in names)
        numbers = {name: found[f"{stream}.{name}"] for name in _FIELDS if f"{stream}.{name}" in found}
        if len(numbers) < len(_FIELDS) or any(part.dtype != torch.float32 for part in numbers.values()):
            raise refused(f"{path}: lacks numbers of {stream}")
        spread = _Spread(numbers)
        kept = spread.variance.numel()
        shapes = [(count,), (count,), (count, kept), (kept,), (), ()]
        if [tuple(part.shape) for part in numbers.values()] != shapes:
            raise refused(f"{path}: the numbers of {stream} have other shapes")
        positive = (spread.scale, spread.variance, spread.rest, spread.limit)
        if not all(bool((values > 0).all()) for values in positive):
            raise refused(f"{path}: a spread of {stream} is not above 0")
        spreads[stream] = spread
    return Novelty(spreads)


def _moments(parts: Iterator[Tensor]) -> tuple[Tensor, Tensor, int]:
    """Return mean `(values,)`, covariance `(values, values)`, both float64, and the number of rows."""
    first = next(parts).double()
    total, squares, count = first.sum(0), first.T @ first, len(first)
    for part in parts:
        values = part.double()
        total, squares, count = total + values.sum(0), squares + values.T @ values, count + len(values)
    mean = total / count
    return mean, squares / count - mean.outer(mean), count


def _parts(read: ReadFeatures, stream: str, rows: Sequence[int], temporal: bool) -> Iterator[Tensor]:
    """Yield the pooled features of some rows, a few hundred at a time."""
    for chosen in torch.split(torch.tensor(sorted(rows)), 256):
        stages = read(stream, chosen)
        channels = sum(stage.shape[2] for stage in stages) // (2 if temporal else 1)
        yield _pooled([stage.float() for stage in stages], channels)


def _pooled(stages: Sequence[Tensor], channels: int) -> Tensor:
    """Return mean and log deviation over time `(batch, 2 · channels)`, without temporal copies."""
    copies = sum(stage.shape[2] for stage in stages) // channels
    plain = torch.cat([stage[:, :, : stage.shape[2] // copies].float() for stage in stages], 2)
    return torch.cat([plain.mean(1), torch.log(plain.std(1, correction=0) + _STILL)], 1)
