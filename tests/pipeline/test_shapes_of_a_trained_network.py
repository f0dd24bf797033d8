"""The shapes in the checkpoint of a trained network, by which it is loaded without inferring them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import nasframe
from nasframe import Experiment, Run, build
from nasframe.errors import RunError
from nasframe.pipeline.trained_network import load_network


@pytest.fixture
def run(experiment: Experiment, tmp_path: Path) -> Run:
    return nasframe.run_experiment(experiment, tmp_path / "run")


def saved(run: Run) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((run.checkpoints / "network.json").read_text(encoding="utf-8"))
    return values


def save(run: Run, values: dict[str, Any]) -> None:
    (run.checkpoints / "network.json").write_text(json.dumps(values), encoding="utf-8")


def test_a_network_is_loaded_with_the_shapes_that_would_be_inferred(
    run: Run, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    inferred = build(run.architecture)
    with monkeypatch.context() as patched:
        patched.setattr("nasframe.network.infer_shapes", None)  # not called
        network, _, _ = load_network(run, experiment, "cpu")
    assert network.shapes == inferred.shapes
    inferred.load_state_dict(network.state_dict())
    inputs = {name: torch.randn(3, *shape) for name, shape in network.inputs.items()}
    assert torch.equal(network.eval()(inputs), inferred.eval()(inputs))


def test_a_checkpoint_without_shapes_is_loaded_all_the_same(run: Run, experiment: Experiment) -> None:
    network, _, _ = load_network(run, experiment, "cpu")
    values = saved(run)
    del values["shapes"]
    save(run, values)
    again, _, _ = load_network(run, experiment, "cpu")
    assert again.shapes == network.shapes
    assert all(map(torch.equal, again.state_dict().values(), network.state_dict().values()))


@pytest.mark.parametrize("part", ["nodes", "ports", "between"])
def test_shapes_of_another_network_are_a_damaged_checkpoint(
    part: str, run: Run, experiment: Experiment
) -> None:
    values = saved(run)
    values["shapes"][part].popitem()
    save(run, values)
    with pytest.raises(RunError, match=r"network\.json: the checkpoint is damaged: its shapes are those of"):
        load_network(run, experiment, "cpu")


def test_shapes_that_do_not_fit_the_weights_take_no_memory(run: Run, experiment: Experiment) -> None:
    values = saved(run)
    for ports in values["shapes"]["ports"].values():
        for port, shape in ports.items():
            ports[port] = [100_000 * size for size in shape]
    save(run, values)
    with pytest.raises(RunError, match=r"network\.json"):
        load_network(run, experiment, "cpu")
