"""Augmented training clips: 36 named changes of pictures, sound or both, and their contact sheet.

Some of the changes can be had at a strength that is given: `as_jpeg`, `blur`, `pixel_noise`, `reduced`,
`with_noise`.
"""

from __future__ import annotations

from nasframe_deepfake.augmentation.audio import with_noise
from nasframe_deepfake.augmentation.augmentation import Augmentation, Kind
from nasframe_deepfake.augmentation.augmentations import AUGMENTATIONS, problem_of_name
from nasframe_deepfake.augmentation.contact_sheet import ContactSheet, View, contact_sheet
from nasframe_deepfake.augmentation.original import Original, read_original
from nasframe_deepfake.augmentation.visual import as_jpeg, blur, pixel_noise, reduced

__all__ = [
    "AUGMENTATIONS",
    "Augmentation",
    "ContactSheet",
    "Kind",
    "Original",
    "View",
    "as_jpeg",
    "blur",
    "contact_sheet",
    "pixel_noise",
    "problem_of_name",
    "read_original",
    "reduced",
    "with_noise",
]
