"""Candidates with options, wherever a candidate stands: on nodes and edges, in groups and cells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import torch
from attrs import frozen
from torch import Tensor, nn

from nasframe import (
    Architecture,
    Choice,
    Operation,
    OpSpec,
    SearchSpace,
    Shape,
    SpaceFactory,
    Supernet,
    build,
    draw,
    hookimpl,
    manager,
)
from nasframe.errors import ArchitectureError, ContractError, SpaceError
from nasframe.plugins import PluginManager
from nasframe.relaxations import Sample
from nasframe.supernet import check_operations, expected_parameters
from nasframe.testing import SearchSpaceSuite


class Dense(Operation):
    """A linear layer."""

    def __init__(self, shapes: Any, *, bias: bool = True, factor: float = 1.0) -> None:
        super().__init__(shapes)
        self.factor = factor
        self.linear = nn.Linear(shapes[0][-1], shapes[0][-1], bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * self.linear(x)


class Wrong(Operation):
    """Not finite where it is asked to be."""

    def __init__(self, shapes: Any, *, finite: bool = True) -> None:
        super().__init__(shapes)
        self.finite = finite

    def forward(self, x: Tensor) -> Tensor:
        return x if self.finite else x / 0.0


LOOSE, TIGHT = OpSpec("dense", {"bias": False}), OpSpec("dense", {"factor": 0.5, "bias": True})
ON_EDGES = ("zero", "identity", "dense", LOOSE, TIGHT)
ON_NODES = ("zero", LOOSE, TIGHT)


@frozen
class Everywhere(SpaceFactory):
    """Candidates with options on edges and nodes, outside and inside of two cells that are tied."""

    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        cell = SearchSpace("cell")
        cell.add_input("x")
        cell.add_node("n", choice=Choice("n", ON_NODES, "gamma"), ports=("x",), then=[LOOSE])
        cell.connect("x", "n", choice=Choice("x->n", ON_EDGES, "beta"))
        cell.add_node("sum", "identity")
        cell.connect("n", "sum", choice=Choice("n->sum", ("zero", "identity"), "beta"))
        cell.connect("x", "sum", operation=TIGHT)
        cell.set_output("sum")
        space = SearchSpace("everywhere")
        for name, shape in inputs.items():
            space.add_input(name, shape, TIGHT)
        for name in ("first", "second"):
            space.add_cell(name, cell, tied="cell")
            for source in inputs:
                space.connect(source, name, choice=Choice(f"{source}->{name}", ON_EDGES, "alpha"))
        space.add_node("pick", LOOSE)
        for name in ("first", "second"):
            space.connect(name, "pick", operation=OpSpec("dense", {"factor": 2.0}))
        space.choose_source("pick", "x", "pick", "delta")
        space.add_node("head", OpSpec("head", {"outputs": outputs}))
        space.connect("pick", "head")
        space.set_output("head")
        return space


class Registered:
    """The plugin of these operations and of the space."""

    @hookimpl
    def register_operations(self) -> dict[str, Any]:
        return {"dense": Dense, "wrong": Wrong}

    @hookimpl
    def register_search_spaces(self) -> dict[str, Any]:
        return {"everywhere": Everywhere}


@pytest.fixture(autouse=True)
def _plugin(plugins: PluginManager) -> Iterator[None]:
    plugins.register(Registered(), "registered")
    yield
    plugins.unregister("registered")


INPUTS: Mapping[str, Shape] = {"a": (4, 6), "b": (4, 6)}


def everywhere() -> SearchSpace:
    return Everywhere().build(INPUTS, 3)


class TestEverywhere(SearchSpaceSuite):
    """Every promise of a space holds for one with such candidates everywhere."""

    def make(self) -> SpaceFactory:
        return Everywhere()


# -- names -----------------------------------------------------------------------------------------------


def test_a_candidate_without_options_is_called_as_its_operation() -> None:
    choice = Choice("c", ("zero", "sum", OpSpec("identity")), "alpha")
    assert choice.candidates == ("zero", "sum", "identity")
    assert choice == Choice("c", ("zero", "sum", "identity"), "alpha")


def test_the_name_of_a_candidate_holds_its_options_in_order_and_as_json_writes_them() -> None:
    options = {"mode": "same", "bias": False, "rate": 0.5, "heads": 2, "limit": None}
    label = 'dense(bias=false, heads=2, limit=null, mode="same", rate=0.5)'
    assert OpSpec("dense", options).label == label
    assert OpSpec("dense", dict(reversed(options.items()))).label == label


def test_two_candidates_of_one_operation_are_told_apart_by_their_options() -> None:
    assert Choice("c", ("dense", LOOSE, TIGHT), "alpha").candidates == (
        "dense",
        "dense(bias=false)",
        "dense(bias=true, factor=0.5)",
    )
    with pytest.raises(SpaceError, match="names a candidate twice"):
        Choice("c", (LOOSE, OpSpec("dense", {"bias": False})), "alpha")


def test_an_operation_is_read_from_a_name_or_a_table_and_written_in_the_same_form() -> None:
    for plain in ("dense", {"name": "dense", "bias": False}):
        assert OpSpec.from_plain(plain).to_plain() == plain


# -- documents -------------------------------------------------------------------------------------------


def test_a_document_names_a_candidate_with_its_options_and_reads_back() -> None:
    space = everywhere()
    assignment = {
        "a->first": "dense(bias=false)",
        "b->first": "zero",
        "b->second": "dense",
        "cell/n": "dense(bias=true, factor=0.5)",
        "cell/x->n": "dense(bias=true, factor=0.5)",
        "cell/n->sum": "identity",
        "pick": "first",
    }
    architecture = Architecture(space, assignment)
    document = json.loads(json.dumps(architecture.to_dict()))
    assert document["assignment"] == {name: item for name, item in assignment.items() if item != "zero"}
    again = Architecture.from_dict(document)
    assert again == architecture
    assert again.fingerprint == architecture.fingerprint
    assert again.resolved.arrivals["first/x"]["in"][0].operation == LOOSE
    assert again.resolved.operations["first/n"] == TIGHT


def test_a_candidate_with_other_options_is_refused_with_the_nearest_one() -> None:
    space = everywhere()
    assignment = space.sample(0) | {"cell/n": "dense(bias=true)"}
    with pytest.raises(ArchitectureError, match=r"unknown candidate 'dense\(bias=true\)'; did you mean"):
        Architecture(space, assignment)


# -- logits, costs, networks -----------------------------------------------------------------------------


def test_choices_of_one_group_and_the_same_options_share_a_parameter() -> None:
    net = Supernet(everywhere())
    shapes = {table.key: (len(table.rows), len(table.candidates)) for table in net.logits.tables}
    assert shapes == {"alpha": (4, 5), "beta:1": (1, 5), "beta:2": (1, 2), "gamma": (1, 3), "delta": (1, 2)}


def test_an_edge_is_built_with_the_options_of_its_candidate() -> None:
    space = everywhere()
    for candidate, biases in (("dense", 1), ("dense(bias=false)", 0), ("dense(bias=true, factor=0.5)", 1)):
        assignment = space.sample(0) | {"a->first": candidate, "pick": "first"}
        network = build(Architecture(space, assignment))
        (block,) = network.edges["a>first/x:in"].values()  # type: ignore[operator]
        assert sum(name.endswith("bias") for name, _ in block.named_parameters()) == biases
        assert block.operation.factor == (0.5 if "factor" in candidate else 1.0)


def on_one_edge(*candidates: str | OpSpec) -> SearchSpace:
    space = SearchSpace("one edge")
    space.add_input("x", (3,))
    space.add_node("y", "identity")
    space.connect("x", "y", choice=Choice("x->y", candidates, "alpha"))
    space.set_output("y")
    return space


def test_the_expected_size_counts_each_candidate_of_an_edge_with_its_options() -> None:
    net = Supernet(on_one_edge("dense", LOOSE, TIGHT))
    samples = {"alpha": Sample(torch.tensor([[0.5, 0.25, 0.25]]), one_hot=False)}
    assert float(expected_parameters(net, samples)) == 0.5 * 12 + 0.25 * 9 + 0.25 * 12


def test_the_operations_of_edges_are_run_before_a_search() -> None:
    check_operations(Supernet(on_one_edge("identity", OpSpec("wrong", {"finite": True}))))
    with pytest.raises(ContractError, match="operation 'wrong' .*: its output must be finite"):
        check_operations(Supernet(on_one_edge("identity", OpSpec("wrong", {"finite": False}))))


# -- mistakes --------------------------------------------------------------------------------------------


def test_wrong_options_are_named_with_their_place_all_at_once() -> None:
    space = SearchSpace("mistaken")
    space.add_input("x", (3,))
    edge = Choice("x->y", ("zero", OpSpec("dense", {"bais": True})), "alpha")
    space.add_node("y", OpSpec("dense", {"factor": "two"}))
    space.connect("x", "y", choice=edge)
    space.set_output("y")
    with pytest.raises(SpaceError) as error:
        space.check()
    _, *rest = str(error.value).splitlines()
    dense = str(manager().find("operation", "dense"))
    assert "of plugin 'registered' (" in dense
    assert rest == [
        f"  y (edge from x): {dense}: unknown option 'bais'; did you mean 'bias'?",
        f"  y: {dense}: option 'factor' must be float, found 'two'",
    ]


# -- drawings --------------------------------------------------------------------------------------------


def test_a_drawing_and_its_text_name_the_options_of_what_was_chosen() -> None:
    space = everywhere()
    chosen = space.sample(0) | {"a->first": "dense(bias=false)", "b->first": "zero", "pick": "first"}
    chosen |= {"cell/n": "dense(bias=false)", "cell/x->n": "dense", "cell/n->sum": "identity"}
    left = Architecture(space, chosen)
    right = Architecture(space, chosen | {"a->first": "dense", "cell/n": "dense(bias=true, factor=0.5)"})
    drawing = draw(left)
    assert "dense(bias=false)" in drawing.dot
    assert "dense(bias=false)(a)" in drawing.text
    assert "dense(bias=false)" in drawing.text.split("first/n ")[1].splitlines()[0]
    rows = [line.split() for line in draw(left, against=right).text.splitlines()]
    assert ["≠", "first/n", "dense(bias=false)", "dense(first/x)"] in rows
    assert ["≠", "first/x", "identity", "dense(bias=false)(a)"] in rows


def test_a_fixed_operation_is_drawn_by_its_name_alone() -> None:
    space = everywhere()
    line = draw(Architecture(space, space.sample(0))).text.split("pick ")[1].splitlines()[0]
    assert line.split()[0] == "dense"


def test_all_gradients_of_edges_stay_with_the_selected_candidate() -> None:
    space = everywhere()
    net = Supernet(space)
    chosen = space.sample(0) | {"a->first": "dense(bias=false)", "pick": "first"}
    inputs = {name: torch.randn(2, *shape) for name, shape in INPUTS.items()}
    net(inputs, net.logits.one_hot(chosen)).square().sum().backward()
    edges: Any = net.edges["a>first/x:in"]
    with_gradient = {
        name for name, block in edges.items() if any(p.grad is not None for p in block.parameters())
    }
    assert with_gradient == {"dense(bias=false)"}
