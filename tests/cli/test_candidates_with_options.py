"""Candidates with options, on nodes and on edges, from a TOML file to a comparison."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import nasframe
from nasframe.cli import main
from tests.toys import PAIRS

PLUGIN = '''
import torch
from attrs import frozen
from nasframe import Choice, Operation, OpSpec, SearchSpace, SpaceFactory, hookimpl
from nasframe.options import option
from torch import nn


class Gate(Operation):
    """Lets as much of y pass as x says."""

    arity = 2

    def __init__(self, shapes, *, bias: bool = True, scale: float = 1.0):
        super().__init__(shapes)
        self.gate = nn.Linear(shapes[0][-1], shapes[0][-1], bias=bias)
        self.scale = scale

    def forward(self, x, y):
        return y * torch.sigmoid(self.gate(x)) * self.scale


class Scaled(Operation):
    """The input times a number."""

    def __init__(self, shapes, *, by: float = 1.0):
        super().__init__(shapes)
        self.by = by

    def forward(self, x):
        return x * self.by


@frozen
class Edges(SpaceFactory):
    """One node that fuses two inputs; the candidates of its edges and its own are the user's."""

    edges: tuple[str | OpSpec, ...] = option(("zero", "identity"), help="candidates of each edge")
    nodes: tuple[str | OpSpec, ...] = option(("sum",), help="candidates of the node")

    def make(self, inputs, outputs):
        space = SearchSpace("edges")
        for name, shape in inputs.items():
            space.add_input(name, shape, OpSpec("projection", {"channels": 4}))
        space.add_node("fuse", choice=Choice("fuse", self.nodes, "gamma"), ports=("x", "y"))
        for name, port in zip(inputs, ("x", "y")):
            space.connect(name, "fuse", port, choice=Choice(f"{name}->fuse", self.edges, "alpha"))
        space.add_node("head", OpSpec("head", {"outputs": outputs}))
        space.connect("fuse", "head")
        space.set_output("head")
        return space


@hookimpl
def register_operations():
    return {"gate": Gate, "scaled": Scaled}


@hookimpl
def register_search_spaces():
    return {"edges": Edges}
'''

BIMODAL = """[space]
name = "bimodal"
channels = 4
cells = 1
nodes = 1
ports = "choose"
operations = [{name = "gate", bias = false}, {name = "gate", scale = 0.5}]
"""

EDGES = """[space]
name = "edges"
edges = [{name = "scaled", by = 2}, {name = "scaled", by = 0.5}]
nodes = [{name = "gate", bias = false}]
"""

PLUGIN_FILE = ["--plugin", "with_options.py"]


@pytest.fixture(params=[BIMODAL, EDGES], ids=["nodes", "edges"])
def experiment(request: pytest.FixtureRequest, home: Path, toy_pairs: None) -> str:
    """The name of a TOML file whose space has candidates with options only."""
    (home / "with_options.py").write_text(PLUGIN, encoding="utf-8")
    head, _, rest = PAIRS.read_text(encoding="utf-8").partition("[space]")
    (home / "mine.toml").write_text(head + request.param + rest[rest.index("\n[") :], encoding="utf-8")
    return "mine.toml"


def test_they_are_searched_shown_retrained_and_compared(
    experiment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", experiment, "--out", "run", *PLUGIN_FILE]) == 0
    run = nasframe.load_run("run")
    found = run.architecture
    chosen = [value for value in found.assignment.values() if "(" in value]
    assert chosen
    capsys.readouterr()
    assert main(["show", "run", *PLUGIN_FILE]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in chosen)

    assert (
        main(["train", experiment, "--architecture", "run/architecture.json", "--out", "again", *PLUGIN_FILE])
        == 0
    )
    assert nasframe.load_run("again").architecture == found
    assert main(["train", "run", "--overwrite", "train.epochs=1", *PLUGIN_FILE]) == 0
    assert main(["evaluate", "run", *PLUGIN_FILE]) == 0

    words = [
        "--relaxation",
        "softmax,grmc",
        "--seeds",
        "1",
        "--random",
        "1",
        "--out",
        "compared",
        "--workers",
        "2",
    ]
    assert main(["compare", experiment, *words, *PLUGIN_FILE]) == 0
    record = json.loads(Path("compared/comparison.json").read_text(encoding="utf-8"))
    assert record["failed"] == {}
    for trial in record["trials"]:
        trained = nasframe.load_run(Path("compared") / trial["folder"]).architecture
        assert any("(" in value for value in trained.assignment.values())
