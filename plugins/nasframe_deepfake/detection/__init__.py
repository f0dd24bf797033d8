"""The detector: splits and labels, heads, pairings, baselines, calibration, the scoring of files, export."""

from __future__ import annotations

from nasframe_deepfake.detection.baselines import Streams, fixed_networks
from nasframe_deepfake.detection.calibration import Calibration, fit_calibration
from nasframe_deepfake.detection.clip_scorer import ClipScorer
from nasframe_deepfake.detection.clip_split import ClipSplit, load_data
from nasframe_deepfake.detection.detector import Detector
from nasframe_deepfake.detection.evaluation import ScoredClips
from nasframe_deepfake.detection.exported import exported_detector
from nasframe_deepfake.detection.fine_tuning import detector_fine_tuning, save_tuned_detector
from nasframe_deepfake.detection.fitted_novelty import novelty_of_training
from nasframe_deepfake.detection.heads import LABELS, HeadKind, Heads, make_heads
from nasframe_deepfake.detection.other_clips import other_test
from nasframe_deepfake.detection.pairing import Pairings, pairings_of
from nasframe_deepfake.detection.saved_detector import (
    check_network,
    count_frozen,
    is_tuned,
    load_detector,
    save_detector,
)
from nasframe_deepfake.detection.seconds import ScoredSecond, scored_seconds
from nasframe_deepfake.detection.stream_split import lazy_features
from nasframe_deepfake.detection.streams_read import sentences_on_streams, streams_read
from nasframe_deepfake.detection.verdict import verdict

__all__ = [
    "LABELS",
    "Calibration",
    "ClipScorer",
    "ClipSplit",
    "Detector",
    "HeadKind",
    "Heads",
    "Pairings",
    "ScoredClips",
    "ScoredSecond",
    "Streams",
    "check_network",
    "count_frozen",
    "detector_fine_tuning",
    "exported_detector",
    "fit_calibration",
    "fixed_networks",
    "is_tuned",
    "lazy_features",
    "load_data",
    "load_detector",
    "make_heads",
    "novelty_of_training",
    "other_test",
    "pairings_of",
    "save_detector",
    "save_tuned_detector",
    "scored_seconds",
    "sentences_on_streams",
    "streams_read",
    "verdict",
]
