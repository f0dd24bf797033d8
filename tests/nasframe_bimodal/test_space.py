"""The two-level bimodal space in its four port modes."""

from __future__ import annotations

import math
import tomllib
from random import Random
from typing import Any

import pytest
import torch

from nasframe import Architecture, Experiment, OpSpec, build, manager
from nasframe.errors import ConfigurationError, SpaceError
from nasframe.network import inherit
from nasframe.searching import derive
from nasframe.supernet import Logits, Supernet
from nasframe_bimodal.space import Bimodal

FEATURES = {f"{stream}{stage}": (8, 4 * stage) for stream in "IS" for stage in range(1, 5)}
OPERATIONS = 4  # besides zero
WEIGHTED = str(manager().find("operation", "weighted_fusion"))


def inner_count(nodes: int, sources: int, ways: object) -> int:
    """Architectures of one cell's second level, by recursion over its nodes."""
    if nodes == 0:
        return 1
    return inner_count(nodes - 1, sources, ways) + OPERATIONS * ways(sources) * inner_count(
        nodes - 1, sources + 1, ways
    )  # type: ignore[operator]


@pytest.mark.parametrize("nodes", [1, 2, 3])
@pytest.mark.parametrize("cells", [1, 2, 5])
@pytest.mark.parametrize(
    ("ports", "ways"),
    [
        ("shared", lambda sources: math.comb(sources, 2)),
        ("distinct", lambda sources: math.comb(sources, 2)),
        ("choose", lambda sources: sources**2),
        ("paired", lambda sources: 2 ** (2 * sources)),
    ],
)
def test_the_number_of_architectures_has_a_closed_form(
    ports: str, ways: object, cells: int, nodes: int
) -> None:
    space = Bimodal(ports=ports, cells=cells, nodes=nodes).build(FEATURES, 1)  # type: ignore[arg-type]
    expected = 1
    for index in range(cells):
        expected *= ways(len(FEATURES) + index) * inner_count(nodes, 2, ways)  # type: ignore[operator]
    assert space.count() == expected


@pytest.mark.parametrize(
    ("ports", "derive"),
    [("shared", "split"), ("shared", "sum"), ("choose", "split"), ("paired", "split"), ("distinct", "split")],
)
def test_tied_cells_multiply_the_count_by_their_inner_choices_once(ports: str, derive: str) -> None:
    def count(**options: object) -> int:
        return Bimodal(ports=ports, derive=derive, nodes=3, **options).build(FEATURES, 1).count()  # type: ignore[arg-type]

    one, two = count(cells=1), count(cells=2)
    inner = count(cells=2) // count(cells=2, tied=True)
    assert count(cells=2) == inner * count(cells=2, tied=True)
    # an untied second cell adds its sources and its inner choices, a tied one only its sources
    assert two // one // inner == count(cells=2, tied=True) // one


def test_tied_counts_agree_with_enumeration() -> None:
    for ports in ("shared", "distinct", "choose", "paired"):
        space = Bimodal(ports=ports, nodes=1, tied=True, operations=("zero", "sum")).build(
            {"a": (2, 3), "b": (2, 3)}, 1
        )  # type: ignore[arg-type]
        found = [tuple(sorted(item.items())) for item in space.enumerate()]
        assert space.count() == len(found) == len(set(found))
        assert all(space.validate(dict(item)) == dict(item) for item in found)


def test_tied_cells_share_beta_and_gamma_but_not_alpha() -> None:
    space = Bimodal(tied=True, cells=3).build(FEATURES, 1)
    groups = {choice.group: [] for choice in space.choices.values()}
    for choice in space.choices.values():
        groups[choice.group].append(choice.name)
    assert len(groups["gamma"]) == 2
    assert groups["alpha"] == ["cell1.sources", "cell2.sources", "cell3.sources"]
    assert groups["beta"] == ["cell/N1.sources", "cell/N2.sources"]
    assert all(name.startswith("cell/") for name in groups["gamma"])


def test_distinct_is_the_default_and_the_papers_form_is_one_word_away() -> None:
    assert Bimodal() == Bimodal(ports="distinct")
    assert not Bimodal().build(FEATURES, 1).wiring.deals
    assert Bimodal(ports="shared").build(FEATURES, 1).wiring.deals


