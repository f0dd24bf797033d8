"""The Python entry, from end to end on scikit-learn's digits."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
from attrs import define
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from torch import Tensor, nn
from torch.nn import functional as F

import nasframe
import nasframe.training.training
from nasframe import (
    Architecture,
    BaselineOptions,
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
from nasframe.errors import ArchitectureError, DataError, RunError, SpaceError
from nasframe.pipeline import draw_different
from nasframe.runtime import Progress, replacing
from nasframe.searching.joint import Joint
from nasframe_bimodal.space import Bimodal


@define
class Digits(Task):
    """The first digits, left and right half; made by a stage, so that runs can be opened again."""

    examples: int = 200

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        if source is not None and not source.exists():
            raise DataError(f"{source} is not there")
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

    def baselines(self, data: Data) -> dict[str, Callable[[], nn.Module]]:
        return {"left alone": LeftAlone}


class LeftAlone(nn.Module):
    """A linear classifier of the left half."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(32, 10)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        output: Tensor = self.linear(inputs["left"].flatten(1))
        return output


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


class Log(Progress):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, message: str) -> None:
        self.lines.append(message)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


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


@contextmanager
def killed_at_every_write(folder: Path, into: Path) -> Iterator[list[Path]]:
    """Copies of a folder as kills would leave it: while a file is written, and just after."""
    states: list[Path] = []

    @contextmanager
    def recording(path: Path) -> Iterator[Path]:
        with replacing(path) as temporary:
            yield temporary
            keep(path)
        keep(path)

    def keep(path: Path) -> None:
        if path.is_relative_to(folder):
            states.append(shutil.copytree(folder, into / f"{len(states):03d}-{path.name}"))

    with pytest.MonkeyPatch.context() as patch:
        for module in ("nasframe.runtime.files", "nasframe.runs.checkpoint", "nasframe.render.drawing"):
            patch.setattr(f"{module}.replacing", recording)
        yield states


def assert_same(run: Run, whole: Run) -> None:
    assert run.architecture == whole.architecture
    assert run.test == whole.test
    assert without_time(run.metrics) == without_time(whole.metrics)
    assert tree(run.path).keys() == tree(whole.path).keys()
    assert run.record["done"].keys() == whole.record["done"].keys()


def test_killed_at_any_write_the_same_command_goes_on_to_the_same_result(
    experiment: Experiment, tmp_path: Path
) -> None:
    options = {
        "search": SearchOptions(epochs=2, batch_size=64),
        "train": TrainOptions(epochs=2, batch_size=64),
    }
    experiment = attrs.evolve(experiment, **options)
    with killed_at_every_write(tmp_path / "run", tmp_path / "killed") as states:
        whole = nasframe.run_experiment(experiment, tmp_path / "run")
    assert len(states) > 45
    for state in states:
        assert_same(nasframe.run_experiment(experiment, state), whole)


def test_a_training_that_replaces_another_can_be_killed_at_any_write(
    experiment: Experiment, tmp_path: Path
) -> None:
    train = TrainOptions(epochs=1, batch_size=64)
    experiment = attrs.evolve(experiment, search=SearchOptions(epochs=1, batch_size=64), train=train)
    first = nasframe.run_experiment(experiment, tmp_path / "first")
    shutil.copytree(first.path, tmp_path / "run")
    longer = attrs.evolve(experiment, train=attrs.evolve(train, epochs=2))
    with killed_at_every_write(tmp_path / "run", tmp_path / "killed") as states:
        whole = nasframe.train(longer, tmp_path / "run", overwrite=True)
    assert len(states) > 12
    for state in states:
        record = json.loads((state / "run.json").read_text())
        again = record["experiment"] == experiment.fingerprint()  # the old training is still on record
        copy = shutil.copytree(state, f"{state}-for-the-old")
        run = nasframe.train(longer, state, overwrite=again)
        assert_same(run, whole)
        assert nasframe.load_experiment(run) == longer
        if again:
            assert_same(nasframe.run_experiment(experiment, copy), first)


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


