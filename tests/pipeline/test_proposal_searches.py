"""Searches by proposals: real trainings in a run folder, resumed and parallel to the same bits."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
from attrs import frozen

import nasframe
from nasframe import Experiment, Proposal, ProposalLoop, Proposer, Result, Run, SearchProblem, TrainOptions
from nasframe.errors import ConfigurationError, ContractError, RunError
from nasframe.jobs.starting import start_process
from nasframe.pipeline import resume
from nasframe.pipeline.candidate_training import CandidateTraining
from nasframe.searching import Evolution, RandomSearch, SuccessiveHalving
from nasframe.training import Training
from nasframe_bimodal.space import Bimodal
from tests.comparing import tree, without_time
from tests.pipeline.killed_runs import assert_same, killed_at_every_write
from tests.recorded_progress import Log
from tests.toys import STREAMS


@pytest.fixture
def experiment(experiment: Experiment) -> Experiment:
    return attrs.evolve(
        experiment,
        space=Bimodal(channels=4, cells=1, nodes=1),
        loop=RandomSearch(trials=3),
        names={**experiment.names, "loop": "random"},
        train=TrainOptions(epochs=2, batch_size=64),
    )


def with_loop(experiment: Experiment, loop: ProposalLoop, name: str, epochs: int = 2) -> Experiment:
    train = attrs.evolve(experiment.train, epochs=epochs)
    return attrs.evolve(experiment, loop=loop, names={**experiment.names, "loop": name}, train=train)


LOOPS = {
    "random": RandomSearch(trials=3, batch=2),
    "evolution": Evolution(trials=4, population=2, sample=1),
    "halving": SuccessiveHalving(candidates=3, eta=2),
}


@pytest.mark.parametrize("name", LOOPS)
def test_every_loop_of_the_core_makes_a_whole_run(name: str, experiment: Experiment, tmp_path: Path) -> None:
    loop = LOOPS[name]
    run = nasframe.run_experiment(with_loop(experiment, loop, name), tmp_path / "run")
    lines = run.history("trial")
    assert [line["trial"] for line in lines] == [*range(1, len(lines) + 1)]
    longest = max(line["epochs"] for line in lines)
    best = max((line for line in lines if line["epochs"] == longest), key=lambda line: line["score"])
    assert run.architecture.assignment == best["assignment"]
    assert run.architecture.provenance["loop"] == name
    assert "relaxation" not in run.architecture.provenance
    assert run.test is not None
    assert not (run.path / "trials").exists()
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert "on validation so far, over the trainings" in page
    assert "had no part in it" in page


def test_the_best_trial_and_the_final_training_are_the_same_training(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    best = run.record["search"]["best"]
    assert best in [line["validation"] for line in run.history("train")]


def test_a_run_that_is_killed_at_any_write_goes_on_to_the_same_bits(
    experiment: Experiment, tmp_path: Path
) -> None:
    small = with_loop(experiment, SuccessiveHalving(candidates=2, eta=2), "halving")
    with killed_at_every_write(tmp_path / "run", tmp_path / "killed") as states:
        nasframe.search(small, tmp_path / "run")
    whole = Run.open(tmp_path / "run")
    assert len(states) > 20
    for state in states[::3]:
        run = nasframe.search(small, state).run  # the same command
        assert run is not None
        assert run.architecture == whole.architecture
        assert without_time(run.metrics) == without_time(whole.metrics)
        assert tree(run.path).keys() == tree(whole.path).keys()


def test_any_number_of_workers_gives_the_same_run(tensors: Experiment, tmp_path: Path) -> None:
    own = with_loop(tensors, RandomSearch(trials=3, batch=3), "random", epochs=1)
    runs = [nasframe.search(own, tmp_path / str(workers), workers=workers).run for workers in (1, 2)]
    assert runs[0] is not None
    assert runs[1] is not None
    assert runs[0].architecture == runs[1].architecture
    assert without_time(runs[0].metrics) == without_time(runs[1].metrics)


def test_the_workers_of_a_search_stay_from_one_batch_of_proposals_to_the_next(
    tensors: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []

    def start(*arguments: Any) -> Any:
        started.append(start_process(*arguments))
        return started[-1]

    monkeypatch.setattr("nasframe.jobs.pool.start_process", start)
    loop = RandomSearch(trials=4, batch=2)
    found = nasframe.search(with_loop(tensors, loop, "random", epochs=1), tmp_path / "run", workers=2)
    assert len(found.history) == 4
    assert len(started) == 2
    assert not multiprocessing.active_children()


def test_a_training_that_is_stopped_at_an_epoch_goes_on_to_the_same_bits(
    experiment: Experiment, tmp_path: Path
) -> None:
    prepared = nasframe.prepare(experiment, None, None, nasframe.runtime.SILENT)
    space = experiment.space.build(prepared.data.inputs, prepared.data.outputs)
    architecture = nasframe.Architecture(space, space.sample(0))

    def trained(folder: Path, stops: Sequence[int]) -> dict[str, torch.Tensor]:
        run = Run(folder)
        run.checkpoints.mkdir(parents=True)
        for stop in stops:
            network = nasframe.build(architecture, seed=0)
            options = TrainOptions(epochs=4, batch_size=64)
            engine = Training(network, experiment.task, prepared.data, options, run=run)
            engine.advance(stop)
        return network.state_dict()

    whole, parts = trained(tmp_path / "whole", [4]), trained(tmp_path / "parts", [1, 3, 4])
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    assert without_time(Run(tmp_path / "whole").metrics) == without_time(Run(tmp_path / "parts").metrics)


def test_halving_pays_for_the_epochs_that_are_new_and_reads_the_beginning_of_the_full_curve(
    experiment: Experiment,
) -> None:
    found = nasframe.search(with_loop(experiment, SuccessiveHalving(candidates=4, eta=2), "halving", 4))
    lines = found.history
    assert [(line["epochs"], line["new_epochs"]) for line in lines] == [*[(1, 1)] * 4, *[(2, 1)] * 2, (4, 2)]
    assert [line["cost"] for line in lines] == [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0]
    full = nasframe.search(with_loop(experiment, RandomSearch(trials=4), "random", 4)).history
    finalist = next(line for line in full if line["network"] == lines[-1]["network"])
    assert finalist["validation"] == lines[-1]["validation"]


@frozen
class Twice(ProposalLoop):
    """Proposes one architecture again and again."""

    def start(self, problem: SearchProblem, seed: int) -> Proposer:
        return Again(problem)

    def most(self, problem: SearchProblem) -> int:
        return 3


class Again(Proposer):
    def __init__(self, problem: SearchProblem) -> None:
        self.problem, self.count = problem, 0

    def propose(self, count: int) -> Sequence[Proposal]:
        if self.count == 3:
            return []
        self.count += 1
        return [Proposal(self.count - 1, self.problem.space.sample(0), (2, 1, None)[self.count - 1])]

    def tell(self, results: Sequence[Result]) -> None:
        pass

    def state(self) -> Any:
        return self.count

    def restore(self, state: Any) -> None:
        self.count = state


def test_a_network_that_is_proposed_again_is_not_trained_again(experiment: Experiment) -> None:
    lines = nasframe.search(with_loop(experiment, Twice(), "twice")).history
    assert [line["new_epochs"] for line in lines] == [2, 0, 0]
    assert [line["cost"] for line in lines] == [1.0, 1.0, 1.0]
    assert lines[0]["validation"] == lines[2]["validation"]


@frozen
class OneNetwork(ProposalLoop):
    """Proposes architectures that derive one network: for so many epochs, of the first or the second name."""

    rounds: Sequence[tuple[int, int]] = ((0, 1), (1, 1), (1, 2), (0, 2))

    def start(self, problem: SearchProblem, seed: int) -> Proposer:
        return SameAgain(problem, self.rounds)

    def most(self, problem: SearchProblem) -> int:
        return len(self.rounds)


class SameAgain(Again):
    def __init__(self, problem: SearchProblem, rounds: Sequence[tuple[int, int]]) -> None:
        super().__init__(problem)
        self.rounds = rounds
        named: dict[str, list[dict[str, str]]] = {}
        for assignment in problem.space.enumerate():
            named.setdefault(problem.key(assignment), []).append(assignment)
        self.names = next(names for names in named.values() if len(names) > 1 and "sum" in str(names))

    def propose(self, count: int) -> Sequence[Proposal]:
        part = range(self.count, min(self.count + count, len(self.rounds)))
        self.count += len(part)
        return [Proposal(item, self.names[self.rounds[item][0]], self.rounds[item][1]) for item in part]


@pytest.fixture
def several(experiment: Experiment) -> Experiment:
    """An experiment in whose space some networks have several assignments."""
    return attrs.evolve(experiment, space=Bimodal(channels=4, cells=1, nodes=2))


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_another_assignment_of_a_network_goes_on_with_its_training_and_costs_nothing(
    batch: int, several: Experiment
) -> None:
    lines = nasframe.search(with_loop(several, OneNetwork(batch=batch), "one")).history
    assert len({line["network"] for line in lines}) == 1
    assert lines[0]["assignment"] != lines[1]["assignment"]
    assert [line.get("failed") for line in lines] == [None] * 4
    assert [line["new_epochs"] for line in lines] == [1, 0, 1, 0]
    assert lines[0]["validation"] == lines[1]["validation"]
    assert lines[2]["validation"] == lines[3]["validation"]


def test_another_assignment_of_a_network_goes_on_with_its_training_after_a_kill(
    several: Experiment, tmp_path: Path
) -> None:
    own = with_loop(several, OneNetwork(), "one")
    with killed_at_every_write(tmp_path / "run", tmp_path / "killed") as states:
        nasframe.search(own, tmp_path / "run")
    whole = Run.open(tmp_path / "run")
    assert [line["score"] is None for line in whole.history("trial")] == [False] * 4
    for state in states[::9]:
        run = nasframe.search(own, state).run
        assert run is not None
        assert without_time(run.metrics) == without_time(whole.metrics)


def test_the_architecture_of_the_search_is_the_one_that_was_trained(
    several: Experiment, tmp_path: Path
) -> None:
    """Of one network under two names, the longest training is asked for under the second one."""
    own = with_loop(several, OneNetwork(rounds=((0, 1), (1, 2))), "one")
    run = nasframe.run_experiment(own, tmp_path / "run")
    first, second = run.history("trial")
    assert run.architecture.assignment == first["assignment"] != second["assignment"]
    assert second["validation"] in [line["validation"] for line in run.history("train")]


@frozen
class EndsEarly(OneNetwork):
    """Ends of itself, before the most that it might propose."""

    def most(self, problem: SearchProblem) -> int:
        return 40


def test_a_search_that_ends_before_its_trials_says_so(several: Experiment, tmp_path: Path) -> None:
    said = Log()
    run = nasframe.search(with_loop(several, EndsEarly(), "early"), tmp_path / "run", progress=said).run
    assert run is not None
    sentence = (
        "The search ended early: the loop proposed nothing more after 4 of at most 40 trials: it found no "
        "other network that is new, or ended by itself."
    )
    assert run.record["search"]["caveats"] == [sentence]
    assert f"search: {sentence}" in said.lines
    assert "caveats" not in ended(several, OneNetwork(), tmp_path / "whole")


def ended(experiment: Experiment, loop: ProposalLoop, folder: Path) -> Any:
    run = nasframe.search(with_loop(experiment, loop, "one"), folder).run
    assert run is not None
    return run.record["search"]


def test_a_training_that_fails_is_told_and_the_others_go_on(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch, calls = Training._epoch, list[int]()

    def fails_once(self: Training, *arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise RunError("the loss is not finite")
        return epoch(self, *arguments)

    monkeypatch.setattr(Training, "_epoch", fails_once)
    run = nasframe.search(experiment, tmp_path / "run").run
    assert run is not None
    first, *others = run.history("trial")
    assert (first["score"], first["failed"]) == (None, "the loss is not finite")
    assert all(line["score"] is not None for line in others)
    assert run.architecture.assignment != first["assignment"]


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_a_training_that_fails_costs_the_epochs_that_it_ended(
    fails_at: int, several: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that is proposed again changes nothing of it, nor does an interruption before that."""
    epoch, calls = Training._epoch, list[int]()

    def fails(self: Training, *arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == fails_at:
            raise RunError("the loss is not finite")
        return epoch(self, *arguments)

    monkeypatch.setattr(Training, "_epoch", fails)
    own = with_loop(several, OneNetwork(rounds=((0, 2), (1, 1), (0, 3))), "one", epochs=3)
    done, train, batches = fails_at - 1, CandidateTraining.train, list[int]()

    def interrupted(self: CandidateTraining, candidates: Any) -> Any:
        batches.append(1)
        if len(batches) == 2:
            raise KeyboardInterrupt
        return train(self, candidates)

    monkeypatch.setattr(CandidateTraining, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        nasframe.search(own, tmp_path / "run")
    with suppress(RunError):  # where no architecture has a score
        nasframe.search(own, tmp_path / "run")
    lines = Run.open(tmp_path / "run").history("trial")
    assert [line["new_epochs"] for line in lines] == [done, 0, 0]
    assert [line["cost"] for line in lines] == [round(done / 3, 6)] * 3
    assert [line["seconds"] > 0 for line in lines] == [done > 0, False, False]
    assert "failed" in lines[-1]


def test_where_every_training_fails_the_search_says_why(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise RunError("the loss is not finite")

    monkeypatch.setattr(Training, "_epoch", fails)
    with pytest.raises(
        RunError, match=r"no architecture has a score, so none is the best\n  the loss is not"
    ):
        nasframe.search(experiment, tmp_path / "run")


def test_ctrl_c_in_a_training_is_no_failure_and_the_search_goes_on_later(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, calls = CandidateTraining.train, list[int]()

    def interrupted(self: CandidateTraining, candidates: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return train(self, candidates)

    whole = nasframe.search(experiment, tmp_path / "whole").run
    with monkeypatch.context() as patch:
        patch.setattr(CandidateTraining, "train", interrupted)
        with pytest.raises(KeyboardInterrupt):
            nasframe.search(experiment, tmp_path / "run")
    assert len(Run.open(tmp_path / "run").history("trial")) == 1
    (resumed,) = [found for _, found in resume(tmp_path / "run")]
    assert whole is not None
    assert_same(resumed.run, whole)


def test_the_folder_records_the_workers_and_goes_on_with_them_where_there_are_cores(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(CandidateTraining, "train", interrupted)
        with pytest.raises(KeyboardInterrupt):
            nasframe.search(experiment, tmp_path / "run", workers=7)
    asked: list[int] = []
    train = CandidateTraining.train

    def noted(self: CandidateTraining, candidates: Any) -> Any:
        asked.append(self.workers)
        return train(self, candidates)

    monkeypatch.setattr(CandidateTraining, "train", noted)
    monkeypatch.setattr("nasframe.pipeline.resuming.cores", lambda: 5)
    dict(resume(tmp_path / "run"))
    assert set(asked) == {5}


def test_a_search_that_is_done_is_skipped(experiment: Experiment, tmp_path: Path) -> None:
    first = nasframe.search(experiment, tmp_path / "run")
    again = nasframe.search(experiment, tmp_path / "run")
    assert again.history == first.run.history("trial")  # type: ignore[union-attr]


def test_a_search_without_a_folder_leaves_nothing(experiment: Experiment, home: Path) -> None:
    found = nasframe.search(experiment)
    assert len(found.history) == 3
    assert [item.name for item in home.iterdir()] == ["cache"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loop": RandomSearch(trials=10_000)}, "loop.trials: 10,000 architectures are asked for, and the"),
        ({"loop": SuccessiveHalving(candidates=2, least=9)}, "loop.least: the first rung has at least 9"),
        ({"train": TrainOptions(inherit=True)}, "train.inherit: the loop 'random' trains no supernet"),
        ({"loop": Evolution(trials=3, population=5)}, "loop.trials: the first population has 5"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_anything_is_trained(
    changes: dict[str, Any], message: str, experiment: Experiment, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        nasframe.search(attrs.evolve(experiment, **changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["loop.name=halving", "loop.least=9"], "loop.least: the first rung has at least 9"),
        (["loop.name=random", "train.inherit=true"], "train.inherit: the loop 'random' trains no supernet"),
        (["loop.name=evolution", "loop.trials=3"], "loop.trials: the first population has 10"),
    ],
)
@pytest.mark.usefixtures("toy_streams")
def test_options_that_fit_no_space_are_refused_before_the_data_is_prepared(
    words: list[str], message: str, tmp_path: Path
) -> None:
    words = [*words, f"cache={tmp_path / 'cache'}", "train.epochs=5"]
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        nasframe.search(Experiment.load(STREAMS, words), tmp_path / "run")
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        nasframe.sweep(STREAMS, ["task.examples=60,80"], words, out=tmp_path / "study")
    assert list(tmp_path.iterdir()) == []


@frozen
class FailsToSay(Twice):
    """Does not know its options."""

    def check_options(self, epochs: int) -> None:
        raise KeyError("cheese")


def test_a_loop_that_fails_to_check_its_options_breaks_its_contract(
    experiment: Experiment, tmp_path: Path
) -> None:
    broken = attrs.evolve(experiment, loop=FailsToSay())
    with pytest.raises(ContractError, match="nasframe.ProposalLoop: check_options raised KeyError: 'cheese'"):
        nasframe.search(broken, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


class Wrong(Again):
    def propose(self, count: int) -> Sequence[Proposal]:
        return [attrs.evolve(item, assignment={"no": "choice"}) for item in super().propose(count)]


@frozen
class ProposesWrong(Twice):
    """Proposes what is no architecture."""

    def start(self, problem: SearchProblem, seed: int) -> Proposer:
        return Wrong(problem)


class Raises(Again):
    def tell(self, results: Sequence[Result]) -> None:
        raise KeyError("cheese")


@frozen
class RaisesInTell(Twice):
    """Cannot hear."""

    def start(self, problem: SearchProblem, seed: int) -> Proposer:
        return Raises(problem)


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        (ProposesWrong(), "proposal 0: the architecture is not in the space"),
        (RaisesInTell(), r"tell raised KeyError: 'cheese' \(.*test_proposal_searches.py, line \d+\)"),
    ],
)
def test_a_loop_that_breaks_its_contract_is_found_before_the_search(
    loop: ProposalLoop, message: str, experiment: Experiment, tmp_path: Path
) -> None:
    name = type(loop).__name__
    start = rf"loop '{name}' \(.*test_proposal_searches.py\) breaks the contract of nasframe.ProposalLoop: "
    with pytest.raises(ContractError, match=start + message):
        nasframe.search(with_loop(experiment, loop, name), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_options_that_cannot_hold_are_refused_before_the_folder_of_another_experiment(
    experiment: Experiment, tmp_path: Path
) -> None:
    nasframe.search(with_loop(experiment, RandomSearch(trials=1), "random", 1), tmp_path / "run")
    many = with_loop(experiment, SuccessiveHalving(candidates=100_000), "halving", 1)
    with pytest.raises(ConfigurationError, match=r"loop\.candidates"):
        nasframe.search(many, tmp_path / "run")
    few = with_loop(experiment, SuccessiveHalving(candidates=2), "halving", 1)
    with pytest.raises(RunError, match=r"loop\.candidates: there nothing, now 2"):
        nasframe.search(few, tmp_path / "run")
