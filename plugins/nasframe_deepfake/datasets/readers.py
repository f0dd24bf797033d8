"""Data sets by name, each with the function that lists its clips."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from nasframe_deepfake.datasets.fakeavceleb import read_fakeavceleb
from nasframe_deepfake.datasets.listing import Listing

__all__ = ["Dataset", "Desync", "read_dataset"]

Dataset = Literal["fakeavceleb"]
Desync = Literal["pairing", "FV-FA"]

_READERS = {"fakeavceleb": read_fakeavceleb}


def read_dataset(dataset: Dataset, root: Path, desync: Desync) -> Listing:
    """Return the clips at `root`, which has the layout of `dataset`.

    Raises:
        DataError: see the function that reads it.
    """
    return _READERS[dataset](root, desync)
