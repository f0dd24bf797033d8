"""The suites of search loops: of those that propose architectures, and of those that train a supernet."""

from __future__ import annotations

import copy
import json
import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from nasframe.options import options_of
from nasframe.relaxations import Softmax
from nasframe.runtime import parse_json
from nasframe.searching import (
    CheckedProposer,
    GradientLoop,
    Proposal,
    ProposalLoop,
    Result,
    Search,
    SearchOptions,
    SearchProblem,
)
from nasframe.searching.gradient import checked_paths
from nasframe.space import Choice, SearchSpace
from nasframe.testing.minimal_plugins import FlatLinear, SmallOutputs
from nasframe.testing.registration import registered
from nasframe.testing.suite import PluginSuite

__all__ = ["GradientLoopSuite", "ProposalLoopSuite"]

_FULL = 9
_MANY = 500  # paths of a loop, more than any epoch of the suite takes


class _LoopSuite(PluginSuite):
    """Tests of options that both kinds of loops share."""

    def test_every_option_has_a_default(self) -> None:
        required = [option.name for option in options_of(type(self.make())) if option.required]
        assert required == [], "an experiment names a loop by its name alone"

    def test_it_has_a_sentence_about_it(self) -> None:
        kind = type(self.make())
        assert kind.__doc__, f"{kind.__name__} needs a docstring: its first line is what users read about it"


class ProposalLoopSuite(_LoopSuite):
    """Everything `nasframe.ProposalLoop` promises, on two spaces.

        class TestHillClimbing(ProposalLoopSuite):
            def make(self):
                return HillClimbing(trials=12)

    In one space every choice is free; in the other a node may be removed, and with it what is behind it.

    Attributes:
        searches: a whole search has at most so many proposals; make the loop small.
    """

    searches: int = 500

    def make(self) -> ProposalLoop:
        """Return the loop to test, which proposes at most 27 different architectures."""
        self._lacks("make(self)", "MyLoop()")

    def test_it_is_a_proposal_loop(self) -> None:
        assert isinstance(self.make(), ProposalLoop), "make must return a nasframe.ProposalLoop"

    @pytest.mark.parametrize("removes", [False, True], ids=["free choices", "nodes that are removed"])
    def test_every_proposal_is_a_valid_architecture(self, removes: bool) -> None:
        space = _space(removes)
        for result in self._search(space):
            found = result.proposal.assignment
            assert space.validate(found) == found, "an assignment must be complete and valid"

    def test_it_proposes_no_more_than_it_says_and_at_most_what_it_is_asked_for(self) -> None:
        loop, problem = self.make(), _problem()
        told = self._search(problem.space)
        assert 1 <= len(told) <= loop.most(problem), "most must return the largest number of proposals"

    def test_proposals_are_numbered_from_zero(self) -> None:
        told = self._search(_space())
        assert [result.proposal.number for result in told] == [*range(len(told))]

    def test_epochs_are_within_a_full_training(self) -> None:
        for result in self._search(_space()):
            epochs = result.proposal.epochs
            assert epochs is None or 1 <= epochs <= _FULL

    def test_the_same_seed_and_results_give_the_same_proposals(self) -> None:
        assert _plain(self._search(_space(), seed=3)) == _plain(self._search(_space(), seed=3))

    def test_global_randomness_does_not_matter_and_stays_as_it_is(self) -> None:
        first = _plain(self._search(_space()))
        torch.rand(3)
        before = torch.get_rng_state()
        assert _plain(self._search(_space())) == first
        assert torch.equal(torch.get_rng_state(), before)

    def test_a_state_is_json_and_goes_on_with_the_same_proposals(self) -> None:
        loop, problem = self.make(), _problem()
        proposer, proposed = loop.start(problem, 1), 0
        for _ in range(self.searches):
            state = parse_json(json.dumps(proposer.state(), allow_nan=False), "a state")
            again = loop.start(problem, 1)
            again.restore(copy.deepcopy(state))
            batch = proposer.propose(loop.batch)
            assert _proposals(again.propose(loop.batch)) == _proposals(batch), (
                f"a proposer that is restored after {proposed} proposals must go on as the first one"
            )
            if not batch:
                return
            proposed += len(batch)
            proposer.tell([_made_up(item) for item in batch])
        pytest.fail(f"it proposes more than {self.searches} architectures; make a smaller one for the suite")

    def test_a_state_is_the_same_however_often_it_is_asked_for(self) -> None:
        loop, problem = self.make(), _problem()
        proposer = loop.start(problem, 1)
        proposer.tell([_made_up(item) for item in proposer.propose(loop.batch)])
        first = json.dumps(proposer.state())
        assert json.dumps(proposer.state()) == first
        proposer.propose(loop.batch)

    def test_a_training_that_fails_does_not_end_the_search_with_an_error(self) -> None:
        loop, problem = self.make(), _problem()
        proposer = loop.start(problem, 2)
        for _ in range(self.searches):
            batch = proposer.propose(loop.batch)
            if not batch:
                return
            proposer.tell([Result(item, -math.inf) for item in batch])
        pytest.fail(f"it proposes more than {self.searches} architectures")

    def test_its_own_options_and_the_problem_stay_as_they_are(self) -> None:
        loop = self.make()
        before = copy.deepcopy(loop)
        problem = _problem()
        proposer = loop.start(problem, 0)
        while batch := proposer.propose(loop.batch):
            proposer.tell([_made_up(item) for item in batch])
        assert loop == before, "the state of a search belongs into the proposer"
        assert problem.space.count() == _space().count()

    def _search(self, space: SearchSpace, seed: int = 0) -> list[Result]:
        """Return the results of a whole search, whose scores are made up."""
        loop, told = self.make(), list[Result]()
        proposer = CheckedProposer(loop, SearchProblem(space, _FULL), seed)
        while batch := proposer.propose():
            results = [_made_up(item) for item in batch]
            proposer.tell(results)
            told += results
            assert len(told) <= self.searches, (
                f"it proposes more than {self.searches} architectures; make a smaller one for the suite"
            )
        return told


