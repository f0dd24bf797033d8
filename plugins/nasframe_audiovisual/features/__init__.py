"""Frozen features: both backbones' stages, pooled to L steps, standardised, cached, and read by splits."""

from __future__ import annotations

from nasframe_audiovisual.features.extractor import (
    PICTURE_INPUTS,
    SOUND_INPUTS,
    Extractor,
    clip_inputs,
    load_extractor,
)
from nasframe_audiovisual.features.feature_files import open_features, write_features
from nasframe_audiovisual.features.feature_split import FeatureSplit
from nasframe_audiovisual.features.standardiser import Standardiser, load_standardiser

__all__ = [
    "PICTURE_INPUTS",
    "SOUND_INPUTS",
    "Extractor",
    "FeatureSplit",
    "Standardiser",
    "clip_inputs",
    "load_extractor",
    "load_standardiser",
    "open_features",
    "write_features",
]
