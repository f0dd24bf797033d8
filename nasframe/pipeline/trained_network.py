"""A trained network: saved, loaded, scored on the test split, and its cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from attrs import asdict
from torch import Tensor, nn

from nasframe.errors import RunError
from nasframe.experiment import Experiment, resolve_device
from nasframe.network import KeptShapes, Network, build, cost_of
from nasframe.operations import Cost
from nasframe.runs import Checkpoint, Run, load_checkpoint, save_checkpoint
from nasframe.runtime import Each, Fields, Items, Nullable, Number, Text, is_finite, without_nan
from nasframe.space import Architecture
from nasframe.tasks import Split, check_test_targets, checked_caveats, evaluated
from nasframe.training import Training, caveats_of, collect_outputs

__all__ = [
    "calibration_of",
    "cost_of_trained",
    "load_network",
    "metrics_of_outputs",
    "read_trained",
    "save_trained",
    "test_metrics",
    "train_and_save",
    "with_caveats_of_task",
]

_METRICS = Each(Nullable(Number()))
_SHAPE = Items(Number(0, 10**9, whole=True))
_SHAPES = Fields({"nodes": Each(_SHAPE), "ports": Each(Each(_SHAPE)), "between": Each(Items(_SHAPE))})
_VALUES = Fields(
    {"key": Text(), "calibration": _METRICS, "validation": _METRICS},
    {"best_epoch": Number(0, 10**9, whole=True), "shapes": _SHAPES},
)


def train_and_save(engine: Training, run: Run, name: str) -> dict[str, Any]:
    """Train a network and save its best epoch as the checkpoint `name`.

    Returns:
        What is saved beside the parameters: the engine's `key`, `calibration`, `best_epoch` and the
        `validation` metrics of that epoch; `caveats`, where there are any.
    """
    calibration = engine.fit()
    values = {
        "key": engine.key,
        "calibration": calibration,
        "best_epoch": engine.best_epoch,
        "validation": engine.best_validation,
        "caveats": engine.caveats,
    }
    if isinstance(engine.network, Network):
        values["shapes"] = asdict(engine.network.shapes)
    return save_trained(run, name, engine.network, values)


def save_trained(run: Run, name: str, network: nn.Module, values: Mapping[str, Any]) -> dict[str, Any]:
    """Save a trained network as the checkpoint `name`, and return what is saved beside its parameters."""
    saved: dict[str, Any] = without_nan(
        {key: value for key, value in values.items() if key != "caveats" or value}
    )
    save_checkpoint(run.checkpoints, name, Checkpoint(network.state_dict(), saved), 0)
    return saved


def load_network(
    run: Run, experiment: Experiment, device: str | None
) -> tuple[Network, dict[str, float], torch.device]:
    """Return the trained network of a run, its calibration, and the device on which it is.

    Raises:
        RunError: the run has none, one whose training has not ended, a damaged one, one whose weights are
            not those that were saved or are not finite, or that of another architecture.
    """
    where = experiment.torch_device() if device is None else resolve_device(device)
    remedy = f"go on with `nasframe train {run.path}`"
    try:
        found = read_trained(run.checkpoints, "network", where)
    except RunError as error:
        raise RunError(f"{error}; {remedy}") from error
    if found is None:
        raise RunError(f"{run.path}: has no trained network yet; {remedy}")
    if "train" not in run.record["done"]:  # what is saved may be the state before the fine-tuning
        raise RunError(f"{run.path}: the training of its network has not ended yet; {remedy}")
    architecture = run.architecture
    if found.values.get("key") != architecture.fingerprint:
        raise RunError(
            f"{run.path}: its trained network belongs to another architecture than architecture.json; "
            f"train it again with `nasframe train {run.path} --overwrite`"
        )
    network = _rebuilt(found, architecture)
    network.load_state_dict(found.state_of(network))
    # A buffer may be infinite, such as a mask; a parameter that is not finite decides nothing.
    if bad := [key for key, value in network.named_parameters() if not is_finite(value)]:
        raise RunError(
            f"{run.checkpoints / 'network.json'}: {len(bad)} parameters of the trained network are not "
            f"finite, the first is {bad[0]}; train it again with `nasframe train {run.path} --overwrite`"
        )
    try:
        found.check_unchanged()
    except RunError as error:
        again = f"train it again with `nasframe train {run.path} --overwrite`"
        raise RunError(f"{error}; put it back, or {again}") from error
    return network.to(where), calibration_of(found), where


def _rebuilt(found: Checkpoint, architecture: Architecture) -> Network:
    """Return the network of a checkpoint, freshly initialised, with the shapes that are saved.

    To infer them, torch imports its compiler, which takes seconds. Older checkpoints have none.
    """
    saved = found.values.get("shapes")
    if saved is None:
        return build(architecture)
    shapes = KeptShapes(
        {name: tuple(shape) for name, shape in saved["nodes"].items()},
        {
            name: {port: tuple(shape) for port, shape in ports.items()}
            for name, ports in saved["ports"].items()
        },
        {name: [tuple(shape) for shape in between] for name, between in saved["between"].items()},
    )
    if not shapes.fits(architecture.resolved, architecture.space.wiring):
        raise RunError(f"{found.source}: the checkpoint is damaged: its shapes are those of another network")
    with torch.device("meta"):  # nothing takes memory that has not the size of what is saved
        found.state_of(Network(architecture, shapes))
    return Network(architecture, shapes)


def read_trained(folder: Path, name: str, device: torch.device | str = "cpu") -> Checkpoint | None:
    """Return the checkpoint that `train_and_save` wrote; None where there is none.

    Raises:
        RunError: it is damaged.
    """
    return load_checkpoint(folder, name, device, _VALUES)


def calibration_of(checkpoint: Checkpoint) -> dict[str, float]:
    """Return the calibration that the task fitted for this network; an undefined value is NaN again."""
    saved = checkpoint.values["calibration"]
    return {name: math.nan if value is None else value for name, value in saved.items()}


def test_metrics(
    network: nn.Module,
    experiment: Experiment,
    test: Split,
    calibration: Mapping[str, float],
    device: torch.device,
) -> dict[str, Any]:
    """Return the task's metrics of a trained network on the test split, which the caller opened.

    Where they say less than they seem to, there are `caveats` beside them.
    """
    outputs, targets = collect_outputs(network, network, test, experiment.train.batch_size, device, "test")
    return metrics_of_outputs(network, experiment, test, outputs, targets, calibration)


def with_caveats_of_task(
    metrics: Mapping[str, Any], experiment: Experiment, network: nn.Module
) -> dict[str, Any]:
    """Return the metrics of a run's own network with the caveats of its task on it; see `Task.caveats`."""
    caveats = [*metrics.get("caveats", ()), *checked_caveats(experiment.task, network)]
    return {**metrics, "caveats": caveats} if caveats else {**metrics}


def metrics_of_outputs(
    network: nn.Module,
    experiment: Experiment,
    test: Split,
    outputs: Tensor,
    targets: Tensor,
    calibration: Mapping[str, float],
) -> dict[str, Any]:
    """Return the task's metrics of a network's outputs on a test split; see `test_metrics`."""
    check_test_targets(experiment.task, outputs, targets)
    metrics = evaluated(experiment.task, outputs, test, calibration)
    caveats = [*metrics.pop("caveats", ()), *caveats_of(network, outputs, targets, "test")]
    return {**metrics, "caveats": caveats} if caveats else metrics


def cost_of_trained(
    network: nn.Module, architecture: Architecture | None, split: Split, device: torch.device
) -> Cost:
    """Return parameters, and multiply-adds for one example; without an architecture they are measured."""
    if architecture is not None:
        return cost_of(architecture)
    from torch.utils.flop_counter import FlopCounterMode  # it imports triton

    batch = split.batch(torch.arange(min(2, len(split)))).to(device)
    network.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(batch.inputs)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Cost(parameters, counter.get_total_flops() // (2 * len(batch.targets)))
