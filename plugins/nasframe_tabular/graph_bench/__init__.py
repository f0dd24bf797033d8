"""NAS-Bench-Graph, a table of the truth that others made: read out of its wheel and written as one of ours.

It holds 26,206 graph neural networks for each of eight data sets, and 2,021 for a ninth, trained by its
authors. Nothing of it is in this package: the command `nasframe graph-bench` fetches and converts it.
"""

from __future__ import annotations

from nasframe_tabular.graph_bench.codes import DATA_SETS, LINKS, OPERATIONS, PROTEINS, code_of
from nasframe_tabular.graph_bench.conversion import NAS_BENCH_GRAPH, convert
from nasframe_tabular.graph_bench.networks import Network, network_of
from nasframe_tabular.graph_bench.reading import Truth, read_truths

__all__ = [
    "DATA_SETS",
    "LINKS",
    "NAS_BENCH_GRAPH",
    "OPERATIONS",
    "PROTEINS",
    "Network",
    "Truth",
    "code_of",
    "convert",
    "network_of",
    "read_truths",
]
