"""Augmented training clips: 36 named changes of pictures, sound or both, and their contact sheet."""

from __future__ import annotations

from nasframe_deepfake.augmentation.augmentation import Augmentation, Kind
from nasframe_deepfake.augmentation.augmentations import AUGMENTATIONS, problem_of_name
from nasframe_deepfake.augmentation.contact_sheet import ContactSheet, View, contact_sheet
from nasframe_deepfake.augmentation.original import Original, read_original

__all__ = [
    "AUGMENTATIONS",
    "Augmentation",
    "ContactSheet",
    "Kind",
    "Original",
    "View",
    "contact_sheet",
    "problem_of_name",
    "read_original",
]
