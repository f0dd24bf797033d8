"""Data sets on disk: the contract of one, the clips that it lists, their categories, and our own."""

from __future__ import annotations

from nasframe_deepfake.datasets.av_deepfake1m import AVDeepfake1M
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
from nasframe_deepfake.datasets.combined import Combined
from nasframe_deepfake.datasets.dataset import Dataset, Desync
from nasframe_deepfake.datasets.dataset_access import (
    AUTO,
    DEFAULT,
    check_dataset_name,
    expected_content,
    hash_of_dataset,
    read_dataset,
    resolve_dataset_name,
)
from nasframe_deepfake.datasets.fakeavceleb import FakeAVCeleb, read_fakeavceleb
from nasframe_deepfake.datasets.folder import Folder
from nasframe_deepfake.datasets.identities import one_spelling, person_key
from nasframe_deepfake.datasets.lav_df import LavDF
from nasframe_deepfake.datasets.listing import OFFICIAL_SPLITS, Clip, Listing, Segments, Spellings
from nasframe_deepfake.datasets.swan_df import SwanDF
from nasframe_deepfake.datasets.synthetic_mark import SYNTHETIC_MARK, is_marked_synthetic
from nasframe_deepfake.datasets.video_files import VIDEO_ENDINGS, is_video

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
    "OFFICIAL_SPLITS",
    "PAIRING",
    "SYNTHETIC_MARK",
    "VIDEO_ENDINGS",
    "AVDeepfake1M",
    "Category",
    "Clip",
    "Combined",
    "Dataset",
    "Desync",
    "FakeAVCeleb",
    "Folder",
    "LavDF",
    "Listing",
    "Segments",
    "Spellings",
    "SwanDF",
    "check_dataset_name",
    "expected_content",
    "hash_of_dataset",
    "is_marked_synthetic",
    "is_video",
    "one_spelling",
    "person_key",
    "read_dataset",
    "read_fakeavceleb",
    "resolve_dataset_name",
]
