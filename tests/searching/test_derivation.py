"""Derivation: the architecture that each rule derives from the probabilities."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from nasframe import hookimpl
from nasframe.errors import ContractError, SpaceError
from nasframe.plugins import PluginManager
from nasframe.searching import derive
from nasframe.searching.derivation import best_pair, derive_around
from nasframe.space import Probabilities, SearchSpace
from nasframe_bimodal.space import Bimodal

INPUTS = dict.fromkeys("abcd", (4, 3))


def random_probabilities(space: SearchSpace, seed: int) -> dict[str, dict[str, float]]:
    source = random.Random(seed)
    found = {}
    for choice in space.choices.values():
        raw = [source.random() ** 3 for _ in choice.candidates]
        found[choice.name] = {
            name: value / sum(raw) for name, value in zip(choice.candidates, raw, strict=True)
        }
    return found


@pytest.mark.parametrize("ports", ["shared", "distinct", "choose", "paired"])
@pytest.mark.parametrize("derive_mode", ["split", "sum"])
def test_the_derived_architecture_always_validates(ports: str, derive_mode: str) -> None:
    space = Bimodal(ports=ports, derive=derive_mode, cells=3, nodes=3).build(INPUTS, 1)  # type: ignore[arg-type]
    for seed in range(100):
        architecture = derive(space, random_probabilities(space, seed))
        assert space.validate(architecture.assignment) == architecture.assignment


def test_choosing_ports_takes_the_most_probable_live_source() -> None:
    space = Bimodal(ports="choose", cells=1, nodes=2).build(INPUTS, 1)
    for seed in range(50):
        probabilities = random_probabilities(space, seed)
        assignment = derive(space, probabilities).assignment
        removed = {"N1"} if assignment["cell1/N1"] == "zero" else set()
        for name, candidate in assignment.items():
            live = {key: value for key, value in probabilities[name].items() if key not in removed}
            assert candidate == max(live, key=live.__getitem__)


def test_each_cell_keeps_the_pair_with_the_largest_product_and_no_pair_twice() -> None:
    space = Bimodal(ports="shared", cells=3, nodes=1).build(INPUTS, 1)
    for seed in range(50):
        probabilities = random_probabilities(space, seed)
        assignment = best_pair(space, probabilities)
        taken: set[frozenset[str]] = set()
        for index in (1, 2, 3):
            sources = [*INPUTS, *(f"cell{before}" for before in range(1, index))]
            weight = {name: probabilities[f"{name}->cell{index}"]["identity"] for name in sources}
            pairs = sorted(
                map(frozenset, itertools.combinations(sources, 2)), key=lambda p: -_product(weight, p)
            )
            best = next(pair for pair in pairs if pair not in taken)
            kept = {name for name in sources if assignment[f"{name}->cell{index}"] == "identity"}
            assert kept == best
            taken.add(best)


def _product(weight: dict[str, float], pair: frozenset[str]) -> float:
    first, second = pair
    return weight[first] * weight[second]


def test_tied_cells_may_keep_the_same_pair() -> None:
    strong = {"a": 0.9, "b": 0.8}
    for tied, expected in ((True, True), (False, False)):
        space = Bimodal(ports="shared", cells=2, nodes=1, tied=tied).build(INPUTS, 1)
        probabilities = random_probabilities(space, 0)
        for name in probabilities:
            if "->cell" in name:
                keep = strong.get(name.split("->")[0], 0.1)
                probabilities[name] = {"zero": 1 - keep, "identity": keep}
        assignment = best_pair(space, probabilities)
        pairs = [{n for n in "abcd" if assignment[f"{n}->cell{i}"] == "identity"} for i in (1, 2)]
        assert (pairs[0] == pairs[1]) is expected


def test_top_k_keeps_exactly_k_edges_a_port_whatever_their_probability() -> None:
    space = Bimodal(ports="paired", cells=2, nodes=2).build(INPUTS, 1)
    probabilities = random_probabilities(space, 1)
    for name, row in probabilities.items():
        if set(row) == {"zero", "identity"}:
            keep = 0.1 * row["identity"]  # zero is the more probable everywhere
            probabilities[name] = {"zero": 1 - keep, "identity": keep}
    resolved = derive(space, probabilities).resolved
    for name, ports in resolved.arrivals.items():
        if name.endswith(("/x", "/y", "/N1", "/N2")):
            assert [len(items) for items in ports.values()] == [1] * len(ports)


@pytest.mark.parametrize("ports", ["distinct", "choose", "shared"])
def test_a_node_whose_strongest_candidate_is_zero_is_removed(ports: str) -> None:
    space = Bimodal(ports=ports, cells=1, nodes=2).build(INPUTS, 1)  # type: ignore[arg-type]
    probabilities = random_probabilities(space, 2)
    probabilities["cell1/N1"] = {
        "zero": 0.6,
        "sum": 0.1,
        "attention": 0.1,
        "linear_glu": 0.1,
        "concat_fc": 0.1,
    }
    probabilities["cell1/N2"] = dict.fromkeys(probabilities["cell1/N2"], 0.1) | {"sum": 0.6}
    architecture = derive(space, probabilities)
    assert "cell1/N1" not in architecture.resolved.operations
    sources = {
        arrival.source
        for arrivals in architecture.resolved.arrivals["cell1/N2"].values()
        for arrival in arrivals
    }
    assert sources <= {"cell1/x", "cell1/y"}


def test_a_space_may_bring_its_own_rule() -> None:
    space = Bimodal(ports="choose").build(INPUTS, 1)
    space.derivation = lambda own, probabilities: own.sample(11)
    assert derive(space, {}).assignment == space.sample(11)


def test_an_unknown_rule_is_named() -> None:
    space = Bimodal(ports="choose").build(INPUTS, 1)
    space.derivation = "argmex"
    with pytest.raises(
        SpaceError, match="space 'bimodal': unknown derivation 'argmex'; did you mean 'argmax'"
    ):
        derive(space, {})


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("top_k_per_port:two", "takes a number of at least 1, found 'two'"),
        ("top_k_per_port:0", "takes a number of at least 1, found '0'"),
        ("nasframe:top_k_per_port:0", "takes a number of at least 1, found '0'"),
        ("argmax:3", "takes no argument, found '3'"),
        ("nasframe:argmax:3", "takes no argument, found '3'"),
    ],
)
def test_an_argument_that_a_rule_does_not_take_is_refused(rule: str, message: str) -> None:
    space = Bimodal(ports="choose").build(INPUTS, 1)
    space.derivation = rule
    with pytest.raises(SpaceError) as caught:
        derive(space, {})
    assert str(caught.value).startswith(f"space 'bimodal': derivation {rule!r}: derivation '")
    assert "of plugin 'nasframe' (" in str(caught.value)
    assert str(caught.value).endswith(message)


@pytest.mark.parametrize("rule", ["nasframe:argmax", "nasframe:top_k_per_port:1", "top_k_per_port"])
def test_a_rule_may_be_named_with_its_plugin_and_without_its_argument(rule: str) -> None:
    space = Bimodal(ports="paired").build(INPUTS, 1)
    probabilities = random_probabilities(space, 4)
    space.derivation = rule.removeprefix("nasframe:")
    plain = derive(space, probabilities)
    space.derivation = rule
    assert derive(space, probabilities) == plain


def own_rule(space: SearchSpace, probabilities: Probabilities) -> dict[str, str]:
    return space.sample(11)


def counting_rule(space: SearchSpace, probabilities: Probabilities, seed: int) -> dict[str, str]:
    return space.sample(seed)


def failing_rule(space: SearchSpace, probabilities: Probabilities) -> dict[str, str]:
    return {"never": str(probabilities["nowhere"])}


def registered(rules: Mapping[str, Any]) -> object:
    class Rules:
        @hookimpl
        def register_derivation_rules(self) -> Mapping[str, Any]:
            return rules

    return Rules()


def test_a_plugin_registers_a_rule_and_a_space_names_it(plugins: PluginManager) -> None:
    plugins.register(registered({"own": own_rule, "counting": f"{__name__}:counting_rule"}), "mine")
    space = Bimodal(ports="choose").build(INPUTS, 1)
    for name, seed in (("own", 11), ("mine:own", 11), ("counting:5", 5), ("mine:counting:7", 7)):
        space.derivation = name
        assert derive(space, {}).assignment == space.sample(seed)


@pytest.mark.parametrize(
    ("rule", "kind", "message"),
    [
        (
            "failing",
            ContractError,
            r"derivation 'failing' of plugin 'mine' \(.*\) fails: KeyError: 'nowhere' \(.*",
        ),
        ("nothing", ContractError, "fails: TypeError: it must return choice → candidate, found None"),
        (
            "empty",
            ContractError,
            "'empty' of plugin 'mine' .*: the architecture is not in the space",
        ),
        ("number", ContractError, "must be a function of a space, its probabilities and, .*; found 3"),
        ("short", ContractError, "must be a function of a space, its probabilities and"),
        ("counting", SpaceError, "needs a number of at least 1, as in counting:2"),
    ],
)
def test_a_rule_that_breaks_its_contract_is_named_with_its_plugin(
    rule: str, kind: type[Exception], message: str, plugins: PluginManager
) -> None:
    rules = {
        "failing": failing_rule,
        "nothing": lambda space, probabilities: None,
        "empty": lambda space, probabilities: {},
        "number": 3,
        "short": lambda space: {},
        "counting": counting_rule,
    }
    plugins.register(registered(rules), "mine")
    space = Bimodal(ports="choose").build(INPUTS, 1)
    space.derivation = rule
    with pytest.raises(kind, match=message):
        derive(space, {})


@pytest.mark.parametrize("ports", ["distinct", "shared"])
def test_around_the_derived_architecture_all_are_valid_and_different_and_repeat(ports: str) -> None:
    space = Bimodal(ports=ports, cells=2, nodes=2).build(INPUTS, 1)  # type: ignore[arg-type]
    probabilities = random_probabilities(space, 3)
    found = derive_around(space, probabilities, 30, torch.Generator().manual_seed(1))
    again = derive_around(space, probabilities, 30, torch.Generator().manual_seed(1))
    assert found[0] == derive(space, probabilities)
    assert found == again
    assert 10 < len(found) <= 31
    assert len({architecture.fingerprint for architecture in found}) == len(found)
    for architecture in found:
        assert space.validate(architecture.assignment) == architecture.assignment


def test_around_a_decided_search_only_its_architecture_is_drawn() -> None:
    space = Bimodal(ports="choose", cells=1, nodes=1).build(INPUTS, 1)
    decided = {
        choice.name: {name: float(name == choice.candidates[-1]) for name in choice.candidates}
        for choice in space.choices.values()
    }
    assert len(derive_around(space, decided, 30, torch.Generator().manual_seed(1))) == 1


def test_nothing_more_is_drawn_once_nothing_new_is_found_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nasframe.searching.derivation._IN_VAIN", 50)
    space = Bimodal(cells=1, nodes=1, operations=("sum", "attention")).build(INPUTS, 1)
    found = derive_around(space, random_probabilities(space, 3), 10**9, torch.Generator().manual_seed(1))
    assert 1 < len(found) < space.count()


def test_what_is_drawn_around_follows_the_probabilities() -> None:
    space = Bimodal(ports="choose", cells=1, nodes=1, operations=("sum", "attention", "concat_fc")).build(
        INPUTS, 1
    )
    row = {"sum": 0.6, "attention": 0.3, "concat_fc": 0.1}
    decided = {
        choice.name: {name: float(name == choice.candidates[0]) for name in choice.candidates}
        for choice in space.choices.values()
    } | {"cell1/N1": row}
    generator = torch.Generator().manual_seed(0)
    drawn = [derive_around(space, decided, 1, generator)[-1].assignment["cell1/N1"] for _ in range(2000)]
    for name, probability in row.items():
        assert drawn.count(name) / 2000 == pytest.approx(probability, abs=0.04)
