"""One network trained outside any run: an architecture from scratch, or a fixed network of the task."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from nasframe.experiment import Experiment
from nasframe.network import Network, build
from nasframe.pipeline.engines import check_built_network, training_engine
from nasframe.pipeline.preparation import Prepared
from nasframe.pipeline.trained_network import cost_of_trained, test_metrics
from nasframe.runtime import SILENT, Progress, forked_seed, without_nan
from nasframe.space import Architecture
from nasframe.tasks import Baseline, Data, Split, calibrated, open_test_split
from nasframe.training import OutputError, Training

__all__ = ["measure_epochs", "train_alone"]

_MEASURED = 2


def train_alone(
    what: Architecture | Callable[[], nn.Module],
    name: str,
    experiment: Experiment,
    prepared: Prepared,
    progress: Progress,
    *,
    curves: bool = False,
) -> dict[str, Any]:
    """Train a network as a searched one is, by `[train]`, and score its best epoch; nothing is written.

    Args:
        what: an architecture, or a function that makes an untrained network; a `Baseline` is one, which may
            have a loss of its own.
        name: of the network, from which its first parameters are drawn where it has no architecture.
        experiment: its task, training options and seed; the network is trained from scratch.
        prepared: the data.
        progress: what to report to.
        curves: score all epochs, not the best alone. That changes no number: the parameters of each epoch are
            kept in memory, and scored when the training has ended.

    Returns:
        `validation` (metrics of the best epoch), `test` (the task's metrics on the test split, which is
        opened when the training has ended), `parameters`, `multiply_adds`, `best_epoch`, `seed` and
        `seconds` (of training and scoring); with `curves` these too, split → metric → its value after each
        epoch. JSON-able; undefined metrics are None.
    """
    started, device = time.monotonic(), experiment.torch_device()
    architecture = what if isinstance(what, Architecture) else None
    with forked_seed(experiment.seed, name):
        network = build(what, seed=experiment.seed) if isinstance(what, Architecture) else what()
    if isinstance(network, Network):
        check_built_network(network, experiment, prepared.data)
    own = what.loss if isinstance(what, Baseline) else None
    engine = training_engine(network, experiment, prepared.data, progress, name=name, own_loss=own)
    epochs: list[dict[str, Tensor]] = []
    if curves:
        engine.after_epoch = lambda: epochs.append(_copied(network))
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
            **({"curves": _curves(engine, epochs, experiment, test)} if curves else {}),
        }
    )
    return found


def measure_epochs(network: nn.Module, experiment: Experiment, data: Data) -> float:
    """Return the seconds of an epoch of a network's training, the shorter one of two; nothing is kept.

    They are never 0: the seconds of a record are rounded, and these are not.
    """
    engine = training_engine(network, experiment, data, SILENT)
    ends = [time.perf_counter()]
    engine.after_epoch = lambda: ends.append(time.perf_counter())
    engine.advance(_MEASURED)
    return min(end - begin for begin, end in itertools.pairwise(ends))


def _curves(
    engine: Training, epochs: Sequence[Mapping[str, Tensor]], experiment: Experiment, test: Split
) -> dict[str, dict[str, list[Any]]]:
    """Return the metrics of all epochs on both splits, and leave the best one in the network."""
    best = _copied(engine.network)
    lines: list[dict[str, Any]] = []
    for state in epochs:
        engine.network.load_state_dict(state)
        calibration = calibrated(engine.task, *engine.outputs_on_validation())
        try:
            lines.append(test_metrics(engine.network, experiment, test, calibration, engine.device))
        except OutputError:  # this epoch has no score
            lines.append({})
    engine.network.load_state_dict(best)
    return {
        "validation": _by_metric([record["validation"] for record in engine.history]),
        "test": _by_metric(lines),
    }


def _by_metric(lines: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return metric → its value after each epoch, for those that are numbers."""
    names = dict.fromkeys(name for line in lines for name, value in line.items() if _is_number(value))
    held = [{name: value for name, value in line.items() if _is_number(value)} for line in lines]
    return {name: [line.get(name) for line in held] for name in names}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _copied(network: nn.Module) -> dict[str, Tensor]:
    # in the memory of the machine, where a GPU's would hold all epochs
    return {name: value.detach().to("cpu", copy=True) for name, value in network.state_dict().items()}
