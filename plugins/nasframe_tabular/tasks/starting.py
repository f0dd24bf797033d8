"""The experiments that `nasframe new` proposes for these tasks; those in examples/tabular are the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasframe import StartingValues

__all__ = ["experiment_on_sequences", "experiment_on_views"]


def experiment_on_views(epochs: int, rate: float) -> StartingValues:
    """Return the values of an experiment that fuses several inputs.

    Args:
        epochs: of the search and of the training.
        rate: learning rate of the weights.
    """
    return _experiment({"name": "bimodal", "channels": 16, "cells": 1, "nodes": 2}, epochs, rate, 64)


def experiment_on_sequences(epochs: int, rate: float, sizes: list[int]) -> StartingValues:
    """Return the values of an experiment with a cell on one sequence.

    Args:
        epochs, rate: as of `experiment_on_views`.
        sizes: of the splits.
    """
    operations = ["zero", "identity", "nor_conv_3", "avg_pool_3"]
    space = {"name": "nas_bench_201", "channels": 8, "cells": 1, "stages": 1, "operations": operations}
    return _experiment(space, epochs, rate, 100, {"sizes": sizes})


def _experiment(
    space: Mapping[str, Any], epochs: int, rate: float, batch: int, task: Mapping[str, Any] | None = None
) -> StartingValues:
    return StartingValues(
        {
            "task": dict(task or {}),
            "space": space,
            "relaxation": {"name": "grmc", "samples": 100, "temperature": 0.1},
            "loop": {"name": "bilevel", "weight_rate": rate, "architecture_rate": 0.1},
            "search": {"epochs": epochs, "batch_size": batch},
            "train": {"epochs": epochs, "batch_size": batch, "learning_rate": rate},
            "baselines": {"random": 3, "task": True},
        },
        {"loop.architecture_rate": "a search of few updates needs a high rate"},
    )
