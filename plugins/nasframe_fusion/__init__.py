"""Fusion of modalities: operations on two feature maps, and the fixed parts around them.

Every tensor is `(batch, length, channels)`.
"""

from __future__ import annotations

from nasframe import hookimpl

__all__: list[str] = []


@hookimpl
def register_operations() -> dict[str, str]:
    return {
        "sum": "nasframe_fusion.fusion:Sum",
        "attention": "nasframe_fusion.fusion:Attention",
        "linear_glu": "nasframe_fusion.fusion:LinearGLU",
        "concat_fc": "nasframe_fusion.fusion:ConcatFC",
        "weighted_fusion": "nasframe_fusion.weighted_fusion:WeightedFusion",
        "projection": "nasframe_fusion.structural:Projection",
        "concat": "nasframe_fusion.structural:Concat",
        "head": "nasframe_fusion.structural:Head",
        "layer_norm": "nasframe_fusion.regularization:LayerNorm",
        "batch_norm": "nasframe_fusion.regularization:BatchNorm",
        "dropout": "nasframe_fusion.regularization:Dropout",
    }
