"""The detector: its splits and labels, heads, pairings, baselines, and the scoring of files."""

from __future__ import annotations

from nasframe_deepfake.detection.baselines import fixed_networks
from nasframe_deepfake.detection.clip_split import ClipSplit, load_data
from nasframe_deepfake.detection.detector import Detector, count_frozen, load_detector, save_detector
from nasframe_deepfake.detection.heads import LABELS, HeadKind, Heads, make_heads
from nasframe_deepfake.detection.pairing import Pairings, pairings_of

__all__ = [
    "LABELS",
    "ClipSplit",
    "Detector",
    "HeadKind",
    "Heads",
    "Pairings",
    "count_frozen",
    "fixed_networks",
    "load_data",
    "load_detector",
    "make_heads",
    "pairings_of",
    "save_detector",
]
