"""Optuna's samplers as loops: they keep the contract, are the same again, and learn."""

from __future__ import annotations

import json
import logging
from statistics import mean
from typing import Any

import optuna
import pytest
import torch

from nasframe import (
    Choice,
    Experiment,
    ProposalLoop,
    Result,
    SearchProblem,
    SearchSpace,
    TensorTask,
    manager,
)
from nasframe.errors import ConfigurationError, MissingExtraError, RunError
from nasframe.searching import check_proposal_loop
from nasframe_bimodal.space import Bimodal
from nasframe_optuna.loops import NonDominatedSorting, TreeParzen

LOOPS = [
    TreeParzen(trials=12, startup=4),
    TreeParzen(trials=12, startup=4, batch=5),
    NonDominatedSorting(trials=14, population=4),
    NonDominatedSorting(trials=14, population=4, batch=4),
]


@pytest.fixture(scope="module")
def space() -> SearchSpace:
    """A sum of three nodes, of which each may be removed, and the second may take the first."""
    made = SearchSpace("sum")
    made.add_node("sum", "identity")
    for index in range(4):
        made.add_input(f"x{index}", (3,))
        made.add_node(f"n{index}", choice=Choice(f"n{index}", ("zero", "identity"), "gamma"))
        made.connect(f"x{index}", f"n{index}")
        made.connect(f"n{index}", "sum", choice=Choice(f"e{index}", ("zero", "identity"), "alpha"))
    made.set_output("sum")
    return made


def searched(loop: ProposalLoop, space: SearchSpace, seed: int) -> list[Result]:
    """A search whose score is the share of kept inputs, and whose size is that of all but the first two."""
    proposer, told = loop.start(SearchProblem(space, 5), seed), list[Result]()
    while batch := proposer.propose(loop.batch):
        results = []
        for item in batch:
            kept = [item.assignment.get(f"e{index}") == "identity" for index in range(4)]
            results.append(Result(item, sum(kept) / 4, 10 * sum(kept[2:]), 10 * sum(kept[2:])))
        proposer.tell(results)
        told += results
    return told


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: f"{type(loop).__name__} by {loop.batch}")
def test_they_keep_the_contract_where_removed_nodes_make_choices_inactive(
    loop: ProposalLoop, space: SearchSpace
) -> None:
    check_proposal_loop(loop, SearchProblem(space, 5), rounds=None)


@pytest.mark.parametrize("loop", LOOPS[::2], ids=lambda loop: type(loop).__name__)
def test_another_seed_gives_other_proposals(loop: ProposalLoop, space: SearchSpace) -> None:
    first, same, other = (
        [item.proposal.assignment for item in searched(loop, space, seed)] for seed in (0, 0, 1)
    )
    assert first == same
    assert first != other


def test_tpe_finds_better_architectures_later_than_at_first(space: SearchSpace) -> None:
    told = [searched(TreeParzen(trials=30, startup=8), space, seed) for seed in range(6)]
    early = mean(result.score for one in told for result in one[:8])
    late = mean(result.score for one in told for result in one[-8:])
    assert late > early + 0.15


def test_later_generations_of_nsga2_are_nearer_to_the_front_than_the_first(space: SearchSpace) -> None:
    def on_the_front(results: list[Result]) -> float:
        """The share without waste: a network of this size cannot have a better score."""
        return mean(result.score >= 0.5 + result.parameters / 40 for result in results)

    told = [searched(NonDominatedSorting(trials=64, population=8), space, seed) for seed in range(6)]
    assert mean(on_the_front(one[-24:]) for one in told) > 0.25 + mean(on_the_front(one[:8]) for one in told)


@pytest.mark.parametrize("loop", LOOPS[::2], ids=lambda loop: type(loop).__name__)
def test_they_propose_every_set_of_sources(loop: ProposalLoop) -> None:
    space = Bimodal(cells=1, nodes=1).build(dict.fromkeys("abc", (2, 3)), 1)
    sets = {item.proposal.assignment["cell1.sources"] for item in searched(loop, space, 0)}
    assert sets == {"a & b", "a & c", "b & c"}


def test_fewer_trials_than_a_generation_are_refused(space: SearchSpace) -> None:
    with pytest.raises(ConfigurationError, match="a generation has 12 architectures .* 5 are to be tried"):
        NonDominatedSorting(trials=5).start(SearchProblem(space, 5), 0)


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: f"{type(loop).__name__} by {loop.batch}")
def test_scores_are_not_told_to_other_architectures_than_those_that_had_them(
    loop: ProposalLoop, space: SearchSpace
) -> None:
    """As after another version of Optuna, whose samplers draw otherwise: here the seed is another one."""
    problem = SearchProblem(space, 5)
    proposer = loop.start(problem, 0)
    for _ in range(3):
        proposer.tell([Result(item, 0.5, 10, 20) for item in proposer.propose(loop.batch)])
    state = json.loads(json.dumps(proposer.state()))
    loop.start(problem, 0).restore(state)
    told = rf"^Optuna {optuna.__version__} proposes another architecture for trial \d+ than it did before"
    with pytest.raises(RunError, match=told):
        loop.start(problem, 1).restore(state)
    told = (
        r"^Optuna .* for trial \d+ than Optuna 1\.2\.3 did, which began this search; install optuna==1\.2\.3"
    )
    with pytest.raises(RunError, match=told):
        loop.start(problem, 1).restore({**state, "optuna": "1.2.3"})
    loop.start(problem, 0).restore({**state, "optuna": "1.2.3"})  # the same proposals are enough


def test_optuna_says_nothing_and_keeps_the_verbosity_of_the_user(
    space: SearchSpace, capfd: pytest.CaptureFixture[str]
) -> None:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(logging.INFO)
    try:
        searched(TreeParzen(trials=3), space, 0)
        assert optuna.logging.get_verbosity() == logging.INFO
    finally:
        optuna.logging.set_verbosity(before)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("name", "kind"), [("tpe", TreeParzen), ("nsga2", NonDominatedSorting)])
def test_they_are_registered(name: str, kind: Any) -> None:
    assert manager().find("loop", name).load() is kind


def test_without_the_extra_an_experiment_says_which_command_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(extra: str, part: str) -> None:
        if extra == "nasframe[tune]":
            raise MissingExtraError(part, f'needs optuna, which is not installed; pip install "{extra}"')

    monkeypatch.setattr("nasframe.plugins.missing_extras.require_extra", missing)
    monkeypatch.setattr(manager()._registry, "missing_extras", {})
    task = TensorTask({"x": torch.rand(40, 3)}, torch.arange(40) % 2)
    with pytest.raises(MissingExtraError, match=r'needs optuna, .* pip install "nasframe\[tune\]"'):
        Experiment.of(task=task, space="bimodal", loop="tpe")
