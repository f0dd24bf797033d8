"""The stages before a search: clips split and decoded, backbones trained, features cached."""

from __future__ import annotations

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
    features_stage,
    identity,
    prepare_stage,
    pretrain_stage,
    synthesize_stage,
)

__all__ = [
    "Assignment",
    "Preparation",
    "PreparedClip",
    "Sharing",
    "SplitLeaks",
    "features_stage",
    "identity",
    "is_synthetic",
    "prepare",
    "prepare_stage",
    "pretrain_stage",
    "read_index",
    "read_own_list",
    "read_splits",
    "split_clips",
    "summary",
    "synthesize_stage",
]
