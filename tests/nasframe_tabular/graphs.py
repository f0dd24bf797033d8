"""A small wheel of the structure of NAS-Bench-Graph: made-up results of the 2,021 networks of one set."""

from __future__ import annotations

import itertools
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from nasframe_tabular.graph_bench import LINKS, NAS_BENCH_GRAPH, PROTEINS, Network, code_of, network_of
from nasframe_tabular.wheels import Wheel
from tests.nasframe_tabular.conftest import write_wheel

__all__ = ["MEMBER", "graph_wheel", "results"]

MEMBER = "nas_bench_graph/light/proteins.bench"


def results() -> dict[int, dict[str, Any]]:
    """Return made-up results by the number of an architecture, one for each network, as the wheel has them.

    The score grows with the number of graph convolutions, and some numbers are of numpy.
    """
    found: dict[Network, dict[str, Any]] = {}
    codes: dict[int, dict[str, Any]] = {}
    random = np.random.default_rng(0)
    for links in LINKS:
        for operations in itertools.product(PROTEINS, repeat=4):
            network = network_of(links, operations)
            if network[1] or network in found:  # the input is no part of the output
                continue
            score = 0.5 + 0.08 * operations.count("gcn") + random.uniform(0, 0.1)
            found[network] = codes[code_of(links, operations)] = {
                "valid_perf": np.float64(score),
                "perf": np.float64(score - 0.02),
                "latency": 0.002,
                "para": np.float64(0.1 * len(operations)),
            }
    return codes


def graph_wheel(folder: Path, content: bytes | None = None) -> Wheel:
    """Write the wheel, with this or the usual content of its one data set, and return its pin."""
    data = pickle.dumps(results(), protocol=3) if content is None else content
    return write_wheel(folder, NAS_BENCH_GRAPH, {MEMBER: data})