class GradientLoopSuite(_LoopSuite):
    """Everything `nasframe.GradientLoop` promises: a small search by it, from its first update to its end.

        class TestAlternating(GradientLoopSuite):
            def make(self):
                return Alternating()

    Of a loop that does not relax, its paths are tested too.
    """

    def make(self) -> GradientLoop:
        """Return the loop to test."""
        self._lacks("make(self)", "MyLoop()")

    def test_it_is_a_gradient_loop(self) -> None:
        assert isinstance(self.make(), GradientLoop), "make must return a nasframe.GradientLoop"

    def test_it_searches_to_the_end(self) -> None:
        """The engine checks every update and both optimisers, before the search and while it goes on."""

        def tested(search: Search) -> None:
            architecture = search.fit()
            assert architecture.space is search.space
            assert len(search.history) == search.options.epochs

        self._search(0, tested)

    def test_the_same_seed_gives_the_same_search(self) -> None:
        found: list[dict[str, torch.Tensor]] = []

        def tested(search: Search) -> None:
            search.fit()
            found.append(search.supernet.state_dict())

        for _ in range(2):
            torch.rand(3)
            self._search(4, tested)
        first, again = found
        assert all(torch.equal(first[name], again[name]) for name in first)

    def test_it_trains_weights_and_logits(self) -> None:
        def tested(search: Search) -> None:
            before = {name: value.clone() for name, value in search.supernet.state_dict().items()}
            logits = {id(item) for item in search.supernet.architecture_parameters()}
            search.fit()
            changed = {
                id(value) in logits
                for name, value in search.supernet.named_parameters()
                if not torch.equal(value, before[name])
            }
            if search.loop.relaxes:
                assert changed == {True, False}, "in a search without warm-up both must be updated"
            else:
                assert changed == {False}, "a loop that does not relax must update the weights alone"

        self._search(0, tested)

    @pytest.mark.parametrize("removes", [False, True], ids=["free choices", "nodes that are removed"])
    def test_paths_are_valid_architectures_without_an_end(self, removes: bool) -> None:
        """Of a loop that relaxes nothing is asked."""
        loop, space = self.make(), _space(removes)
        if not loop.relaxes:
            paths = checked_paths(loop, space, random.Random(5))
            for _ in range(_MANY):
                next(paths)

    def test_paths_depend_on_their_source_alone(self) -> None:
        """Of a loop that relaxes nothing is asked."""
        loop, space = self.make(), _space()
        if loop.relaxes:
            return
        found = []
        for _ in range(2):
            torch.rand(3)
            random.random()
            paths = checked_paths(loop, space, random.Random(5))
            found.append([next(paths) for _ in range(20)])
        assert found[0] == found[1], "paths must draw from the source that they are given, and from no other"

    def test_its_own_options_stay_as_they_are(self) -> None:
        def tested(search: Search) -> None:
            before = copy.deepcopy(search.loop)
            search.fit()
            assert search.loop == before, "the state of a search belongs into its optimisers"

        self._search(0, tested)

    def _search(self, seed: int, tested: Callable[[Search], None]) -> None:
        """Call `tested` with a search that has not begun: which of two linear layers to add up."""
        with registered(operations={"linear of the suite": FlatLinear}):
            space = SearchSpace("two layers")
            space.add_node("sum", "identity")
            for name in ("left", "right"):
                space.add_input(name, (3,))
                space.add_node(f"of {name}", "linear of the suite")
                space.connect(name, f"of {name}")
                space.connect(
                    f"of {name}", "sum", choice=Choice(f"use {name}", ("zero", "identity"), "alpha")
                )
            space.set_output("sum")
            task = SmallOutputs({"left": (3,), "right": (3,)})
            loop = self.make()
            candidates = 1 if getattr(loop, "relaxes", True) else 4
            options = SearchOptions(epochs=2, min_epochs=2, batch_size=2, candidates=candidates)
            tested(Search(space, task, task.data({}), Softmax(), loop, options, seed))


def _space(removes: bool = True) -> SearchSpace:
    """Return a space of 81 architectures, in which a node may be removed with its edge; or of 64 without."""
    space = SearchSpace("suite of loops")
    space.add_node("sum", "identity")
    for index in range(4 if removes else 6):
        space.add_input(f"x{index}", (3,))
        if removes:
            space.add_node(f"n{index}", choice=Choice(f"n{index}", ("zero", "identity"), "gamma"))
        else:
            space.add_node(f"n{index}", "identity")
        space.connect(f"x{index}", f"n{index}")
        space.connect(f"n{index}", "sum", choice=Choice(f"e{index}", ("zero", "identity"), "alpha"))
    space.set_output("sum")
    return space


def _problem() -> SearchProblem:
    return SearchProblem(_space(), _FULL)


def _made_up(item: Proposal) -> Result:
    """Return a result that depends on the proposal alone; one training in eleven fails."""
    kept = sum(value == "identity" for value in item.assignment.values())
    score = -math.inf if item.number % 11 == 7 else kept / 10 + math.sin(item.number) / 20
    return Result(item, score, 100 + 10 * kept, 1000 + kept, item.epochs or _FULL, 1.0)


def _proposals(items: Sequence[Proposal]) -> list[Any]:
    return [(item.number, dict(item.assignment), item.epochs) for item in items]


def _plain(told: Sequence[Result]) -> list[Any]:
    return _proposals([result.proposal for result in told])
