"""Each hook does what it promises, seen from outside: one test a hook, named after it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from attrs import define, field, frozen
from torch import Tensor, nn

import nasframe
from nasframe import (
    BaselineOptions,
    Data,
    Operation,
    Relaxation,
    Run,
    Sample,
    SearchOptions,
    SearchSpace,
    Task,
    TensorTask,
    TrainOptions,
    hookspec,
)
from nasframe.cli import main
from nasframe.display import Section
from nasframe.errors import ArchitectureError, RunError
from nasframe.jobs import Executor, Outcome, Report, Trial, execute
from nasframe.plugins import PluginManager
from nasframe.searching import Bilevel, RandomSearch
from nasframe_bimodal.space import Bimodal
from nasframe_deepfake import register_demos
from tests.plugins.made import plugin

SMALL = Bimodal(channels=4, cells=1, nodes=1)


def task() -> TensorTask:
    return TensorTask({name: torch.rand(32, 4, 6) for name in ("left", "right")}, torch.arange(32) % 2)


def search(run: Path | None = None, **parts: Any) -> nasframe.SearchResult:
    """A search of one epoch."""
    given = {"task": task(), "space": SMALL, "search": SearchOptions(epochs=1, batch_size=16), **parts}
    return nasframe.search(nasframe.Experiment.of(**given, device="cpu"), run)


class Maximum(Operation):
    """The larger of both."""

    arity = 2

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return torch.maximum(x, y)


@frozen
class Uniform(Relaxation):
    """Every candidate alike, whatever the logits are."""

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        return Sample(logits.softmax(-1) * 0 + 1 / logits.shape[-1], one_hot=False)


# -- registration ---------------------------------------------------------------------------------------


def test_register_operations_makes_a_candidate(plugins: PluginManager) -> None:
    plugins.register(plugin(register_operations=lambda: {"maximum": Maximum}), "mine")
    found = search(space=Bimodal(channels=4, cells=1, nodes=1, operations=("zero", "maximum")))
    assert set(found.history[0]["probabilities"]["cell1/N1"]) == {"zero", "maximum"}


def test_register_relaxations_makes_one_that_experiments_can_name(plugins: PluginManager) -> None:
    plugins.register(plugin(register_relaxations=lambda: {"uniform": Uniform}), "mine")
    space = Bimodal(channels=4, cells=1, nodes=1, ports="choose")
    record = search(relaxation="uniform", space=space).history[-1]
    assert set(record["entropy"]) == {"alpha", "beta", "gamma"}


def test_register_search_spaces_makes_one_that_experiments_can_name(plugins: PluginManager) -> None:
    @frozen
    class OneCell(Bimodal):
        """One small cell."""

        channels: int = 4
        cells: int = 1
        nodes: int = 1

    plugins.register(plugin(register_search_spaces=lambda: {"one_cell": OneCell}), "mine")
    assert search(space="one_cell").architecture.space.origin is not None


def test_register_derivation_rules_makes_one_that_a_space_can_name(plugins: PluginManager) -> None:
    def constant(space: SearchSpace, probabilities: Any) -> dict[str, str]:
        return space.sample(7)

    @frozen
    class Constant(Bimodal):
        """The bimodal space, with a rule of our own."""

        def make(self, *arguments: Any) -> SearchSpace:
            space = super().make(*arguments)
            space.derivation = "constant"
            return space

    plugins.register(plugin(register_derivation_rules=lambda: {"constant": constant}), "mine")
    found = search(space=Constant(channels=4, cells=1, nodes=1)).architecture
    assert found.assignment == found.space.sample(7)


def test_register_baselines_makes_networks_that_experiments_can_name(
    plugins: PluginManager, tmp_path: Path
) -> None:
    class Left(nn.Module):
        def __init__(self, outputs: int) -> None:
            super().__init__()
            self.linear = nn.Linear(6, outputs)

        def forward(self, inputs: Any) -> Tensor:
            output: Tensor = self.linear(inputs["left"].mean(1))
            return output

    def left(data: Data) -> dict[str, Any]:
        return {"left, linear": lambda: Left(data.outputs)}

    plugins.register(plugin(register_baselines=lambda: {"left": left}), "mine")
    experiment = nasframe.Experiment.of(
        task=task(),
        space=SMALL,
        search=SearchOptions(epochs=1, batch_size=16),
        train=TrainOptions(epochs=1),
        baselines=BaselineOptions(registered=("left",)),
        device="cpu",
    )
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    assert run.test is not None
    assert [*run.test["baselines"]] == ["left, linear"]


def test_register_loops_makes_one_that_experiments_can_name(plugins: PluginManager) -> None:
    kinds: list[str] = []

    @frozen
    class Watched(Bilevel):
        """Bilevel, watched."""

        def updates(self, *arguments: Any) -> Any:
            for update in super().updates(*arguments):
                kinds.append(update.kind)
                yield update

    plugins.register(plugin(register_loops=lambda: {"watched": Watched}), "mine")
    search(loop="watched")
    assert set(kinds) == {"weights", "architecture"}


def test_register_tasks_makes_one_that_experiments_can_name(plugins: PluginManager) -> None:
    @frozen
    class Louder(Task):
        """The louder half is to be named."""

        def data(self, folders: Any) -> nasframe.Data:
            return task().data(folders)

        def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
            return task().loss(outputs, targets)

        def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
            return {"accuracy": float((outputs.argmax(-1) == targets).float().mean())}

    plugins.register(plugin(register_tasks=lambda: {"louder": Louder}), "mine")
    assert search(task="louder").history


def test_register_demos_makes_one_that_the_command_finds(
    plugins: PluginManager, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugins.register(plugin(register_demos=lambda: {"mine": tmp_path / "missing.toml"}), "mine")
    assert main(["demo", "mine"]) == 2
    assert "missing.toml: 1 problem\n  no such file" in capsys.readouterr().err


def test_register_presets_makes_one_that_the_option_lays_over_an_experiment(
    plugins: PluginManager, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    preset = tmp_path / "mine.toml"
    plugins.register(plugin(register_presets=lambda: {"mine": preset}), "mine")
    assert main(["demo", "deepfake", "--preset", "mine"]) == 2
    assert "mine.toml): 1 problem\n  no such file" in capsys.readouterr().err
    preset.write_text("[search]\nepochs = 77\n", encoding="utf-8")
    experiment = nasframe.Experiment.load(register_demos()["deepfake"], preset="mine")
    assert experiment.search.epochs == 77
    assert main(["demo", "deepfake", "--preset", "other"]) == 2
    assert "unknown preset 'other'; valid: mine, paper" in capsys.readouterr().err


def test_register_tables_makes_one_that_is_read_by_its_name(
    plugins: PluginManager, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugins.register(plugin(register_tables=lambda: {"mine": tmp_path / "missing.json.xz"}), "mine")
    assert main(["tables"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["mine", "mine", str(tmp_path / "missing.json.xz")] in rows
    with pytest.raises(RunError, match=r"missing\.json\.xz: cannot be read: no such file"):
        nasframe.load_table("mine")
    assert main(["tables", "mien"]) == 2
    assert "did you mean 'mine'" in capsys.readouterr().err


@define(kw_only=True)
class Pretending(Executor):
    """Says that every trial is done."""

    _given: list[str] = field(init=False, factory=list)

    def submit(self, trial: Trial) -> None:
        self._given.append(trial.name)

    def reports(self, seconds: float) -> Sequence[Report]:
        given, self._given = self._given, []
        return [Report(name, Outcome("done", seconds=7.0)) for name in given]

    def end(self, trial: str) -> None:
        pass


def test_register_executors_makes_one_that_does_trials(
    plugins: PluginManager, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugins.register(plugin(register_executors=lambda: {"mine": Pretending}), "mine")
    trial = Trial("a", tmp_path, "no:work")
    assert execute([trial], tmp_path, executor="mine") == {"a": Outcome("done", seconds=7.0)}
    assert main(["plugins"]) == 0
    assert "executor    mine" in capsys.readouterr().out


def test_register_hookspecs_makes_hooks_that_other_plugins_implement(
    plugins: PluginManager, capsys: pytest.CaptureFixture[str]
) -> None:
    specified = ModuleType("specified")

    def register_cheeses() -> None:
        """Name → cheese."""

    vars(specified).update(register_cheeses=hookspec(register_cheeses), KINDS={"cheese": "register_cheeses"})
    plugins.register(plugin(register_cheeses=lambda: {"brie": Maximum}), "soft")
    plugins.register(plugin(register_hookspecs=lambda: specified), "mine")
    assert nasframe.manager().load("cheese", "brie") is Maximum
    assert main(["plugins"]) == 0
    assert "cheese      brie" in capsys.readouterr().out


def test_register_commands_adds_to_the_command_line(
    plugins: PluginManager, capsys: pytest.CaptureFixture[str]
) -> None:
    def hello(name: str, /) -> None:
        print(f"hello {name}")

    plugins.register(plugin(register_commands=lambda app: app.command(hello)), "mine")
    assert main(["hello", "world"]) == 0
    assert capsys.readouterr().out == "hello world\n"


def test_read_architecture_makes_a_file_in_another_format_an_architecture(
    plugins: PluginManager, tmp_path: Path
) -> None:
    space = SMALL.build({"left": (4, 3), "right": (4, 3)}, 2)
    expected = nasframe.Architecture(space, space.sample(0))
    file = tmp_path / "found.mine"
    file.write_text("mine: 0", encoding="utf-8")
    reader = plugin(read_architecture=lambda text: expected if text.startswith("mine") else None)
    plugins.register(reader, "mine")
    assert nasframe.load_architecture(file) is expected
    file.write_text("yours: 0", encoding="utf-8")
    with pytest.raises(ArchitectureError, match="found.mine: cannot be read as JSON"):
        nasframe.load_architecture(file)


# -- life cycle -----------------------------------------------------------------------------------------


def test_search_started_comes_before_the_first_update_with_run_space_and_relaxation(
    plugins: PluginManager, tmp_path: Path
) -> None:
    told: list[tuple[Any, ...]] = []

    def started(run: Any, space: Any, relaxation: Any) -> None:
        told.append((run.path, space.name, relaxation.samples, run.history("search")))

    plugins.register(plugin(search_started=started), "mine")
    search(tmp_path / "run")
    assert told == [(tmp_path / "run", "bimodal", 100, [])]


def test_search_step_is_told_of_every_update(plugins: PluginManager) -> None:
    records: list[tuple[int, str, float]] = []
    listener = plugin(
        search_step=lambda step, record: records.append((step, record["kind"], float(record["loss"])))
    )
    plugins.register(listener, "mine")
    search()
    assert [step for step, _, _ in records] == list(range(len(records)))
    assert {kind for _, kind, _ in records} == {"weights", "architecture"}
    assert all(loss > 0 for _, _, loss in records)


def test_search_epoch_gets_the_line_that_is_written_to_the_metrics(
    plugins: PluginManager, tmp_path: Path
) -> None:
    heard: list[Any] = []
    plugins.register(plugin(search_epoch=lambda epoch, record: heard.append((epoch, record))), "mine")
    run = search(tmp_path / "run").run
    assert run is not None
    ((epoch, record),) = heard
    assert epoch == 0
    assert json.loads(json.dumps(record)) == run.history("search")[0]


def test_search_trial_gets_the_line_that_is_written_to_the_metrics(
    plugins: PluginManager, tmp_path: Path
) -> None:
    heard: list[Any] = []
    started: list[Any] = []
    listener = plugin(
        search_trial=lambda record: heard.append(record),
        search_started=lambda relaxation: started.append(relaxation),
    )
    plugins.register(listener, "mine")
    run = search(tmp_path / "run", loop=RandomSearch(trials=2)).run
    assert run is not None
    assert started == [None]
    assert json.loads(json.dumps(heard)) == run.history("trial")
    assert len(heard) == 2


def test_architecture_derived_gets_what_the_search_returns(plugins: PluginManager) -> None:
    heard: list[Any] = []
    plugins.register(plugin(architecture_derived=lambda architecture: heard.append(architecture)), "mine")
    found = search()
    assert heard == [found.architecture]


def test_search_finished_comes_when_all_is_on_disk(plugins: PluginManager, tmp_path: Path) -> None:
    there: list[Any] = []

    def finished(run: Run, summary: Any) -> None:
        there.append((run.architecture.fingerprint, (run.path / "architecture.svg").exists(), summary))

    plugins.register(plugin(search_finished=finished), "mine")
    found = search(tmp_path / "run")
    ((fingerprint, drawn, summary),) = there
    assert fingerprint == found.architecture.fingerprint
    assert drawn
    assert summary["epochs"] == 1


def test_report_sections_puts_sections_on_the_page_of_a_run(plugins: PluginManager, tmp_path: Path) -> None:
    def sections(run: Any) -> list[Section]:
        return [Section("Epochs", [f"There are {len(run.history('search'))} of the search."])]

    plugins.register(plugin(report_sections=sections), "mine")
    run = search(tmp_path / "run").run
    assert run is not None
    assert main(["report", str(run.path)]) == 0
    assert "There are 1 of the search." in (run.path / "report.html").read_text(encoding="utf-8")


def test_style_node_is_laid_over_the_style_of_a_drawn_node(plugins: PluginManager) -> None:
    plugins.register(
        plugin(style_node=lambda node, operation: {"fillcolor": "gold"} if operation == "head" else None),
        "mine",
    )
    assert nasframe.draw(search()).dot.count("gold") == 1
