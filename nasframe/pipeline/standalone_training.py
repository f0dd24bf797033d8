"""One network trained outside any run: an architecture from scratch, or a fixed network of the task."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from torch import nn

from nasframe.experiment import Experiment
from nasframe.network import Network, build
from nasframe.pipeline.engines import check_built_network, training_engine
from nasframe.pipeline.preparation import Prepared
from nasframe.pipeline.trained_network import cost_of_trained, test_metrics
from nasframe.runtime import SILENT, Progress, forked_seed, without_nan
from nasframe.space import Architecture
from nasframe.tasks import Data, open_test_split

__all__ = ["measure_epochs", "train_alone"]

_MEASURED = 2


def train_alone(
    what: Architecture | Callable[[], nn.Module],
    name: str,
    experiment: Experiment,
    prepared: Prepared,
    progress: Progress,
) -> dict[str, Any]:
    """Train a network as a searched one is, by `[train]`, and score its best epoch; nothing is written.

    Args:
        what: an architecture, or a function that makes an untrained network.
        name: of the network, from which its first parameters are drawn where it has no architecture.
        experiment: its task, training options and seed; the network is trained from scratch.
        prepared: the data.
        progress: what to report to.

    Returns:
        `validation` (metrics of the best epoch), `test` (the task's metrics on the test split, which is
        opened when the training has ended), `parameters`, `multiply_adds`, `best_epoch`, `seed` and
        `seconds` (of training and scoring). JSON-able; undefined metrics are None.
    """
    started, device = time.monotonic(), experiment.torch_device()
    architecture = what if isinstance(what, Architecture) else None
    with forked_seed(experiment.seed, name):
        network = build(what, seed=experiment.seed) if isinstance(what, Architecture) else what()
    if isinstance(network, Network):
        check_built_network(network, experiment, prepared.data)
    engine = training_engine(network, experiment, prepared.data, progress, name=name)
    calibration = engine.fit()
    test = open_test_split(experiment.task, prepared.data)
    metrics = test_metrics(network, experiment, test, calibration, device)
    cost = cost_of_trained(network, architecture, test, device)
    found: dict[str, Any] = without_nan(
        {
            "validation": dict(engine.best_validation),
            "test": metrics,
            "parameters": cost.parameters,
            "multiply_adds": cost.multiply_adds,
            "best_epoch": engine.best_epoch,
            "seed": experiment.seed,
            "seconds": round(time.monotonic() - started, 3),
        }
    )
    return found


def measure_epochs(network: nn.Module, experiment: Experiment, data: Data) -> float:
    """Return the seconds of an epoch of a network's training, the shorter one of two; nothing is kept."""
    engine = training_engine(network, experiment, data, SILENT)
    engine.advance(_MEASURED)
    return min(float(line["seconds"]) for line in engine.history)
