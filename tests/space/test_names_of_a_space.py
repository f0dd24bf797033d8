"""A bare name in a space is that of the space's plugin or of nasframe, whatever is installed beside them."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from attrs import frozen
from torch import Tensor

import nasframe
from nasframe import Choice, Experiment, Operation, OpSpec, SearchOptions, SearchSpace, SpaceFactory, build
from nasframe.cli import main
from nasframe.errors import ConfigurationError, PluginError
from nasframe.jobs import execute
from nasframe.plugins import PluginManager
from nasframe_bimodal.space import Bimodal
from tests.plugins.made import plugin
from tests.toys import STREAMS

INPUTS = {"a": (4, 3), "b": (4, 5)}
OPERATIONS = (
    *("zero", "identity", "input", "sum", "attention", "linear_glu", "concat_fc", "projection"),
    *("concat", "head", "layer_norm", "batch_norm", "dropout", "weighted_fusion"),
)


class Strange(Operation):
    """An operation that would fail in the place of any of the space's own."""

    arity = 5


class Broken:
    """Something else than a relaxation, a loop or an executor."""


def strange_rule(space: SearchSpace, probabilities: Any) -> Any:
    raise AssertionError("the rule of another plugin was called")


@pytest.fixture
def others(plugins: PluginManager) -> None:
    """A plugin that registers every name which bimodal, the experiment and the jobs have by default."""
    found = plugin(
        register_operations=lambda: dict.fromkeys(OPERATIONS, Strange),
        register_derivation_rules=lambda: dict.fromkeys(
            ("argmax", "best_pair", "top_k_per_port"), strange_rule
        ),
        register_relaxations=lambda: {"grmc": Broken},
        register_loops=lambda: {"bilevel": Broken},
        register_executors=lambda: {"local": Broken},
    )
    plugins.register(found, "others")


def experiment(**space: Any) -> Experiment:
    random = torch.Generator().manual_seed(0)
    tensors = {name: torch.rand(32, *shape, generator=random) for name, shape in INPUTS.items()}
    return Experiment.of(
        task=nasframe.TensorTask(tensors, torch.arange(32) % 2),
        space=Bimodal(channels=4, cells=1, nodes=1, **space),
        search=SearchOptions(epochs=1, batch_size=16),
        device="cpu",
    )


@pytest.mark.parametrize("ports", ["shared", "distinct", "choose", "paired"])
@pytest.mark.usefixtures("others")
def test_a_plugin_that_registers_the_names_of_bimodals_own_operations_leaves_them_as_they_are(
    ports: str,
) -> None:
    found = Bimodal(channels=4, ports=ports).build(INPUTS, 2)
    found.check()
    assert set(found.wiring.operations.values()) == {"nasframe", "nasframe_fusion"}
    build(nasframe.Architecture(found, found.sample(0)))


def test_an_experiment_that_names_nothing_is_searched_by_nasframes_own_relaxation_loop_and_rule(
    plugins: PluginManager, request: pytest.FixtureRequest
) -> None:
    before = experiment()
    expected = nasframe.search(before).architecture
    request.getfixturevalue("others")
    after = experiment()
    assert after.fingerprint() == before.fingerprint()
    assert nasframe.search(after).architecture.fingerprint == expected.fingerprint


@pytest.mark.usefixtures("others")
def test_an_experiment_that_was_written_out_is_read_back_as_the_same() -> None:
    values = {"task": {"name": "deepfake"}, "space": {"name": "bimodal"}}
    found = Experiment.parse(values)
    assert Experiment.parse(found.to_dict()) == found
    assert type(found.relaxation).__name__ == "GumbelRaoMonteCarlo"


@pytest.mark.usefixtures("others")
def test_a_name_that_the_user_gives_has_to_say_its_plugin() -> None:
    with pytest.raises(ValueError, match=r"say nasframe_fusion:sum or others:sum"):
        Bimodal(operations=("nasframe:zero", "sum"))
    values = {
        "task": {"name": "deepfake"},
        "space": {"name": "bimodal"},
        "relaxation": {"name": "others:grmc"},
    }
    with pytest.raises(ConfigurationError, match="relaxation 'grmc' of plugin 'others'"):
        Experiment.parse(values)


