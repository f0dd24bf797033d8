"""Image and sequence cells of the field: the DARTS and the NAS-Bench-201 space, and their operations.

An image is `(channels, height, width)`, a sequence `(channels, length)`, without the batch.
"""

from __future__ import annotations

from nasframe import hookimpl

__all__: list[str] = []


@hookimpl
def register_operations() -> dict[str, str]:
    return {
        "nor_conv_1": "nasframe_cells.convolutions:NorConv1",
        "nor_conv_3": "nasframe_cells.convolutions:NorConv3",
        "sep_conv_3": "nasframe_cells.convolutions:SepConv3",
        "sep_conv_5": "nasframe_cells.convolutions:SepConv5",
        "dil_conv_3": "nasframe_cells.convolutions:DilConv3",
        "dil_conv_5": "nasframe_cells.convolutions:DilConv5",
        "avg_pool_3": "nasframe_cells.pooling:AvgPool3",
        "max_pool_3": "nasframe_cells.pooling:MaxPool3",
        "skip_connect": "nasframe_cells.reductions:SkipConnect",
        "residual_reduction": "nasframe_cells.reductions:ResidualReduction",
        "conv_stem": "nasframe_cells.skeleton:Stem",
        "concat_channels": "nasframe_cells.skeleton:ConcatChannels",
        "pooled_head": "nasframe_cells.skeleton:PooledHead",
    }


@hookimpl
def register_search_spaces() -> dict[str, str]:
    return {
        "nas_bench_201": "nasframe_cells.nas_bench_201:NASBench201",
        "darts": "nasframe_cells.darts:DARTS",
    }


@hookimpl
def register_derivation_rules() -> dict[str, str]:
    return {"strongest_edges": "nasframe_cells.strongest_edges:strongest_edges"}
