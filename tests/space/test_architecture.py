"""Architectures as documents that people read, write and compare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nasframe import Architecture, SearchSpace
from nasframe.errors import ArchitectureError, ConfigurationError, PluginError
from nasframe_bimodal.space import Bimodal


def architecture(seed: int = 0, **options: Any) -> Architecture:
    space = Bimodal(channels=8, **options).build({"a": (4, 3), "b": (4, 5), "c": (4, 2)}, 2)
    return Architecture(space, space.sample(seed), {"seed": seed})


@pytest.mark.parametrize("ports", ["shared", "distinct", "choose", "paired"])
def test_a_document_reads_back_to_an_equal_architecture(ports: str, tmp_path: Path) -> None:
    for seed in range(10):
        written = architecture(seed, ports=ports)
        written.save(tmp_path / "architecture.json")
        read = Architecture.load(tmp_path / "architecture.json")
        assert read == written
        assert read.assignment == written.assignment
        assert read.provenance == {"seed": seed}
        assert read.fingerprint == written.fingerprint


def test_edges_that_chose_zero_are_not_written() -> None:
    document = architecture(ports="paired").to_dict()
    assert all(value != "zero" or ">" not in name for name, value in document["assignment"].items())


def test_a_document_can_be_written_by_hand() -> None:
    document = {
        "format": 1,
        "space": {
            "name": "bimodal",
            "options": {"cells": 1, "nodes": 1},
            "inputs": {"a": [4, 3], "b": [4, 5], "c": [4, 2]},
            "outputs": 1,
        },
        "assignment": {"cell1.sources": "a & c", "cell1/N1": "concat_fc", "cell1/N1.sources": "x & y"},
    }
    found = Architecture.from_dict(document)
    assert [
        spec.name for name, spec in found.resolved.operations.items() if spec and name.endswith("N1")
    ] == ["concat_fc"]
    assert [found.resolved.arrivals[f"cell1/{port}"]["in"][0].source for port in "xy"] == ["a", "c"]


def test_a_choice_with_one_valid_candidate_may_be_left_out_of_a_document() -> None:
    for seed in range(20):
        whole = architecture(seed, cells=1).to_dict()
        only = {"cell1/N1.sources": "x & y", "cell1/N2.sources": "x & y"}
        if whole["assignment"]["cell1/N1"] != "zero":
            del only["cell1/N2.sources"]  # N1 is a third source
        left_out = {name: value for name, value in whole["assignment"].items() if name not in only}
        assert Architecture.from_dict({**whole, "assignment": left_out}) == Architecture.from_dict(whole)


def test_an_edge_that_a_document_leaves_out_is_absent_even_where_it_must_be_there() -> None:
    document = architecture(ports="shared", cells=1, nodes=1, operations=("sum",)).to_dict()
    del document["assignment"]["cell1/x->N1"]
    with pytest.raises(ArchitectureError, match="cell1/N1: keeps exactly 2 of its sources, found 1"):
        Architecture.from_dict(document)


def test_provenance_does_not_decide_equality() -> None:
    first = architecture()
    assert first == Architecture(first.space, first.assignment, {"seed": 99})
    assert first != architecture(1)
    assert len({first, Architecture(first.space, first.assignment), architecture(1)}) == 2


def test_the_difference_names_every_choice_that_differs() -> None:
    first, second = architecture(0), architecture(1)
    difference = first.difference(second)
    assert first.difference(first) == {}
    for name in {*first.assignment, *second.assignment}:
        same = first.assignment.get(name) == second.assignment.get(name)
        assert (name in difference) != same


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("assignment"), "'assignment' is a required property"),
        (lambda d: d["space"].update(outputs="two"), "space.outputs: 'two' is not of type 'integer'"),
        (lambda d: d["space"]["inputs"].update(a=[0]), "space.inputs.a.0: 0 is less than the minimum of 1"),
        (lambda d: d.update(asignment={}), "'asignment' was unexpected"),
        (lambda d: d.update(format=3), "format 3 cannot be read; this version reads formats 1 and 2"),
        (
            lambda d: d["assignment"].update({"cell1/N1": "atention"}),
            "unknown candidate 'atention'; did you mean 'attention'",
        ),
        (
            lambda d: d["assignment"].update({"cell9/N1": "sum"}),
            "cell9/N1: unknown choice; did you mean 'cell",
        ),
        (lambda d: d["assignment"].pop("cell1/N1"), "cell1/N1: is missing; valid: attention"),
        (
            lambda d: d["assignment"].pop("cell1.sources"),
            "cell1.sources: is missing; valid: a & b, a & c, b & c",
        ),
        (
            lambda d: d["assignment"].update({"cell1/N1.sources": "y & x"}),
            "cell1/N1.sources: unknown candidate 'y & x'; did you mean 'x & y'",
        ),
    ],
)
def test_a_document_that_breaks_the_schema_is_refused_in_words(
    change: Any, message: str, tmp_path: Path
) -> None:
    document = architecture().to_dict()
    change(document)
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(document))
    with pytest.raises(ArchitectureError) as error:
        Architecture.load(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)


def test_a_document_that_keeps_too_few_edges_is_refused_in_words() -> None:
    document = architecture(ports="shared").to_dict()
    document["assignment"].update({f"{name}->cell1": "zero" for name in "abc"})
    with pytest.raises(ArchitectureError, match="cell1: keeps exactly 2 of its sources, found 0"):
        Architecture.from_dict(document)


def test_all_breaches_of_the_schema_are_listed() -> None:
    with pytest.raises(ArchitectureError) as error:
        Architecture.from_dict(
            {"space": {"name": 3, "inputs": {}, "outputs": 0}, "assignment": {"a": 1}, "format": 1}
        )
    assert len(str(error.value).splitlines()) == 5


def test_an_unknown_space_or_option_is_named() -> None:
    document = architecture().to_dict()
    with pytest.raises(PluginError, match="unknown space 'bimodel'; did you mean 'bimodal'"):
        Architecture.from_dict({**document, "space": {**document["space"], "name": "bimodel"}})
    with pytest.raises(ConfigurationError, match="options.chanels: unknown key; did you mean 'channels'"):
        Architecture.from_dict({**document, "space": {**document["space"], "options": {"chanels": 3}}})


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), ("{", "cannot be"), ("[]", "not an architecture")],
)
def test_a_file_that_is_no_document_is_refused_by_name(
    content: str | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "none.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ArchitectureError, match=f"none.json: {message}"):
        Architecture.load(path)


def test_a_space_made_by_hand_has_no_document() -> None:
    space = SearchSpace("mine")
    space.add_input("x", (2,))
    space.set_output("x")
    with pytest.raises(ArchitectureError, match="register a SpaceFactory"):
        Architecture(space, {}).to_dict()
