"""The stages before a search: clips split and decoded, backbones trained, features cached."""

from __future__ import annotations

from nasframe_deepfake.preparation.augmenting import AUGMENTED_SPLITS, Augmenting, read_copies
from nasframe_deepfake.preparation.backbone_options import BackboneOptions
from nasframe_deepfake.preparation.clip_index import PreparedClip, read_index
from nasframe_deepfake.preparation.preparing import Preparation, is_synthetic, prepare
from nasframe_deepfake.preparation.report import summary
from nasframe_deepfake.preparation.sharing import Sharing
from nasframe_deepfake.preparation.splits import (
    Assignment,
    SplitLeaks,
    read_own_list,
    read_splits,
    split_clips,
)
from nasframe_deepfake.preparation.stages import (
    augment_stage,
    features_stage,
    identity,
    prepare_stage,
    pretrain_stage,
    synthesize_stage,
)

__all__ = [
    "AUGMENTED_SPLITS",
    "Assignment",
    "Augmenting",
    "BackboneOptions",
    "Preparation",
    "PreparedClip",
    "Sharing",
    "SplitLeaks",
    "augment_stage",
    "features_stage",
    "identity",
    "is_synthetic",
    "prepare",
    "prepare_stage",
    "pretrain_stage",
    "read_copies",
    "read_index",
    "read_own_list",
    "read_splits",
    "split_clips",
    "summary",
    "synthesize_stage",
]