def test_logits_of_one_group_and_candidates_are_one_parameter() -> None:
    logits = Logits(Bimodal(ports="shared").build(FEATURES, 1))
    assert {table.key: (len(table.rows), len(table.candidates)) for table in logits.tables} == {
        "alpha": (8 + 9, 2),
        "beta": (2 * (2 + 3), 2),
        "gamma": (4, 5),
    }


def test_choices_among_equally_many_sets_of_different_sources_are_parameters_of_their_own() -> None:
    logits = Logits(Bimodal().build(FEATURES, 1))
    assert {table.key: (len(table.rows), len(table.candidates)) for table in logits.tables} == {
        "alpha:1": (1, math.comb(8, 2)),
        "alpha:2": (1, math.comb(9, 2)),
        "beta:1": (2, 1),
        "beta:2": (2, math.comb(3, 2)),
        "gamma": (4, 5),
    }


def test_shared_ports_feed_the_same_sum_to_both_ports() -> None:
    wiring = Bimodal(ports="shared").build(FEATURES, 1).wiring
    left, right = wiring.arrivals["cell1/N1", "x"], wiring.arrivals["cell1/N1", "y"]
    assert [(edge.source, edge.choice) for edge in left] == [(edge.source, edge.choice) for edge in right]


def test_the_split_derivation_gives_each_port_one_source() -> None:
    space = Bimodal(ports="shared").build(FEATURES, 1)
    architecture = Architecture(space, space.sample(1))
    for cell in ("cell1", "cell2"):
        sources = [architecture.resolved.arrivals[f"{cell}/{port}"]["in"] for port in "xy"]
        assert [len(items) for items in sources] == [1, 1]
        assert sources[0][0].source != sources[1][0].source


def test_projections_of_unused_inputs_go() -> None:
    space = Bimodal(cells=1).build(FEATURES, 1)
    architecture = Architecture(space, space.sample(0))
    network = build(architecture)
    assert len(network.inputs) == 2
    assert {name for name in network.nodes if "/" not in name} == {*network.inputs, "concat", "head"}


@pytest.mark.parametrize("norm", ["layer_norm", "batch_norm", "none"])
def test_the_norm_is_an_option(norm: str) -> None:
    space = Bimodal(channels=8, norm=norm, dropout=0.0).build({"a": (4, 3), "b": (4, 3)}, 1)  # type: ignore[arg-type]
    assert [spec.name for spec in space.wiring.nodes["cell1/N1"].then] == ([] if norm == "none" else [norm])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"a": (8, 3)}, "fuses at least two inputs, found 1: a; divide it, in a file by task.inputs = "),
        ({"a": (8, 3)}, "or choose a space of one input, such as nas_bench_201 or darts"),
        ({"a": (5,), "b": (2, 5)}, r"must agree in length, found a: \(5,\), b: \(2, 5\)"),
        ({"a": (8, 3), "b": (4, 3)}, r"must agree in length, found a: \(8, 3\), b: \(4, 3\)"),
        (
            {"a": (3, 4, 5), "b": (3, 4, 5)},
            r"are \(length, features\) or \(features,\), found a: \(3, 4, 5\)",
        ),
    ],
)
def test_inputs_that_do_not_fit_are_refused_in_words(
    inputs: dict[str, tuple[int, ...]], message: str
) -> None:
    with pytest.raises(SpaceError, match=message):
        Bimodal().build(inputs, 1)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "expected at least one operation, found none"),
        (["sum", "sum"], "'sum' occurs more than once"),
        (["zero", "summ"], "unknown operation 'summ'; did you mean 'sum'?"),
        (["head"], "'head' takes 1 input; an inner node has 2"),
        (
            ["zero", {"nam": "sum"}],
            "expected the name of an operation or {name = …, option = …}, found {'nam': 'sum'}",
        ),
        (
            [{"name": "weighted_fusion", "totl": 2}],
            f"{WEIGHTED}: unknown option 'totl'; did you mean 'total'?",
        ),
        (
            [{"name": "weighted_fusion", "total": "two"}],
            f"{WEIGHTED}: option 'total' must be int | none, found 'two'",
        ),
        (
            [{"name": "weighted_fusion", "total": [2]}],
            "option 'total' of operation 'weighted_fusion' must be a number, a text, true or false; "
            "found [2]",
        ),
        (
            ["sum", {"name": "weighted_fusion", "total": 2}, {"name": "weighted_fusion", "total": 2}],
            "'weighted_fusion(total=2)' occurs more than once",
        ),
    ],
)
def test_operations_that_cannot_be_searched_are_reported_with_their_key_and_all_other_mistakes(
    names: list[Any], message: str
) -> None:
    values = {"space": {"name": "bimodal", "operations": names, "cels": 1}}
    with pytest.raises(ConfigurationError) as caught:
        Experiment.parse(values, "file.toml")
    assert f"space.operations: {message}" in caught.value.problems
    assert any(problem.startswith("space.cels: ") for problem in caught.value.problems)


