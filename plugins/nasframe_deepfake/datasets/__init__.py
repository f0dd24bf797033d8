"""Data sets on disk: the contract of one, the clips that it lists, their categories, and our own."""

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
from nasframe_deepfake.datasets.dataset import Dataset, Desync
from nasframe_deepfake.datasets.fakeavceleb import FakeAVCeleb, read_fakeavceleb
from nasframe_deepfake.datasets.listing import Clip, Listing
from nasframe_deepfake.datasets.registered import (
    AUTO,
    DEFAULT,
    check_dataset_name,
    code_of_dataset,
    expectation,
    find_dataset,
    read_dataset,
)

__all__ = [
    "AUTO",
    "CATEGORIES",
    "CATEGORY_NAMES",
    "DEFAULT",
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
    "FakeAVCeleb",
    "Listing",
    "check_dataset_name",
    "code_of_dataset",
    "expectation",
    "find_dataset",
    "read_dataset",
    "read_fakeavceleb",
]
