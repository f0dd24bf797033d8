"""A short experiment on the toy digits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest
import torch

from nasframe import Experiment, SearchOptions, TensorTask, TrainOptions
from nasframe.searching.gradient.joint import Joint
from nasframe_bimodal.space import Bimodal
from tests.toys.toy_digits import Plugin


@pytest.fixture(autouse=True)
def _plugin(plugins: Any) -> None:
    plugins.register(Plugin(), "digits_plugin")


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    return Experiment.of(
        task="digits",
        space=Bimodal(channels=8, cells=1, nodes=1),
        relaxation="grmc",
        loop=Joint(architecture_rate=1e-2),
        search=SearchOptions(epochs=3, batch_size=32),
        train=TrainOptions(epochs=3, batch_size=32),
        device="cpu",
        cache=tmp_path / "cache",
    )


@pytest.fixture
def tensors(experiment: Experiment) -> Experiment:
    """The same with a task that worker processes read from a file."""
    random = torch.Generator().manual_seed(0)
    inputs = {name: torch.rand(48, 4, 6, generator=random) for name in ("left", "right")}
    return attrs.evolve(
        experiment,
        task=TensorTask(inputs, torch.arange(48) % 2),
        names={**experiment.names, "task": "nasframe.task:TensorTask"},
    )