def test_an_architecture_with_another_number_of_outputs_is_refused_and_nothing_is_made(
    experiment: Experiment, tmp_path: Path
) -> None:
    space = Bimodal(channels=8).build({"left": (8, 4), "right": (8, 4)}, 3)
    with pytest.raises(ArchitectureError, match="gives 3 outputs, the task wants 10"):
        nasframe.train(experiment, tmp_path / "run", architecture=Architecture(space, space.sample(0)))
    assert not (tmp_path / "run").exists()


def test_train_without_an_architecture_says_so_and_makes_nothing(
    experiment: Experiment, tmp_path: Path
) -> None:
    for overwrite in (False, True):
        with pytest.raises(RunError, match="there is no architecture to train"):
            nasframe.train(experiment, tmp_path / "run", overwrite=overwrite)
    assert not (tmp_path / "run").exists()


def test_a_space_that_is_not_registered_is_refused_before_a_run_is_made(
    experiment: Experiment, tmp_path: Path
) -> None:
    @attrs.frozen
    class Mine(Bimodal):
        """Made in Python."""

    mine = Experiment.of(task="digits", space=Mine(channels=8), device="cpu", cache=tmp_path / "cache")
    with pytest.raises(SpaceError, match="is not registered, so no architecture of it can be saved"):
        nasframe.search(mine, tmp_path / "run")
    assert not (tmp_path / "run").exists()


# -- replacing ------------------------------------------------------------------------------------------


def test_train_overwrite_keeps_the_search(experiment: Experiment, tmp_path: Path) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    run.log({"mine": 1})
    before, searched = tree(run.path), run.history("search")
    longer = attrs.evolve(experiment, train=TrainOptions(epochs=4, batch_size=32))
    with pytest.raises(RunError, match="there 'epochs = 3', asked 'epochs = 4'"):
        nasframe.train(longer, run.path)
    assert tree(run.path) == before
    nasframe.train(longer, run.path, overwrite=True)
    after = tree(run.path)
    kept = [name for name in before if name.startswith(("architecture.", "checkpoints/search"))]
    assert len(kept) == 5
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert run.history("search") == searched
    assert {"mine": 1} in run.metrics
    assert [record["epoch"] for record in run.history("train")] == [1, 2, 3, 4]
    assert run.test is None
    log = Log()
    nasframe.run_experiment(longer, run.path, progress=log)
    assert [line for line in log.lines if "skipped" in line] == [
        "search: unchanged, skipped",
        "train: unchanged, skipped",
    ]
    assert run.test is not None


