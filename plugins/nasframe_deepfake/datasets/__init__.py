"""Data sets on disk: the clips that one lists, their categories, and the reader of each layout."""

from __future__ import annotations

from nasframe_deepfake.datasets.categories import (
    CATEGORIES,
    CATEGORY_NAMES,
    DESYNC,
    FAKE_BOTH,
    FAKE_NAMES,
    FAKE_PICTURE,
    FAKE_VOICE,
    GENUINE,
    PAIRING,
    Category,
)
from nasframe_deepfake.datasets.fakeavceleb import read_fakeavceleb
from nasframe_deepfake.datasets.listing import Clip, Listing
from nasframe_deepfake.datasets.readers import Dataset, Desync, read_dataset

__all__ = [
    "CATEGORIES",
    "CATEGORY_NAMES",
    "DESYNC",
    "FAKE_BOTH",
    "FAKE_NAMES",
    "FAKE_PICTURE",
    "FAKE_VOICE",
    "GENUINE",
    "PAIRING",
    "Category",
    "Clip",
    "Dataset",
    "Desync",
    "Listing",
    "read_dataset",
    "read_fakeavceleb",
]
