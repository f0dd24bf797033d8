"""Baselines that a plugin registers, trained beside those of the task where an experiment names them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
from torch import Tensor, nn

import nasframe
from nasframe import Baseline, BaselineOptions, Data, Experiment, hookimpl
from nasframe.errors import ConfigurationError, ContractError, PluginError, RunError
from nasframe.plugins import PluginManager
from tests.recorded_progress import Log


class Flat(nn.Module):
    """A linear layer on one input."""

    def __init__(self, name: str, shape: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.name = name
        self.linear = nn.Linear(math.prod(shape), outputs)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        output: Tensor = self.linear(torch.flatten(inputs[self.name], start_dim=1))
        return output


def each(data: Data) -> dict[str, Baseline]:
    """A linear layer on each input alone."""
    return {
        f"linear, {name}": Baseline(partial(Flat, name, shape, data.outputs), single_stream=True)
        for name, shape in data.inputs.items()
    }


def registering(**functions: Any) -> object:
    class Plugin:
        @hookimpl
        def register_baselines(self) -> Mapping[str, Any]:
            return functions

    return Plugin()


@pytest.fixture
def each_input(plugins: PluginManager) -> None:
    plugins.register(registering(each=each), "linear")


def naming(experiment: Experiment, *names: str, **options: Any) -> Experiment:
    return attrs.evolve(experiment, baselines=BaselineOptions(registered=names, **options))


@pytest.mark.usefixtures("each_input")
def test_they_are_trained_and_scored_beside_those_of_the_task(experiment: Experiment, tmp_path: Path) -> None:
    run = nasframe.run_experiment(naming(experiment, "each", random=1, task=True), tmp_path / "run")
    assert run.test is not None
    found = run.test["baselines"]
    assert list(found) == ["random 1", "left alone", "linear, left", "linear, right"]
    assert found["linear, left"]["parameters"] == 8 * 4 * 10 + 10
    assert all({"accuracy", "validation"} <= values.keys() for values in found.values())
    assert all(len(run.history(stage)) == 3 for stage in {line["stage"] for line in run.metrics})
    assert "linear, right" in (run.path / "report.html").read_text()
    assert nasframe.load_experiment(run).baselines.registered == ("each",)


@pytest.mark.usefixtures("each_input")
def test_what_an_experiment_does_not_name_is_not_trained(experiment: Experiment, tmp_path: Path) -> None:
    run = nasframe.run_experiment(naming(experiment, task=True), tmp_path / "run")
    assert run.test is not None
    assert list(run.test["baselines"]) == ["left alone"]


@pytest.mark.usefixtures("each_input")
def test_they_change_neither_the_fingerprint_nor_the_searched_network(experiment: Experiment) -> None:
    assert naming(experiment, "each").fingerprint() == experiment.fingerprint()


@pytest.mark.usefixtures("each_input")
def test_asked_for_later_they_are_added_and_then_skipped(experiment: Experiment, tmp_path: Path) -> None:
    nasframe.run_experiment(experiment, tmp_path / "run")
    run = nasframe.run_experiment(naming(experiment, "each"), tmp_path / "run")
    assert run.test is not None
    assert list(run.test["baselines"]) == ["linear, left", "linear, right"]
    log = Log()
    nasframe.run_experiment(naming(experiment, "each"), tmp_path / "run", progress=log)
    assert {"baselines: unchanged, skipped", "evaluate: unchanged, skipped"} <= set(log.lines)


def test_a_network_of_the_same_name_from_another_plugin_is_trained_anew(
    experiment: Experiment, plugins: PluginManager, tmp_path: Path
) -> None:
    plugins.register(registering(one=each), "first")
    plugins.register(registering(two=each), "second")
    nasframe.run_experiment(naming(experiment, "one"), tmp_path / "run")
    log = Log()
    nasframe.run_experiment(naming(experiment, "two"), tmp_path / "run", progress=log)
    assert any(line.startswith("baselines: 2 trained in ") for line in log.lines)


def test_a_finished_run_is_evaluated_though_another_plugin_registers_the_name(
    experiment: Experiment, plugins: PluginManager, tmp_path: Path
) -> None:
    plugins.register(registering(each=each), "linear")
    run = nasframe.run_experiment(naming(experiment, "each"), tmp_path / "run")
    plugins.register(registering(each=lambda data: {}), "another")
    assert nasframe.evaluate(run) == run.test


@pytest.mark.usefixtures("each_input")
def test_wrong_names_are_reported_with_their_key() -> None:
    for names, message in (
        (["eech"], "baselines.registered: unknown baseline 'eech'; did you mean 'each'?"),
        ("each", "baselines.registered: expected a list, found 'each'"),
        (["each", "each"], "baselines.registered: 'each' occurs more than once"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            Experiment.parse({"baselines": {"registered": names}})
        assert message in caught.value.problems


def fails(data: Data) -> dict[str, Callable[[], nn.Module]]:
    raise KeyError(data.outputs)


def fails_to_be_made() -> nn.Module:
    raise TypeError("no layers")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (fails, r"it fails: KeyError: 10 \(.*test_registered_baselines.py, line \d+\)"),
        (lambda data: None, "function that makes a network, found None"),
        (lambda data: {"x": 3}, "found 'x': 3"),
        (lambda data: {3: nn.Identity}, "found 3: <class"),
        (lambda data: {"x": fails_to_be_made}, r"that of 'x' fails: TypeError: no layers \(.*, line \d+\)"),
        (lambda data: {"x": lambda: 3}, "that of 'x' returns 3"),
        (lambda data: {"left alone": Baseline(nn.Identity)}, "brings 'left alone', and another network"),
        (lambda data: {"random 1": Baseline(nn.Identity)}, "brings 'random 1', and another network"),
        (lambda data: {"searched": Baseline(nn.Identity)}, "brings 'searched', and another network"),
        (lambda data: {"x ": Baseline(nn.Identity)}, "a name begins and ends with no blank, found 'x '"),
        (3, "must be a function that returns networks, found 3"),
    ],
)
def test_a_function_that_breaks_the_contract_is_named_with_its_plugin_before_anything_is_searched(
    function: Any, message: str, experiment: Experiment, plugins: PluginManager, tmp_path: Path
) -> None:
    plugins.register(registering(broken=function), "mine")
    named = naming(experiment, "broken", random=1, task=True)
    for step in (nasframe.run_experiment, nasframe.search):
        with pytest.raises(ContractError, match=f"baseline 'broken' of plugin 'mine' .*{message}"):
            step(named, tmp_path / "run")
    assert not (tmp_path / "run/metrics.jsonl").exists()


def test_baselines_of_a_task_that_break_the_contract_are_refused_before_anything_is_searched(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(experiment.task), "baselines", lambda self, data: {"x": fails_to_be_made})
    with pytest.raises(ContractError, match=r"task '\w+': its baselines .*that of 'x' fails: TypeError"):
        nasframe.run_experiment(naming(experiment, task=True), tmp_path / "run")
    monkeypatch.setattr(type(experiment.task), "baselines", lambda self, data: fails(data))
    with pytest.raises(ContractError, match=r"task '\w+': its baselines .*it fails: KeyError: 10"):
        nasframe.run_experiment(naming(experiment, task=True), tmp_path / "run")
    assert not (tmp_path / "run/metrics.jsonl").exists()


@pytest.mark.usefixtures("each_input")
def test_making_the_baselines_before_the_search_changes_nothing_of_it(
    experiment: Experiment, tmp_path: Path
) -> None:
    plain = nasframe.search(experiment, tmp_path / "plain")
    named = nasframe.search(naming(experiment, "each", task=True), tmp_path / "named")
    timeless = [
        [{key: value for key, value in line.items() if key != "seconds"} for line in found.history]
        for found in (plain, named)
    ]
    assert timeless[0] == timeless[1]


def test_a_name_that_is_gone_is_an_error_and_no_silent_skip(
    experiment: Experiment, plugins: PluginManager, tmp_path: Path
) -> None:
    plugins.register(registering(each=each), "linear")
    named = naming(experiment, "each")
    plugins.unregister("linear")
    with pytest.raises(PluginError, match="unknown baseline 'each'"):
        nasframe.run_experiment(named, tmp_path / "run")
    assert not (tmp_path / "run/metrics.jsonl").exists()


class Constant(nn.Module):
    """Raw outputs that depend on no input."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.zeros(outputs))

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return self.values + torch.zeros(len(next(iter(inputs.values()))), 1)


