"""A whole run of each space on tensors: search, training, test, pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import nasframe
from nasframe import Experiment, SearchOptions, Shape, SpaceFactory, TensorTask, TrainOptions
from nasframe_cells.darts import DARTS
from nasframe_cells.nas_bench_201 import NASBench201

POOLED = ("zero", "identity", "avg_pool_3", "sep_conv_3")
SETTINGS: dict[str, tuple[SpaceFactory, Shape, str]] = {
    "NAS-Bench-201 on images": (NASBench201(channels=2, cells=1, stages=2, nodes=3), (3, 6, 6), "grmc"),
    "NAS-Bench-201 on sequences": (NASBench201(channels=2, cells=2, stages=1, nodes=3), (2, 10), "softmax"),
    "DARTS on images": (DARTS(channels=2, cells=3, nodes=2, operations=POOLED), (3, 6, 6), "softmax"),
    "DARTS on sequences": (DARTS(channels=2, cells=3, nodes=2, operations=POOLED), (2, 10), "grmc"),
}


@pytest.mark.parametrize(("space", "shape", "relaxation"), SETTINGS.values(), ids=SETTINGS.keys())
def test_a_run_ends_with_a_trained_network_and_its_picture(
    space: SpaceFactory, shape: Shape, relaxation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    labels = torch.arange(48) % 2
    values = torch.randn(48, *shape, generator=torch.Generator().manual_seed(0))
    experiment = Experiment.of(
        task=TensorTask({"x": values + labels.view(-1, *[1] * len(shape))}, labels),
        space=space,
        relaxation=relaxation,
        search=SearchOptions(epochs=1, min_epochs=1, batch_size=8),
        train=TrainOptions(epochs=1, batch_size=8),
        device="cpu",
        cache=Path("cache"),
    )
    run = nasframe.run_experiment(experiment, "run")
    assert 0 <= run.test["accuracy"] <= 1
    found = nasframe.load_architecture("run")
    assert found.space.origin is not None
    assert found.space.origin["inputs"] == {"x": list(shape)}
    assert run.test["parameters"] == nasframe.cost_of(found).parameters
    assert "<svg" in Path("run/architecture.svg").read_text()
    again = nasframe.load_run("run")
    assert again.test == run.test
