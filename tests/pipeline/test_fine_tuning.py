"""Fine-tuning: the networks in front of the trained one are trained along with it at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest
import torch
from attrs import define
from torch import Tensor, nn

import nasframe
from nasframe import (
    BaselineOptions,
    Experiment,
    FineTuning,
    Split,
    Task,
    TensorSplit,
    TrainOptions,
    hookimpl,
    load_run,
)
from nasframe.errors import ContractError, RunError
from nasframe.pipeline.trained_network import load_network
from nasframe.pipeline.training_records import with_training, without_training
from nasframe.report.run_page import run_figures, run_tables
from nasframe.runtime import Progress
from tests.recorded_progress import Log
from tests.toys.toy_digits import Digits


class Front(nn.Module):
    """A layer in front of the trained network, which turns pixels into its inputs."""

    def __init__(self, network: nn.Module | None) -> None:
        super().__init__()
        self.mixing = nn.ModuleDict({name: nn.Linear(4, 4) for name in ("left", "right")})
        for layer in self.mixing.values():
            nn.init.eye_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.network = network

    def features(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: self.mixing[name](value) for name, value in inputs.items()}

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        assert self.network is not None
        output: Tensor = self.network(self.features(inputs))
        return output


def seen_through(split: Any, front: Front) -> TensorSplit:
    """Return a split whose inputs went through the front."""
    batch = split.batch(torch.arange(len(split)))
    with torch.no_grad():
        return TensorSplit(front.features(batch.inputs), batch.targets, list(split.identifiers))


@define
class Tuned(Digits):
    """Digits behind a layer that is the identity until it is tuned."""

    fine_tuning_options: ClassVar[tuple[str, ...]] = ("on", "rate", "epochs")

    on: bool = True
    rate: float = 3e-3
    epochs: int = 3

    def fine_tuning(self, network: nn.Module, folders: Mapping[str, Path]) -> FineTuning | None:
        if not self.on:
            return None
        return FineTuning(Front(network), self.data(folders), self.epochs, self.rate)

    def save_tuned(
        self, tuning: FineTuning, folders: Mapping[str, Path], out: Path, progress: Progress
    ) -> None:
        out.mkdir(exist_ok=True)
        front = tuning.module
        assert isinstance(front, Front)
        state = {name: value.tolist() for name, value in front.mixing.state_dict().items()}
        (out / "front.json").write_text(json.dumps(state))

    def tuned_test(self, folders: Mapping[str, Path], saved: Path, device: torch.device) -> Split | None:
        if not (saved / "front.json").exists():
            return None
        front, state = Front(None), json.loads((saved / "front.json").read_text())
        front.mixing.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
        return seen_through(self.data(folders).splits.test(), front)


class Plugin:
    """Registers it."""

    @hookimpl
    def register_tasks(self) -> dict[str, Any]:
        return {"tuned": Tuned}


@pytest.fixture
def tuned(experiment: Experiment, plugins: Any) -> Experiment:
    plugins.register(Plugin(), "tuned_plugin")
    return with_task(experiment, Tuned())


def with_task(experiment: Experiment, task: Tuned) -> Experiment:
    return attrs.evolve(experiment, task=task, names={**experiment.names, "task": "tuned"})


def test_a_layer_in_front_is_trained_along_and_the_evaluation_sees_it(
    tuned: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(tuned, tmp_path / "run")
    record, test = run.record["finetune"], run.test
    assert test is not None
    assert [line["epoch"] for line in run.history("finetune")] == [1, 2, 3]
    assert record["epoch"] in (1, 2, 3)
    state = json.loads((run.task_folder / "front.json").read_text())
    assert not torch.equal(torch.tensor(state["left.weight"]), torch.eye(4))
    # by hand: the saved network on the test split behind the saved layer
    network, _, _ = load_network(run, tuned, "cpu")
    split = tuned.task.tuned_test(dict(folders_of(run)), run.task_folder, torch.device("cpu"))
    assert split is not None
    batch = split.batch(torch.arange(len(split)))
    with torch.no_grad():
        outputs = network.eval()(batch.inputs)
    assert test["accuracy"] == pytest.approx(tuned.task.metrics(outputs, batch.targets)["accuracy"])
    untuned = tuned.task.data(folders_of(run)).splits.test().batch(torch.arange(len(split)))
    assert not torch.allclose(batch.inputs["left"], untuned.inputs["left"])


def folders_of(run: nasframe.Run) -> dict[str, Path]:
    return {name: Path(path) for name, path in run.record["data"]["folders"].items()}


def test_baselines_are_tested_behind_the_frozen_networks_that_they_were_trained_behind(
    tuned: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = attrs.evolve(
        tuned, baselines=BaselineOptions(task=True), train=TrainOptions(epochs=8, batch_size=8)
    )
    run = nasframe.run_experiment(given, tmp_path / "run")
    first = run.test
    assert first is not None
    right = Tuned.tuned_test

    def negated(*arguments: Any) -> TensorSplit:
        split: Any = right(*arguments)
        return attrs.evolve(split, inputs={name: -value for name, value in split.inputs.items()})

    monkeypatch.setattr(Tuned, "tuned_test", negated)
    again = nasframe.evaluate(run)
    assert again["accuracy"] != first["accuracy"]
    assert again["baselines"] == first["baselines"]


def test_what_is_no_better_on_validation_is_not_kept(tuned: Experiment, tmp_path: Path) -> None:
    frozen = nasframe.run_experiment(with_task(tuned, Tuned(rate=1e-12)), tmp_path / "frozen")
    wild = nasframe.run_experiment(with_task(tuned, Tuned(rate=1e3, epochs=1)), tmp_path / "wild")
    assert wild.record["finetune"]["epoch"] == 0
    assert not (wild.task_folder / "front.json").exists()
    weights = [load_network(run, with_task(tuned, Tuned()), "cpu")[0].state_dict() for run in (frozen, wild)]
    for name, value in weights[0].items():
        torch.testing.assert_close(value, weights[1][name], atol=1e-6, rtol=0)


def test_a_training_again_forgets_the_fine_tuning(tuned: Experiment, tmp_path: Path) -> None:
    run = nasframe.run_experiment(tuned, tmp_path / "run")
    first = run.history("finetune")
    again = nasframe.train(tuned, run.path, overwrite=True)
    assert len(again.history("finetune")) == len(first)
    assert not list(again.checkpoints.glob("finetune*"))


def test_a_finished_run_is_fine_tuned_without_another_search_as_if_it_had_been_at_once(
    tuned: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(with_task(tuned, Tuned(on=False)), tmp_path / "run")
    searched, asked = run.history("search"), with_task(tuned, Tuned(on=True))
    for command in (nasframe.train, nasframe.search):
        with pytest.raises(
            RunError, match=r"\n  task\.on: there false, now true\n.*`nasframe train` it keeps the search"
        ):
            command(asked, run.path)
    nasframe.train(asked, run.path, overwrite=True)
    log = Log()
    nasframe.run_experiment(asked, run.path, progress=log)
    assert [line for line in log.lines if "skipped" in line] == [
        "search: unchanged, skipped",
        "train: unchanged, skipped",
    ]
    assert run.history("search") == searched
    assert "on = true" in run.experiment_toml
    at_once = nasframe.run_experiment(asked, tmp_path / "at once")
    for name in ("finetune", "test"):
        there, here = (each.test if name == "test" else each.record[name] for each in (at_once, run))
        assert there == here, name
    # and back: what says that it was tuned goes
    nasframe.train(with_task(tuned, Tuned(on=False)), run.path, overwrite=True)
    assert run.record["finetune"] is None
    assert not run.history("finetune")


def test_only_the_options_of_the_fine_tuning_leave_the_search_as_it_is(tuned: Experiment) -> None:
    toml = tuned.to_toml()
    other = attrs.evolve(tuned, task=Tuned(on=True, rate=1.0, epochs=9)).to_toml()
    for values in (with_training, without_training):
        assert values(toml, tuned.task) == values(other, tuned.task)
        fewer = attrs.evolve(tuned, task=Tuned(examples=100)).to_toml()
        assert values(toml, tuned.task) != values(fewer, tuned.task)


@pytest.mark.parametrize(("names", "found"), [("rate", "rate"), (("rate", "speed"), "speed")])
def test_a_name_that_is_no_option_is_refused_among_those_of_the_fine_tuning(
    names: Any, found: str, tuned: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tuned, "fine_tuning_options", names)
    with pytest.raises(ContractError, match=f"must be names of options of the task, found {found}"):
        nasframe.search(tuned)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda found: found.module, r"fine_tuning must return a nasframe\.FineTuning or None"),
        (lambda found: attrs.evolve(found, module=nn.Linear(1, 1)), "hold the network itself in its module"),
        (lambda found: attrs.evolve(found, epochs=0), "name the epochs, a whole number from 1, found 0"),
        (lambda found: attrs.evolve(found, learning_rate=0.0), r"name a learning rate above 0, found 0\.0"),
        (lambda found: attrs.evolve(found, data=None), r"data must return nasframe\.Data"),
    ],
)
def test_a_promise_that_does_not_hold_names_the_task(
    wrong: Any, words: str, tuned: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Tuned.fine_tuning
    monkeypatch.setattr(Tuned, "fine_tuning", lambda *arguments: wrong(right(*arguments)))
    with pytest.raises(ContractError, match=words):
        nasframe.run_experiment(tuned, tmp_path / "run")


def test_a_task_that_would_keep_no_tuned_networks_is_refused_before_they_are_tuned(
    tuned: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tuned, "save_tuned", Task.save_tuned)
    with pytest.raises(ContractError, match="fine_tuning must have `save_tuned` beside it"):
        nasframe.run_experiment(tuned, tmp_path / "run")
    assert not load_run(tmp_path / "run").history("finetune")


def test_the_page_shows_the_course_of_the_fine_tuning(tuned: Experiment, tmp_path: Path) -> None:
    run = nasframe.run_experiment(tuned, tmp_path / "run")
    page = (run.path / "report.html").read_text()
    assert "Loss of the fine-tuning" in page
    assert "3 epochs of fine-tuning" in page


def test_the_page_shows_the_value_before_the_fine_tuning_as_that_of_epoch_0(
    tuned: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(tuned, tmp_path / "run")
    before = run.record["finetune"]["before"]
    lines = {
        line.name: line.points for figure in run_figures(run) for line in lines_of(figure, "fine-tuning")
    }
    assert lines["validation"][0] == (0, before["loss"])
    assert lines["accuracy"][0] == (0, before["accuracy"])
    assert [epoch for epoch, _ in lines["validation"]] == [0, 1, 2, 3]
    assert [epoch for epoch, _ in lines["training"]] == [1, 2, 3]
    (table,) = (table for table in run_tables(run) if table.name == "stages")
    assert ["derived network, before its fine-tuning", before["accuracy"]] in table.rows


def lines_of(figure: Any, stage: str) -> list[Any]:
    return figure.lines if figure.name.startswith(stage) else []


def test_a_rate_at_which_numbers_grow_beyond_all_bounds_is_named_with_the_option_that_holds_it(
    tuned: Experiment, tmp_path: Path
) -> None:
    @define
    class Named(Tuned):
        def fine_tuning(self, network: nn.Module, folders: Mapping[str, Path]) -> FineTuning | None:
            found = super().fine_tuning(network, folders)
            return None if found is None else attrs.evolve(found, rate_option="task.rate")

    with pytest.raises(RunError, match=r"fine-tuning(.|\n)*lower task\.rate\."):
        nasframe.run_experiment(with_task(tuned, Named(rate=1e30)), tmp_path / "named")
    with pytest.raises(RunError, match="lower the learning rate of the fine-tuning"):
        nasframe.run_experiment(with_task(tuned, Tuned(rate=1e30)), tmp_path / "run")


def test_a_network_is_not_evaluated_before_its_fine_tuning_has_ended(
    tuned: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr("nasframe.pipeline.final_training.fine_tune", interrupted)
        with pytest.raises(KeyboardInterrupt):
            nasframe.run_experiment(tuned, out)
    with pytest.raises(RunError, match="training of its network has not ended yet; go on with `nasframe tr"):
        nasframe.evaluate(out, experiment=tuned)
    run = nasframe.run_experiment(tuned, out)
    assert run.record["finetune"]["epoch"] > 0
    # one that is damaged is trained again, and until that ends it counts as none
    (run.checkpoints / "network.json").write_text("{}")
    with monkeypatch.context() as patch:
        patch.setattr("nasframe.pipeline.final_training.fine_tune", interrupted)
        with pytest.raises(KeyboardInterrupt):
            nasframe.run_experiment(tuned, out)
    with pytest.raises(RunError, match="has not ended yet"):
        nasframe.evaluate(out, experiment=tuned)
