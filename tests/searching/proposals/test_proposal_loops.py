"""The proposal loops of the core: random search, regularised evolution, successive halving."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise
from statistics import mean
from typing import Any

import pytest

from nasframe import Architecture, Choice, Decisions, ProposalLoop, Result, SearchProblem, SearchSpace
from nasframe.errors import ConfigurationError
from nasframe.searching import Evolution, RandomSearch, SuccessiveHalving, check_proposal_loop
from nasframe.space import mutated, network_key


@pytest.fixture(scope="module")
def space() -> SearchSpace:
    found = SearchSpace("sum")
    found.add_node("sum", "identity")
    for index in range(3):
        found.add_input(f"x{index}", (3,))
        found.add_node(f"n{index}", choice=Choice(f"n{index}", ("zero", "identity"), "gamma"))
        found.connect(f"x{index}", f"n{index}")
        found.connect(f"n{index}", "sum", choice=Choice(f"e{index}", ("zero", "identity"), "alpha"))
    found.set_output("sum")
    return found


@pytest.fixture(scope="module")
def flat() -> SearchSpace:
    """Sixteen architectures, which are sixteen networks."""
    found = SearchSpace("flat")
    found.add_node("sum", "identity")
    for index in range(4):
        found.add_input(f"x{index}", (3,))
        found.connect(f"x{index}", "sum", choice=Choice(f"e{index}", ("zero", "identity"), "alpha"))
    found.set_output("sum")
    return found


def searched(
    loop: ProposalLoop, space: SearchSpace, score: Any, seed: int = 0, epochs: int = 27
) -> list[Result]:
    """A whole search, with the scores that a function of the proposal gives."""
    proposer, told = loop.start(SearchProblem(space, epochs), seed), list[Result]()
    while batch := proposer.propose(loop.batch):
        results = [Result(item, score(item)) for item in batch]
        proposer.tell(results)
        told += results
    return told


LOOPS = [
    RandomSearch(trials=12),
    RandomSearch(trials=12, batch=5, distinct="assignment"),
    Evolution(trials=15, population=4, sample=2),
    Evolution(trials=15, population=4, sample=3, batch=3),
    SuccessiveHalving(candidates=12),
    SuccessiveHalving(candidates=12, eta=2, batch=4),
    SuccessiveHalving(candidates=5, eta=2, batch=3, brackets=3),
]


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: f"{type(loop).__name__} by {loop.batch}")
def test_the_loops_of_the_core_keep_their_contract(
    loop: ProposalLoop, space: SearchSpace, flat: SearchSpace
) -> None:
    for seed in range(3):
        check_proposal_loop(loop, SearchProblem(flat, 27), seed, rounds=None)
        check_proposal_loop(loop, SearchProblem(space, 9), seed, rounds=None)


def test_random_search_tries_each_network_once_and_all_of_a_small_space(space: SearchSpace) -> None:
    every = [Architecture(space, item) for item in space.enumerate()]
    networks = {network_key(item) for item in every}
    assert len(networks) < len(every) == 27
    told = searched(RandomSearch(trials=27), space, lambda item: 0.0)
    found = [network_key(Architecture(space, result.proposal.assignment)) for result in told]
    assert len(found) == len(set(found))
    assert {*found} == networks


def test_random_search_by_assignment_tries_every_architecture_of_a_small_space(space: SearchSpace) -> None:
    told = searched(RandomSearch(trials=27, distinct="assignment"), space, lambda item: 0.0)
    tried = {tuple(sorted(result.proposal.assignment.items())) for result in told}
    assert tried == {tuple(sorted(item.items())) for item in space.enumerate()}


def test_the_best_of_k_random_architectures_has_the_mean_of_the_closed_form(flat: SearchSpace) -> None:
    values = {tuple(item.items()): index**2 / 225 for index, item in enumerate(flat.enumerate())}
    k, n = 3, len(values)
    # the largest of k of n without repetition is the i-th smallest in C(i-1, k-1) of C(n, k) cases
    ordered = sorted(values.values())
    expected = sum(math.comb(i, k - 1) * value for i, value in enumerate(ordered)) / math.comb(n, k)
    assert expected == pytest.approx(mean(max(some) for some in combinations(ordered, k)))
    best = [
        max(result.score for result in searched(RandomSearch(trials=k), flat, score_of(values), seed))
        for seed in range(2000)
    ]
    deviation = math.sqrt(mean((value - expected) ** 2 for value in best) / len(best))
    assert abs(mean(best) - expected) < 4 * deviation


def score_of(values: Any) -> Any:
    return lambda item: values[tuple(item.assignment.items())]


@pytest.mark.parametrize(
    ("candidates", "eta", "epochs", "least", "rungs"),
    [
        (81, 3, 81, 1, [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)]),  # Li et al., table 1, s = 4
        (16, 2, 16, 1, [(16, 1), (8, 2), (4, 4), (2, 8), (1, 16)]),
        (27, 3, 30, 1, [(27, 1), (9, 3), (3, 10), (1, 30)]),
        (27, 3, 9, 1, [(27, 1), (9, 3), (3, 9)]),
        (27, 3, 30, 4, [(27, 10), (9, 30)]),
        (10, 3, 100, 1, [(10, 11), (3, 33), (1, 100)]),
        (1, 3, 5, 1, [(1, 5)]),
        (2, 3, 5, 5, [(2, 5)]),
    ],
)
def test_the_rungs_of_successive_halving_are_those_of_the_paper(
    candidates: int, eta: int, epochs: int, least: int, rungs: Sequence[tuple[int, int]]
) -> None:
    found = SuccessiveHalving(candidates=candidates, eta=eta, least=least).rungs(epochs)
    assert [(rung.candidates, rung.epochs) for rung in found] == rungs
    last = len(rungs) - 1
    for place, rung in enumerate(found):  # n_i = ⌊n η⁻ⁱ⌋ and r_i = R ηⁱ⁻ˢ
        assert rung.candidates == math.floor(candidates * eta**-place + 1e-9)
        assert rung.epochs == round(epochs * float(eta) ** (place - last))


def test_successive_halving_goes_on_with_the_best_of_each_rung(flat: SearchSpace) -> None:
    values = {tuple(item.items()): float(index) for index, item in enumerate(flat.enumerate())}
    told = searched(SuccessiveHalving(candidates=9), flat, score_of(values), epochs=9)
    rungs = [[item for item in told if item.proposal.epochs == epochs] for epochs in (1, 3, 9)]
    assert [len(rung) for rung in rungs] == [9, 3, 1]
    for before, after in pairwise(rungs):
        best = sorted((item.score for item in before), reverse=True)[: len(after)]
        assert sorted((item.score for item in after), reverse=True) == best


def test_every_bracket_of_successive_halving_has_other_candidates(flat: SearchSpace) -> None:
    told = searched(SuccessiveHalving(candidates=5, eta=2, brackets=3), flat, lambda item: 0.5, epochs=4)
    assert [item.proposal.epochs for item in told] == 3 * [*[1] * 5, *[2] * 2, 4]
    first = [tuple(item.proposal.assignment.items()) for item in told if item.proposal.epochs == 1]
    assert len({*first}) == 15


def test_evolution_ages_as_in_an_example_worked_by_hand(flat: SearchSpace) -> None:
    """A population of 3: proposal 0 dies at the birth of 3, and the best one, 1, at the birth of 4."""
    loop, problem = Evolution(trials=8, population=3, sample=3), SearchProblem(flat, 5)
    proposer = loop.start(problem, seed=4)
    living: list[int] = []
    for number in range(8):
        (item,) = proposer.propose(1)
        assert item.number == number
        proposer.tell([Result(item, 100.0 if number == 1 else float(number))])
        living = [*living, number][-3:]
        members = proposer.state()["population"]
        assert [member["score"] for member in members] == [100.0 if n == 1 else float(n) for n in living]
    assert living == [5, 6, 7]


def test_the_parent_is_the_best_of_the_sample(flat: SearchSpace) -> None:
    with pytest.raises(ValueError, match=r"sample must be at most population \(5\), found 6"):
        Evolution(trials=40, population=5, sample=6)
    values = {tuple(item.items()): float(index) for index, item in enumerate(flat.enumerate())}
    told = searched(Evolution(trials=300, population=4, sample=4), flat, score_of(values), seed=1)
    of_the_best = []
    for number in range(4, 300):
        living = told[number - 4 : number]
        best = max(living, key=lambda result: result.score).proposal.assignment
        child = told[number].proposal.assignment
        of_the_best.append(sum(child[name] != best[name] for name in best) == 1)
    # four draws of four with replacement miss the best in (3/4)^4 = 32 % of samples
    assert 0.6 < mean(of_the_best) < 0.9


@pytest.mark.parametrize("seed", range(5))
def test_a_mutation_is_valid_and_changes_the_decision_and_what_depends_on_it(
    space: SearchSpace, seed: int
) -> None:
    source = random.Random(seed)
    for parent in space.enumerate():
        child = mutated(space, parent, source)
        assert space.validate(child) == child
        assert child != parent
        changed = {name for name in {*child, *parent} if child.get(name) != parent.get(name)}
        assert len({name[1] for name in changed}) == 1  # one node, and the edge behind it


def test_every_neighbour_of_an_architecture_is_reached_by_mutations(flat: SearchSpace) -> None:
    parent, source = next(flat.enumerate()), random.Random(0)
    found = Counter(tuple(mutated(flat, parent, source).items()) for _ in range(400))
    assert len(found) == 4
    assert min(found.values()) > 60


def test_the_only_architecture_of_a_space_stays_as_it_is() -> None:
    space = SearchSpace("one")
    space.add_input("x", (3,))
    space.add_node("y", choice=Choice("y", ("identity",), "gamma"))
    space.connect("x", "y")
    space.set_output("y")
    assert mutated(space, {"y": "identity"}, random.Random(0)) == {"y": "identity"}


def test_evolution_finds_a_better_architecture_than_random_search_of_the_same_number(
    flat: SearchSpace,
) -> None:
    values = {tuple(item.items()): sum(v == "identity" for v in item.values()) for item in flat.enumerate()}

    def best(loop: ProposalLoop) -> float:
        found = [searched(loop, flat, score_of(values), seed) for seed in range(100)]
        return mean(max(result.score for result in told[:10]) for told in found)

    assert best(Evolution(trials=12, population=3, sample=2)) >= 3.3


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        (RandomSearch(trials=17), r"loop.trials: 17 architectures are asked for, and the space has 16"),
        (SuccessiveHalving(candidates=99), r"loop.candidates: 99 architectures are asked for, and the space"),
        (
            SuccessiveHalving(candidates=4, least=6),
            r"loop.least: the first rung has at least 6 epochs, and a full",
        ),
        (
            Evolution(trials=3, population=5),
            r"loop.trials: the first population has 5 architectures, and 3 are",
        ),
    ],
)
def test_options_that_do_not_fit_the_problem_are_refused_in_words(
    loop: ProposalLoop, message: str, flat: SearchSpace
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        check_proposal_loop(loop, SearchProblem(flat, 5))


def test_a_search_of_a_space_of_unknown_size_ends_when_it_draws_nothing_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Decisions, "work", 5)
    found = SearchSpace("sum")
    found.add_node("sum", "identity")
    for index in range(4):
        found.add_input(f"x{index}", (3,))
        found.connect(f"x{index}", "sum", choice=Choice(f"e{index}", ("zero", "identity"), "alpha"))
    found.set_output("sum")
    assert not found.how_many().exact
    assert len(searched(RandomSearch(trials=99, distinct="assignment"), found, lambda _: 0.5)) == 16


@pytest.mark.parametrize("make", [RandomSearch, Evolution])
def test_zero_trials_are_refused(make: Any) -> None:
    with pytest.raises(ValueError, match="'trials' must be >= 1: 0"):
        make(trials=0)


def test_a_state_is_small_and_holds_no_random_numbers(flat: SearchSpace) -> None:
    proposer = Evolution(trials=10, population=3).start(SearchProblem(flat, 5), 0)
    for _ in range(6):
        proposer.tell([Result(item, 0.5) for item in proposer.propose(1)])
    assert len(json.dumps(proposer.state())) < 1000
