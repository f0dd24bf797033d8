"""The Python entry, from end to end on scikit-learn's digits."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
from attrs import define
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from torch import Tensor
from torch.nn import functional as F

import nasframe
from nasframe import (
    Architecture,
    Data,
    Experiment,
    Run,
    SearchOptions,
    Stage,
    StageContext,
    Task,
    TensorTask,
    TrainOptions,
    hookimpl,
)
from nasframe.errors import ArchitectureError, RunError
from nasframe.loops.joint import Joint
from nasframe.progress import Progress
from nasframe_bimodal.space import Bimodal


@define
class Digits(Task):
    """The first digits, left and right half; made by a stage, so that runs can be opened again."""

    examples: int = 200

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        inputs = {"examples": self.examples, "source": None if source is None else source.read_text()}
        return [Stage("digits", inputs, self._save)]

    def _save(self, context: StageContext) -> None:
        found = load_digits()
        (context.out / "data.json").write_text(
            json.dumps([found.images[: self.examples].tolist(), found.target[: self.examples].tolist()])
        )

    def data(self, folders: Mapping[str, Path]) -> Data:
        images, labels = json.loads((folders["digits"] / "data.json").read_text())
        pixels = torch.tensor(images) / 16
        return TensorTask({"left": pixels[:, :, :4], "right": pixels[:, :, 4:]}, torch.tensor(labels)).data(
            {}
        )

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"accuracy": float((outputs.argmax(-1) == targets).float().mean())}


class OpenedTestSplitError(AssertionError):
    """Raised by a test split that nobody may open."""


@define
class Sealed(Digits):
    """Digits whose test split raises."""

    def data(self, folders: Mapping[str, Path]) -> Data:
        def raises() -> Any:
            raise OpenedTestSplitError

        found = Digits.data(self, folders)
        return attrs.evolve(found, splits=attrs.evolve(found.splits, test=raises))


class Plugin:
    """Registers both."""

    @hookimpl
    def register_tasks(self) -> dict[str, Any]:
        return {"digits": Digits, "sealed": Sealed}


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


def without_time(lines: Any) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def test_a_run_leaves_everything_it_promises(experiment: Experiment, tmp_path: Path) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    names = {path.relative_to(run.path).as_posix() for path in run.path.rglob("*") if path.is_file()}
    promised = {
        "run.json",
        "experiment.toml",
        "metrics.jsonl",
        "architecture.json",
        "architecture.svg",
        "test.json",
        "report.html",
    }
    assert promised <= names
    assert {"checkpoints/search.json", "checkpoints/network.json"} <= names
    assert not any(path.suffix in (".pkl", ".pt", ".pth") for path in run.path.rglob("*"))
    assert nasframe.load_experiment(run) == experiment


@pytest.mark.parametrize("relaxation", ["softmax", "stgs", "grmc"])
def test_the_same_seed_gives_the_same_architecture_and_metrics(
    experiment: Experiment, relaxation: str, tmp_path: Path
) -> None:
    experiment = Experiment.parse(experiment.to_dict(), relaxation=relaxation)
    first, second = (nasframe.run_experiment(experiment, tmp_path / name) for name in "ab")
    assert first.architecture == second.architecture
    assert first.test == second.test
    assert without_time(first.metrics) == without_time(second.metrics)


def test_a_second_run_skips_what_is_done_and_changes_nothing(experiment: Experiment, tmp_path: Path) -> None:
    class Log(Progress):
        def __init__(self) -> None:
            self.lines: list[str] = []

        def say(self, message: str) -> None:
            self.lines.append(message)

    run = nasframe.run_experiment(experiment, tmp_path / "run")
    before = {
        path: path.read_bytes() for path in run.path.rglob("*") if path.is_file() and path.suffix != ".html"
    }
    log = Log()
    nasframe.run_experiment(experiment, tmp_path / "run", progress=log)
    assert {path: path.read_bytes() for path in before} == before
    assert [line for line in log.lines if "skipped" in line] == [
        "search: unchanged, skipped",
        "train: unchanged, skipped",
        "evaluate: unchanged, skipped",
    ]


def test_only_evaluate_opens_the_test_split(experiment: Experiment, tmp_path: Path) -> None:
    sealed = Experiment.parse(experiment.to_dict() | {"task": {"name": "sealed"}})
    nasframe.search(sealed, tmp_path / "run")
    nasframe.train(sealed, tmp_path / "run")
    with pytest.raises(OpenedTestSplitError):
        nasframe.evaluate(tmp_path / "run")


def test_evaluate_reports_the_metrics_and_the_size(experiment: Experiment, tmp_path: Path) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    result = nasframe.evaluate(run)
    assert result == run.test == json.loads((run.path / "test.json").read_text())
    cost = nasframe.cost_of(run.architecture)
    assert (
        result["parameters"]
        == result["parameters_total"]
        == cost.parameters
        == sum(result["parameters_by_part"].values())
    )
    assert result["multiply_adds"] == cost.multiply_adds
    assert result["examples"] == 40


def test_the_reported_accuracy_is_that_of_the_saved_network(experiment: Experiment, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    run = nasframe.run_experiment(experiment, tmp_path / "run")
    network = nasframe.build(run.architecture).eval()
    network.load_state_dict(load_file(next(run.checkpoints.glob("network-*.safetensors"))))
    split = Digits().data({"digits": Path(run.record["data"]["folders"]["digits"])}).splits.test()
    batch = split.batch(torch.arange(len(split)))
    with torch.no_grad():
        guesses = network(batch.inputs).argmax(-1)
    assert run.test is not None
    assert run.test["accuracy"] == pytest.approx(accuracy_score(batch.targets, guesses))


class Stop(BaseException):
    """Stands for Ctrl-C or a kill."""


@pytest.mark.parametrize("calls", [2, 12, 18, 24, 29])
def test_stopped_anywhere_the_same_command_goes_on_to_the_same_result(
    experiment: Experiment, calls: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = nasframe.run_experiment(experiment, tmp_path / "whole")
    usual, made = Digits.loss, 0

    def stopping(self: Digits, outputs: Tensor, targets: Tensor) -> Tensor:
        nonlocal made
        made += 1
        if made == calls:
            raise Stop
        return usual(self, outputs, targets)

    monkeypatch.setattr(Digits, "loss", stopping)
    with pytest.raises(Stop):
        nasframe.run_experiment(experiment, tmp_path / "stopped")
    resumed = nasframe.run_experiment(experiment, tmp_path / "stopped")
    assert resumed.architecture == whole.architecture
    assert resumed.test == whole.test
    assert without_time(resumed.metrics) == without_time(whole.metrics)


def test_a_given_architecture_is_trained_and_becomes_the_runs_own(
    experiment: Experiment, tmp_path: Path
) -> None:
    found = nasframe.search(experiment, tmp_path / "search").architecture
    other = Architecture(found.space, found.space.sample(3))
    run = nasframe.train(experiment, tmp_path / "run", architecture=other)
    assert run.architecture == other
    assert nasframe.evaluate(run)["converged"] is None
    with pytest.raises(RunError, match="the run holds another architecture"):
        nasframe.train(
            experiment, tmp_path / "run", architecture=Architecture(found.space, found.space.sample(5))
        )


def test_an_architecture_for_other_inputs_is_refused(experiment: Experiment, tmp_path: Path) -> None:
    space = Bimodal(channels=8).build({"a": (4, 3), "b": (4, 3)}, 10)
    with pytest.raises(ArchitectureError, match="takes the inputs .*, the task gives"):
        nasframe.train(experiment, tmp_path / "run", architecture=Architecture(space, space.sample(0)))


def test_training_can_inherit_the_supernets_weights(experiment: Experiment, tmp_path: Path) -> None:
    from nasframe.loops.checkpoint import load_checkpoint

    train = TrainOptions(epochs=1, batch_size=32, learning_rate=1e-9, inherit=True)
    run = nasframe.run_experiment(attrs.evolve(experiment, train=train), tmp_path / "run")
    supernet, network = (load_checkpoint(run.checkpoints, name) for name in ("search", "network"))
    assert supernet is not None
    assert network is not None
    for name, value in network.tensors.items():
        torch.testing.assert_close(value, supernet.tensors[f"supernet.{name}"], rtol=0, atol=1e-6)


def test_a_run_refuses_data_that_changed_under_it(experiment: Experiment, tmp_path: Path) -> None:
    source = tmp_path / "source.txt"
    source.write_text("first")
    nasframe.search(experiment, tmp_path / "run", source=source)
    for folder in experiment.cache.iterdir():
        folder.rename(tmp_path / "gone")
    source.write_text("second")
    with pytest.raises(RunError, match="the data or the code that reads it has changed"):
        nasframe.search(experiment, tmp_path / "run")


def test_a_run_whose_cache_is_gone_makes_it_again(experiment: Experiment, tmp_path: Path) -> None:
    import shutil

    run = nasframe.run_experiment(experiment, tmp_path / "run")
    before = run.test
    shutil.rmtree(experiment.cache)
    assert nasframe.evaluate(run) == before


def test_evaluate_before_training_says_what_to_do(experiment: Experiment, tmp_path: Path) -> None:
    nasframe.search(experiment, tmp_path / "run")
    with pytest.raises(RunError, match="has no trained network yet; go on with `nasframe train"):
        nasframe.evaluate(tmp_path / "run")


def test_a_search_in_memory_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    images = torch.tensor(load_digits().images[:120], dtype=torch.float32)
    task = TensorTask(
        {"left": images[:, :, :4], "right": images[:, :, 4:]}, torch.tensor(load_digits().target[:120])
    )
    options = SearchOptions(epochs=1)
    found = nasframe.search(Experiment.of(task=task, space=Bimodal(channels=4), search=options, device="cpu"))
    assert found.run is None
    assert found.architecture.provenance["relaxation"] == "grmc"
    assert len(found.history) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_run_of_a_task_made_in_python_is_evaluated_with_its_experiment(tmp_path: Path) -> None:
    images = torch.tensor(load_digits().images[:120], dtype=torch.float32)
    halves = {"left": images[:, :, :4], "right": images[:, :, 4:]}
    experiment = Experiment.of(
        task=TensorTask(halves, torch.tensor(load_digits().target[:120])),
        space=Bimodal(channels=4),
        search=SearchOptions(epochs=1),
        train=TrainOptions(epochs=1),
        device="cpu",
    )
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    assert nasframe.evaluate(run, experiment=experiment) == run.test


def test_the_report_opens_offline_and_shows_the_numbers(experiment: Experiment, tmp_path: Path) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 5
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#|data:)""", page)
    assert run.test is not None
    assert f"{run.test['accuracy']:.4f}" in page
    assert f"{run.test['parameters']:,}" in page


def test_a_run_is_loaded_by_its_path(experiment: Experiment, tmp_path: Path) -> None:
    run = nasframe.search(experiment, tmp_path / "run").run
    assert isinstance(run, Run)
    assert nasframe.load_run(tmp_path / "run") == run
    assert nasframe.load_architecture(tmp_path / "run") == nasframe.load_architecture(
        run.path / "architecture.json"
    )
    assert "cell1" in nasframe.draw(tmp_path / "run").svg