@pytest.mark.usefixtures("others")
def test_trials_are_done_by_the_executor_of_the_core_where_none_is_named(tmp_path: Path) -> None:
    assert execute([], tmp_path) == {}
    with pytest.raises(PluginError, match="executor 'local' of plugin 'others'"):
        execute([], tmp_path, executor="others:local")


class Larger(Operation):
    """The space's own `sum`."""

    arity = 2

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x.maximum(y)


@frozen
class Own(SpaceFactory):
    """A space whose plugin has an operation `sum` of its own."""

    def make(self, inputs: Any, outputs: int) -> SearchSpace:
        space = SearchSpace("own", derivation="strongest")
        for name, shape in inputs.items():
            space.add_input(name, shape, OpSpec("projection", {"channels": 4}))
        space.add_node("fuse", choice=Choice("fuse", ("sum", "attention"), "gamma"), ports=("x", "y"))
        for name, port in zip(inputs, ("x", "y"), strict=True):
            space.connect(name, "fuse", port)
        space.add_node("head", OpSpec("head", {"outputs": outputs}))
        space.connect("fuse", "head")
        space.set_output("head")
        assert space.count() == 2  # which a factory may ask before it has ended
        return space


def strongest(space: SearchSpace, probabilities: Any) -> Any:
    return {name: max(row, key=row.__getitem__) for name, row in probabilities.items()}


@pytest.fixture
def own(plugins: PluginManager) -> None:
    mine = plugin(
        register_search_spaces=lambda: {"own": Own},
        register_operations=lambda: {"sum": Larger},
        register_derivation_rules=lambda: {"strongest": strongest},
    )
    plugins.register(mine, "mine")


@pytest.mark.usefixtures("own", "others")
def test_the_operations_of_the_spaces_own_plugin_come_first(plugins: PluginManager) -> None:
    plugins.register(plugin(register_derivation_rules=lambda: {"strongest": strange_rule}), "more")
    space = Own().build(INPUTS, 2)
    assert space.wiring.operations["sum"] == "mine"
    assert space.wiring.operations["head"] == "nasframe_fusion"
    found = nasframe.derive(space, {"fuse": {"sum": 0.9, "attention": 0.1}})
    assert found.assignment == {"fuse": "sum"}
    assert nasframe.Architecture.from_dict(found.to_dict()).to_dict()["operations"]["sum"] == "mine"


@pytest.mark.usefixtures("others")
def test_a_genotype_of_bm_nas_is_read_with_nasframes_own_operations(tmp_path: Path) -> None:
    text = (
        "Genotype(edges=[('skip', 0), ('skip', 1)], concat=[2], steps=["
        "StepGenotype(inner_edges=[('skip', 0), ('skip', 1)], inner_steps=['LinearGLU'], inner_concat=[2])])"
    )
    file = tmp_path / "genotype.txt"
    file.write_text(text, encoding="utf-8")
    assert nasframe.load_architecture(file).assignment["cell1/N1"] == "linear_glu"


def test_the_demo_of_a_plugin_means_the_tasks_and_spaces_of_its_plugin(
    plugins: PluginManager, toy_streams: ModuleType, home: Path
) -> None:
    file = home / "small.toml"
    text = STREAMS.read_text(encoding="utf-8").replace('name = "streams"', 'name = "shown"')
    file.write_text(text, encoding="utf-8")
    assert text.count('"shown"') == 1
    task = plugins.load("task", "streams")
    mine = plugin(register_tasks=lambda: {"shown": task}, register_demos=lambda: {"shown": file})
    plugins.register(mine, "mine")
    plugins.register(plugin(register_tasks=lambda: {"shown": Broken}), "others")
    for _ in range(2):
        assert main(["demo", "shown"]) == 0
    assert nasframe.load_run("runs/demo").names.owner("task", "shown") == "mine"
    assert main(["run", str(file), "--out", "runs/another"]) == 2