WITH_OPTIONS = '["zero", "sum", {name = "weighted_fusion", total = 2}, {name = "weighted_fusion", total = 4}]'


def experiment(*overrides: str, operations: str = "") -> Experiment:
    text = f"""
        [task]
        name = "streams"
        [space]
        name = "bimodal"
        channels = 6
        ports = "choose"
        {operations}
    """
    return Experiment.parse(tomllib.loads(text), "file.toml", overrides)


@pytest.mark.usefixtures("toy_streams")
def test_operations_with_options_are_the_same_from_a_file_and_from_the_command_line() -> None:
    from_file = experiment(operations=f"operations = {WITH_OPTIONS}")
    assert from_file == experiment(f"space.operations={WITH_OPTIONS}")
    space = from_file.space.build({"a": (4, 3), "b": (4, 5)}, 1)
    assert space.choices["cell1/N1"].candidates == (
        "zero",
        "sum",
        "weighted_fusion(total=2)",
        "weighted_fusion(total=4)",
    )


@pytest.mark.usefixtures("toy_streams")
def test_an_experiment_with_options_of_operations_is_written_and_read_back_equal() -> None:
    written = experiment(f"space.operations={WITH_OPTIONS}")
    again = Experiment.parse(tomllib.loads(written.to_toml()))
    assert again == written
    assert again.fingerprint() == written.fingerprint()


@pytest.mark.usefixtures("toy_streams")
def test_a_table_without_options_is_the_name_of_the_operation() -> None:
    tables, names = (
        experiment(f"space.operations={words}") for words in ('["zero", {name = "sum"}]', '["zero", "sum"]')
    )
    assert tables.to_toml() == names.to_toml()
    assert tables.fingerprint() == names.fingerprint()


def test_an_architecture_with_options_of_operations_keeps_them_in_its_document() -> None:
    wide = OpSpec("weighted_fusion", {"total": 2})
    space = Bimodal(channels=6, ports="choose", cells=1, nodes=1, operations=("zero", "sum", wide)).build(
        {"a": (4, 3), "b": (4, 5)}, 1
    )
    chosen = space.sample(0) | {"cell1/N1": "weighted_fusion(total=2)"}
    chosen |= {"cell1/N1.x": "x", "cell1/N1.y": "y"}
    again = Architecture.from_dict(Architecture(space, chosen).to_dict())
    assert again.space.origin == space.origin
    assert again.resolved.operations["cell1/N1"] == wide


def test_an_option_of_an_operation_that_no_file_could_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="'weighted_fusion': option 'total' is None, which TOML cannot hold"):
        Bimodal(operations=("zero", OpSpec("weighted_fusion", {"total": None})))


def test_the_supernet_under_a_derived_architecture_is_the_network_that_is_built() -> None:
    compared = 0
    for seed in range(40):
        random = Random(seed)
        inputs = {name: (4, random.randint(1, 5)) for name in "abcde"[: random.randint(2, 5)]}
        space = Bimodal(
            channels=4,
            cells=random.randint(1, 3),
            nodes=random.randint(1, 3),
            tied=random.random() < 0.5,
            norm=random.choice(("layer_norm", "batch_norm", "none")),
        ).build(inputs, 2)
        torch.manual_seed(seed)
        supernet = Supernet(space).eval()
        given = {name: torch.randn(3, *shape) for name, shape in inputs.items()}
        for _ in range(5):
            found = {
                name: {candidate: random.random() for candidate in choice.candidates}
                for name, choice in space.choices.items()
            }
            architecture = derive(space, found)
            network = build(architecture).eval()
            assert inherit(network, supernet.state_dict()) == []
            searched = supernet(given, supernet.logits.one_hot(architecture.assignment))
            assert torch.equal(searched, network(given))
            compared += 1
    assert compared == 200
