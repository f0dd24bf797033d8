"""Fine-tuning: after the final training, the networks in front of the trained one learn along with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import attrs
from torch import nn

from nasframe.experiment import Experiment
from nasframe.pipeline.trained_network import save_trained
from nasframe.pipeline.training_records import FINE_TUNING
from nasframe.runs import Run
from nasframe.runtime import Progress
from nasframe.tasks import FineTuning, validation_metrics
from nasframe.training import Training

__all__ = ["fine_tune"]


def fine_tune(
    tuning: FineTuning,
    network: nn.Module,
    trained: Mapping[str, Any],
    experiment: Experiment,
    run: Run,
    progress: Progress,
) -> dict[str, Any] | None:
    """Train a trained network on together with those in front of it; save the network where that is better.

    The state before is a candidate too: an epoch counts only where its objective on the validation split is
    higher, or as high with a lower loss.

    Args:
        tuning: whose module holds the network.
        network: after the final training.
        trained: that `train_and_save` returned for it.
        experiment: of the run.
        run: to write into.
        progress: to report to.

    Returns:
        What is saved beside the parameters; None where nothing is better, and the networks are as they were.
    """
    engine = Training(
        network=tuning.module,
        task=experiment.task,
        data=tuning.data,
        options=attrs.evolve(
            experiment.train, epochs=tuning.epochs, learning_rate=tuning.learning_rate, inherit=False
        ),
        seed=experiment.seed,
        device=experiment.torch_device(),
        run=run,
        progress=progress,
        name=FINE_TUNING,
        key=trained["key"],
        title="fine-tuning",
        rate_option=tuning.rate_option,
    )
    tuning.module.to(engine.device)
    before = validation_metrics(experiment.task, *engine.outputs_on_validation())
    state = {name: value.clone() for name, value in tuning.module.state_dict().items()}
    calibration = engine.fit()
    objective, after = experiment.task.objective, engine.best_validation
    is_better = _is_better(after, before, objective)
    values = None
    if is_better:
        fitted = {"calibration": calibration, "validation": dict(after), "caveats": engine.caveats}
        values = save_trained(run, "network", network, {**trained, **fitted})
    else:
        tuning.module.load_state_dict(state)
    run.note(finetune={"epoch": engine.best_epoch if is_better else 0, "before": before})
    said = f"{objective} {_said(after, objective)} on validation, {_said(before, objective)} before"
    losses = f"loss {after['loss']:.4f}, {before['loss']:.4f} before"
    progress.say(
        f"finetune: best epoch {engine.best_epoch} of {tuning.epochs} ({said}; {losses}), "
        + ("kept" if is_better else "which is no better, so the networks stay as they were")
    )
    return values


def _is_better(after: Mapping[str, Any], before: Mapping[str, Any], objective: str) -> bool:
    """Return True where the objective is higher, or as high with a lower loss; an undefined one is lowest."""

    def rank(metrics: Mapping[str, Any]) -> tuple[float, float]:
        value = metrics[objective]
        return (value if value is not None and math.isfinite(value) else -math.inf, -metrics["loss"])

    return rank(after) > rank(before)


def _said(metrics: Mapping[str, Any], objective: str) -> str:
    value = metrics[objective]
    return "undefined" if value is None or not math.isfinite(value) else f"{value:.4f}"
