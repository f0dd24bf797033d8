"""Frozen features: stages of both backbones, pooled to L steps, standardised, cached; their novelty."""

from __future__ import annotations

from nasframe_audiovisual.features.extractor import (
    PICTURE_INPUTS,
    SOUND_INPUTS,
    Extractor,
    load_extractor,
    window_inputs,
)
from nasframe_audiovisual.features.feature_files import open_features, write_features
from nasframe_audiovisual.features.feature_split import FeatureSplit
from nasframe_audiovisual.features.front import Front
from nasframe_audiovisual.features.novelty import Novelty, fit_novelty, fit_novelty_of_streams, load_novelty
from nasframe_audiovisual.features.standardiser import Standardiser, load_standardiser
from nasframe_audiovisual.features.with_backbones import WithBackbones

__all__ = [
    "PICTURE_INPUTS",
    "SOUND_INPUTS",
    "Extractor",
    "FeatureSplit",
    "Front",
    "Novelty",
    "Standardiser",
    "WithBackbones",
    "fit_novelty",
    "fit_novelty_of_streams",
    "load_extractor",
    "load_novelty",
    "load_standardiser",
    "open_features",
    "window_inputs",
    "write_features",
]