def own(loss: Any) -> Callable[[Data], dict[str, Baseline]]:
    return lambda data: {"own": Baseline(partial(Constant, data.outputs), loss=loss)}


def away_from_three(network: nn.Module, inputs: Mapping[str, Tensor], targets: Tensor) -> Tensor:
    assert network.training
    assert len(next(iter(inputs.values()))) == len(targets)
    found: Tensor = (network(inputs) - 3.0).square().mean()
    return found


def test_a_baseline_with_a_loss_of_its_own_lowers_that_and_not_the_task_s(
    experiment: Experiment, plugins: PluginManager, tmp_path: Path
) -> None:
    plugins.register(registering(own=own(away_from_three)), "mine")
    run = nasframe.run_experiment(naming(experiment, "own"), tmp_path / "run")
    (stage,) = {line["stage"] for line in run.metrics if line["stage"].startswith("baseline")}
    losses = [line["loss"] for line in run.history(stage)]
    assert losses[0] <= 9.0  # (0 - 3)², the first
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] - 0.02
    assert run.test is not None
    assert run.test["baselines"]["own"]["parameters"] == 10


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda network, inputs, targets: targets.new_zeros(2), r"the loss of 'own' must be one .* \(2,\)"),
        (lambda network, inputs, targets: 1.0, r"the loss of 'own' must be one number, .* found float"),
        (lambda network, inputs, targets: fails(targets), "that of 'own' fails"),
    ],
)
def test_an_own_loss_that_is_no_number_is_refused_before_anything_is_searched(
    loss: Any, message: str, experiment: Experiment, plugins: PluginManager, tmp_path: Path
) -> None:
    plugins.register(registering(own=own(loss)), "mine")
    with pytest.raises(ContractError, match=f"baseline 'own' of plugin 'mine'.*{message}"):
        nasframe.run_experiment(naming(experiment, "own"), tmp_path / "run")
    assert not (tmp_path / "run/metrics.jsonl").exists()


def test_an_own_loss_that_becomes_infinite_is_named_as_such(
    experiment: Experiment, plugins: PluginManager, tmp_path: Path
) -> None:
    def loss(network: nn.Module, inputs: Mapping[str, Tensor], targets: Tensor) -> Tensor:
        found: Tensor = network(inputs).sum() + (0.0 if len(targets) == 2 else math.inf)
        return found

    plugins.register(registering(own=own(loss)), "mine")
    with pytest.raises(RunError, match="was made by its own loss"):
        nasframe.run_experiment(naming(experiment, "own"), tmp_path / "run")
