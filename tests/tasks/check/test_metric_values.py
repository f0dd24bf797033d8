"""The numbers of a task are recorded without digits that float32 does not have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import torch
from torch import Tensor

from nasframe import Split, TensorTask
from nasframe.tasks import checked_metrics, evaluated, validation_metrics

OUTPUTS = torch.tensor([[0.0, 1.0]] * 49 + [[1.0, 0.0]] * 11)
TARGETS = torch.ones(60, dtype=torch.long)
LABELS = torch.arange(60) % 2
STREAM = torch.zeros(60, 1)


@attrs.define
class Single(TensorTask):
    """Its metrics are computed in float32, as most people write them."""

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"accuracy": float((outputs.argmax(-1) == targets).float().mean())}

    def evaluate(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
        return {
            "per_part": {"all": self.metrics(outputs, TARGETS)},
            "list": [0.8166666626930237],
            "count": 60,
        }


def test_a_metric_of_float32_has_the_fewest_digits_that_are_the_same_number() -> None:
    task = Single({"x": STREAM}, LABELS)
    assert task.metrics(OUTPUTS, TARGETS) == {"accuracy": 0.8166666626930237}
    assert checked_metrics(task, OUTPUTS, TARGETS) == {"accuracy": 0.81666666}
    assert len(repr(validation_metrics(task, OUTPUTS, TARGETS)["loss"])) <= 10


def test_the_final_metrics_are_so_in_all_their_parts() -> None:
    found = evaluated(Single({"x": STREAM}, LABELS), OUTPUTS, None, {})  # type: ignore[arg-type]
    assert found == {"per_part": {"all": {"accuracy": 0.81666666}}, "list": [0.81666666], "count": 60}


def test_the_accuracy_of_tensors_is_exact() -> None:
    assert TensorTask({"x": STREAM}, LABELS).metrics(OUTPUTS, TARGETS)["accuracy"] == 49 / 60