def test_train_overwrite_refuses_the_search_of_another_experiment_and_loses_nothing(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = nasframe.search(experiment, tmp_path / "run").run
    assert run is not None
    before = tree(run.path)
    other = attrs.evolve(experiment, seed=1)
    with pytest.raises(RunError, match="differs in more than the training"):
        nasframe.train(other, run.path, overwrite=True)
    assert tree(run.path) == before


def test_train_overwrite_with_another_architecture_replaces_the_run(
    experiment: Experiment, tmp_path: Path
) -> None:
    found = nasframe.search(experiment, tmp_path / "run").architecture
    sampled = (Architecture(found.space, found.space.sample(seed)) for seed in range(20))
    other = next(architecture for architecture in sampled if architecture != found)
    run = nasframe.train(experiment, tmp_path / "run", architecture=other, overwrite=True)
    assert run.architecture == other
    assert run.history("search") == []


@pytest.mark.parametrize("command", [nasframe.search, nasframe.run_experiment])
def test_a_failing_task_leaves_the_run_that_was_to_be_replaced(
    experiment: Experiment, command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(experiment, tmp_path / "run")
    before = tree(tmp_path / "run")

    def fail(self: Digits, context: StageContext) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(Digits, "_save", fail)
    other = attrs.evolve(experiment, task=Digits(examples=100))
    with pytest.raises(OSError, match="the disk is gone"):
        command(other, tmp_path / "run", overwrite=True)
    assert tree(tmp_path / "run") == before
    with pytest.raises(OSError, match="the disk is gone"):
        command(other, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_run_is_replaced_by_that_of_another_experiment(experiment: Experiment, tmp_path: Path) -> None:
    nasframe.run_experiment(experiment, tmp_path / "run")
    other = attrs.evolve(experiment, seed=1)
    fresh = nasframe.run_experiment(other, tmp_path / "fresh")
    assert_same(nasframe.run_experiment(other, tmp_path / "run", overwrite=True), fresh)


def test_a_cache_in_the_run_folder_is_used_again_and_never_deleted(
    experiment: Experiment, tmp_path: Path
) -> None:
    nested = attrs.evolve(experiment, cache=tmp_path / "run/cache")
    nasframe.search(nested, tmp_path / "run")
    nasframe.search(nested, tmp_path / "run")
    before = tree(tmp_path / "run")
    with pytest.raises(RunError, match="holds cache, which no run writes"):
        nasframe.search(nested, tmp_path / "run", overwrite=True)
    assert tree(tmp_path / "run") == before


# -- two processes --------------------------------------------------------------------------------------


def test_a_second_process_is_refused_and_the_first_is_not_disturbed(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = nasframe.run_experiment(experiment, tmp_path / "whole")
    usual, refused = Digits.calibrate, []

    def meanwhile(self: Digits, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        reader, writer = os.pipe()
        process = os.fork()
        if process == 0:
            for attempt in (
                lambda: nasframe.run_experiment(experiment, tmp_path / "run"),
                lambda: nasframe.search(experiment, tmp_path / "run", overwrite=True),
                lambda: nasframe.train(experiment, tmp_path / "run"),
                lambda: nasframe.evaluate(tmp_path / "run"),
            ):
                try:
                    attempt()
                    os.write(writer, b"nothing was raised\n")
                except BaseException as error:
                    os.write(writer, f"{type(error).__name__} {error}\n".encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as answers:
            refused.extend(answers)
        os.waitpid(process, 0)
        return usual(self, outputs, targets)

    monkeypatch.setattr(Digits, "calibrate", meanwhile)
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    assert len(refused) == 4
    for answer in refused:
        assert answer.startswith("RunError")
        assert f"process {os.getpid()} is at work in this run" in answer
    assert_same(run, whole)


def test_a_run_goes_on_after_its_process_was_killed(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = nasframe.run_experiment(experiment, tmp_path / "whole")
    process = os.fork()
    if process == 0:
        monkeypatch.setattr(Digits, "calibrate", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        nasframe.run_experiment(experiment, tmp_path / "run")
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(process, 0)[1]) == signal.SIGKILL
    assert_same(nasframe.run_experiment(experiment, tmp_path / "run"), whole)


# -- elsewhere ------------------------------------------------------------------------------------------


def test_a_run_opened_from_another_working_directory_is_evaluated_without_running_stages_again(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    Path("source.txt").write_text("mine")
    relative = attrs.evolve(experiment, cache=Path("runs/cache"))
    run = nasframe.run_experiment(relative, "run", source="source.txt")
    before, data = run.test, run.record["data"]
    assert data["source"] == str(tmp_path / "here/source.txt")
    assert data["cache"] == str(tmp_path / "here/runs/cache")
    monkeypatch.chdir(tmp_path / "there")
    log = Log()
    assert nasframe.evaluate(tmp_path / "here/run", progress=log) == before
    assert nasframe.evaluate("../here/run", source="../here/source.txt", progress=log) == before
    assert log.lines == []
    shutil.rmtree(data["cache"])
    assert nasframe.evaluate(tmp_path / "here/run", progress=log) == before
    assert [line for line in log.lines if line.startswith("digits: done")]
    assert Path(data["folders"]["digits"]).is_dir()
    assert list((tmp_path / "there").iterdir()) == []


def test_predict_raises_at_the_call(experiment: Experiment, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such run folder"):
        nasframe.predict(tmp_path / "nowhere", [])
    nasframe.search(experiment, tmp_path / "run")
    with pytest.raises(RunError, match="has no trained network yet"):
        nasframe.predict(tmp_path / "run", [])


def test_a_search_that_is_done_builds_no_supernet(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = nasframe.search(experiment, tmp_path / "run")

    def never(*_: object) -> None:
        raise AssertionError("a space was built")

    monkeypatch.setattr(Bimodal, "make", never)
    monkeypatch.setattr("nasframe.pipeline.engines.Search", never)
    monkeypatch.setattr(Run, "architecture", property(lambda run: first.architecture))
    assert nasframe.search(experiment, tmp_path / "run").history == first.history


def test_training_can_inherit_the_supernets_weights(experiment: Experiment, tmp_path: Path) -> None:
    from nasframe.runs import load_checkpoint

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
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert titles[:3] == [
        "The network that was found",
        "The search space over the epochs",
        "On the test split",
    ]
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


# -- baselines ------------------------------------------------------------------------------------------


@pytest.fixture
def compared(experiment: Experiment) -> Experiment:
    return attrs.evolve(experiment, baselines=BaselineOptions(random=2, task=True))


def test_a_run_is_measured_against_random_architectures_and_the_tasks_own_networks(
    compared: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(compared, tmp_path / "run")
    assert run.test is not None
    baselines = run.test["baselines"]
    assert list(baselines) == ["random 1", "random 2", "left alone"]
    assert baselines["random 1"]["architecture"] != baselines["random 2"]["architecture"]
    assert baselines["left alone"]["parameters"] == 330
    assert all({"accuracy", "validation"} <= values.keys() for values in baselines.values())
    assert "random, mean of 2" in (run.path / "report.html").read_text()
    assert nasframe.evaluate(run) == run.test


def test_a_baseline_is_trained_as_the_searched_network_is(compared: Experiment, tmp_path: Path) -> None:
    whole = nasframe.run_experiment(compared, tmp_path / "run")
    assert whole.test is not None
    space = whole.architecture.space
    stages = {line["stage"] for line in whole.metrics} - {"search", "train"}
    assert len(stages) == 3
    assert all(len(whole.history(stage)) == compared.train.epochs for stage in stages)
    for number, drawn in enumerate(draw_different(space, compared.seed, 2), start=1):
        scored = whole.test["baselines"][f"random {number}"]
        assert scored["architecture"] == drawn.fingerprint[:16]
        alone = nasframe.train(compared, tmp_path / str(number), architecture=drawn)
        assert nasframe.evaluate(alone)["accuracy"] == scored["accuracy"]


def test_random_architectures_differ_and_no_more_are_drawn_than_there_are(experiment: Experiment) -> None:
    space = experiment.space.build({"left": (8, 4), "right": (8, 4)}, 10)
    drawn = {architecture.fingerprint for architecture in draw_different(space, 0, 10**9)}
    assert len(drawn) == space.count()


def test_trained_baselines_are_skipped_and_asked_for_later_they_are_added(
    experiment: Experiment, compared: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    assert run.test is not None
    assert run.test["baselines"] == {}
    log = Log()
    nasframe.run_experiment(compared, run.path, progress=log)
    assert [line for line in log.lines if "unchanged" in line and "digits" not in line] == [
        "search: unchanged, skipped",
        "train: unchanged, skipped",
    ]
    assert nasframe.load_experiment(run).baselines == compared.baselines
    log = Log()
    nasframe.run_experiment(compared, run.path, progress=log)
    assert {"baselines: unchanged, skipped", "evaluate: unchanged, skipped"} <= set(log.lines)


def test_killed_among_the_baselines_the_same_command_goes_on_to_the_same_result(
    compared: Experiment, tmp_path: Path
) -> None:
    options = {
        "search": SearchOptions(epochs=1, batch_size=64),
        "train": TrainOptions(epochs=2, batch_size=64),
    }
    compared = attrs.evolve(compared, **options)
    with killed_at_every_write(tmp_path / "run", tmp_path / "killed") as states:
        whole = nasframe.run_experiment(compared, tmp_path / "run")
    among = [state for state in states if (state / "checkpoints/network.json").exists()]
    assert len(among) > 15
    for state in among[::3]:
        assert_same(nasframe.run_experiment(compared, state), whole)


def test_a_damaged_baseline_stands_in_nobodys_way_and_is_made_again(
    compared: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(compared, tmp_path / "run")
    file = next(run.checkpoints.glob("baseline-left-alone-*.safetensors"))
    before = file.read_bytes()
    file.write_bytes(before[:50])
    log = Log()
    assert list(nasframe.evaluate(run, progress=log)["baselines"]) == ["random 1", "random 2"]
    assert any("is damaged" in line for line in log.lines)
    nasframe.run_experiment(compared, run.path)
    assert file.read_bytes() == before


def test_training_again_forgets_the_baselines(compared: Experiment, tmp_path: Path) -> None:
    nasframe.run_experiment(compared, tmp_path / "run")
    longer = attrs.evolve(compared, train=attrs.evolve(compared.train, epochs=4))
    run = nasframe.train(longer, tmp_path / "run", overwrite=True)
    assert not list(run.checkpoints.glob("baseline-*"))
    assert {line["stage"] for line in run.metrics} == {"search", "train"}


# -- files that are not what they were ------------------------------------------------------------------


def test_an_edited_architecture_is_not_scored_with_the_network_of_another(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    space = run.architecture.space
    other = next(
        found
        for found in (Architecture(space, space.sample(seed)) for seed in range(9))
        if found != run.architecture
    )
    other.save(run.path / "architecture.json")
    for use in (lambda: nasframe.evaluate(run), lambda: nasframe.predict(run, [])):
        with pytest.raises(RunError, match=r"belongs to another architecture.*--overwrite"):
            use()
    with pytest.raises(RunError, match="another network has been trained here; `nasframe train .* --over"):
        nasframe.train(experiment, run.path)
    nasframe.train(experiment, run.path, overwrite=True)
    assert nasframe.evaluate(run)["architecture"] == other.fingerprint[:16]


def test_a_damaged_trained_network_is_made_again_from_the_training(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    file = next(run.checkpoints.glob("network-*.safetensors"))
    before = file.read_bytes()
    file.write_bytes(before[:100])
    with pytest.raises(RunError, match=r"is damaged.*; go on with `nasframe train"):
        nasframe.evaluate(run)
    log = Log()
    nasframe.train(experiment, run.path, progress=log)
    assert any("is damaged" in line and "made again" in line for line in log.lines)
    assert file.read_bytes() == before


def test_a_search_taken_up_again_after_an_unfinished_training_ends_as_a_whole_run(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = nasframe.run_experiment(experiment, tmp_path / "whole")
    trained = nasframe.training.training.Training._checkpoint

    def interrupted(self: Any, epoch: int, optimiser: Any) -> None:
        trained(self, epoch, optimiser)
        if epoch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("nasframe.training.training.Training._checkpoint", interrupted)
        with pytest.raises(KeyboardInterrupt):
            nasframe.run_experiment(experiment, tmp_path / "run")
    (tmp_path / "run/architecture.json").unlink()
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    assert run.test == whole.test


def test_a_damaged_architecture_is_derived_again_once_it_is_removed(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    found = run.architecture
    (run.path / "architecture.json").write_text("{")
    with pytest.raises(ArchitectureError, match=r"not JSON(.|\n)*remove the file and search again"):
        nasframe.evaluate(run)
    (run.path / "architecture.json").unlink()
    assert nasframe.run_experiment(experiment, run.path).architecture == found


def test_data_that_changed_is_refused_before_any_stage_runs(experiment: Experiment, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("one")
    run = nasframe.run_experiment(experiment, tmp_path / "run", source=source)
    cached = sorted((tmp_path / "cache").iterdir())
    source.write_text("two")
    for use in (
        lambda: nasframe.run_experiment(experiment, run.path),
        lambda: nasframe.evaluate(run),
        lambda: nasframe.evaluate(run, source=source),
    ):
        with pytest.raises(RunError, match="the data or the code that reads it has changed"):
            use()
    assert sorted((tmp_path / "cache").iterdir()) == cached


def test_a_run_whose_source_is_gone_is_evaluated_from_what_was_prepared(
    experiment: Experiment, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_text("one")
    run = nasframe.run_experiment(experiment, tmp_path / "run", source=source)
    source.rename(tmp_path / "moved")
    log = Log()
    assert nasframe.evaluate(run, progress=log) == run.test
    assert any("going on with what was prepared" in line for line in log.lines)
    assert nasframe.evaluate(run, source=tmp_path / "moved") == run.test
