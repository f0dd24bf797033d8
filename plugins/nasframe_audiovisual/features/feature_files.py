"""The features of a whole set, computed once and cached: a file for each input, mapped into memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nasframe.errors import DataError
from nasframe.runtime import Progress, write_tensors
from nasframe_audiovisual.features.extractor import PICTURE_INPUTS, SOUND_INPUTS, Extractor
from nasframe_audiovisual.features.standardiser import Standardiser
from nasframe_audiovisual.sharded_rows import ShardedRows, open_streams
from nasframe_audiovisual.storage import (
    RowWriter,
    first_not_finite,
    open_rows,
    require_finite,
    require_space,
    row_not_finite,
)

__all__ = ["open_features", "write_features"]

_CHUNK = 16
"""Streams in one batch of a backbone."""


def write_features(
    streams: Path,
    out: Path,
    extractor: Extractor,
    temporal: bool,
    fitted: Sequence[tuple[int, int]],
    progress: Progress,
    further: Sequence[Path] = (),
) -> None:
    """Write the features of every stream, `I1.npy` … `S4.npy`, float16 `(streams, L, channels)`.

    Rows are those of the arrays in `streams`. The statistics by which all are standardised are in
    `statistics.safetensors`.

    Args:
        streams: folder with the arrays that `write_streams` wrote.
        out: a folder that is there.
        extractor: both backbones.
        temporal: append a copy that is standardised over the time of each clip, which doubles the channels.
        fitted: the rows of pictures and of sound of each clip of the split `weights`, over whose streams the
            statistics are computed, each once.
        progress: to report to.
        further: folders with arrays whose rows follow, such as those of augmented clips.

    Raises:
        DataError: the disk is too full, an array is damaged, or a stream gives features that are not finite.
    """
    count = {kind: len(open_streams(streams, kind, further)) for kind in ("pictures", "sounds")}
    require_space(
        out,
        extractor.bytes_needed(count["pictures"], count["sounds"], temporal),
        f"the features of {count['pictures']} pictures and {count['sounds']} sounds",
    )
    groups = (
        ("pictures", PICTURE_INPUTS, extractor.pictures, sorted({picture for picture, _ in fitted})),
        ("sounds", SOUND_INPUTS, extractor.sounds, sorted({sound for _, sound in fitted})),
    )
    statistics: dict[str, Tensor] = {}
    for kind, names, function, rows in groups:
        array = open_streams(streams, kind, further)
        raw = {name: out / f".{name}.raw.npy" for name in names}
        batches = array.batches(_CHUNK)
        chunks = progress.track(batches, f"features of {kind}", -(-len(array) // _CHUNK))
        _write(raw, "float32", _finite(array, map(function, chunks)))
        for name in names:
            values = open_rows(raw[name])
            statistics[name] = _statistics(values, rows)
            standardise = Standardiser(statistics, temporal)
            parts = torch.split(torch.from_numpy(values), 256)
            standardised = ({name: standardise(name, part).half()} for part in parts)
            _write({name: out / f"{name}.npy"}, "float16", standardised)
            raw[name].unlink()
    write_tensors(out / "statistics.safetensors", statistics)


def open_features(folder: Path) -> dict[str, Tensor]:
    """Map the features that `write_features` wrote into memory: name → float16 `(streams, L, channels)`.

    Each file is read once, and so checked.

    Raises:
        DataError: a file is missing or damaged, or a number in it is not finite.
    """
    found = {}
    for kind in (PICTURE_INPUTS, SOUND_INPUTS):
        for name in kind:
            path = folder / f"{name}.npy"
            rows = open_rows(path, "float16", 3)
            require_finite(path, rows)
            found[name] = torch.from_numpy(rows)
        if len({found[name].shape[0] for name in kind}) > 1:
            raise DataError(f"{folder}: the arrays {', '.join(kind)} have different numbers of rows")
    return found


def _finite(streams: ShardedRows, chunks: Iterable[Mapping[str, Tensor]]) -> Iterator[Mapping[str, Tensor]]:
    """Yield the chunks, of features of all streams in their order.

    Raises:
        DataError: a feature is not finite; names the file and the row of the stream.
    """
    first = 0
    for chunk in chunks:
        for values in chunk.values():
            if (row := first_not_finite(values.numpy())) is not None:
                raise row_not_finite(*streams.place(first + row))
        first += len(next(iter(chunk.values())))
        yield chunk


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
