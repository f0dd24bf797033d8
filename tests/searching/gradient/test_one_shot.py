"""One-shot search: its paths, its updates, the ranking at its end, its finalists, and what it refuses."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import torch
from attrs import define, evolve

from nasframe import (
    Architecture,
    Choice,
    Data,
    Run,
    SearchOptions,
    SearchSpace,
    Supernet,
    TensorSplit,
    TensorTask,
    build,
    network_key,
)
from nasframe.errors import ConfigurationError, SpaceError
from nasframe.options import option
from nasframe.relaxations import Relaxation, Softmax
from nasframe.runtime import SILENT, generator
from nasframe.searching import Bilevel, OneShot, Search, Update
from nasframe.searching.gradient.ranking import rank_architectures
from nasframe.searching.gradient.supernet_score import Ranked, SupernetScore
from nasframe.tasks import Batch
from nasframe_bimodal.space import Bimodal
from tests.comparing import without_time

FEW = Bimodal(channels=8, cells=1, nodes=2, operations=("zero", "sum", "concat_fc"))


def search(task: TensorTask, data: Data, **changes: Any) -> Search:
    arguments: dict[str, Any] = {
        "space": FEW.build(data.inputs, data.outputs),
        "task": task,
        "data": data,
        "relaxation": Softmax(),
        "loop": OneShot(),
        "options": SearchOptions(epochs=2, batch_size=32, candidates=100),
    }
    return Search(**arguments | changes)


def batch(data: Data, size: int = 16) -> Batch:
    return data.splits.weights.batch(torch.arange(size))


def free_choices() -> SearchSpace:
    """A chain of choices of which every combination is an architecture."""
    space, last = SearchSpace("chain"), "x"
    space.add_input("x", (2, 6))
    for number in range(3):
        choice = Choice(f"n{number}", ("identity", "layer_norm", "batch_norm"), "gamma")
        last = space.add_node(f"n{number}", choice=choice, ports=("x",))
        space.connect(f"n{number - 1}" if number else "x", last, "x")
    space.set_output(last)
    return space


def test_paths_are_uniform_over_the_architectures() -> None:
    space = FEW.build({"a": (2, 3), "b": (2, 3)}, 2)
    number = space.count()
    paths = OneShot().paths(space, random.Random(0))
    draws = Counter(tuple(sorted(next(paths)[0].items())) for _ in range(300 * number))
    assert len(draws) == number
    # chi-square with `number` cells: mean k, standard deviation sqrt(2k)
    assert sum((count - 300) ** 2 / 300 for count in draws.values()) < number + 4 * (2 * number) ** 0.5


def test_fair_paths_have_every_candidate_of_every_choice_once() -> None:
    space = free_choices()
    paths = OneShot(fair=True).paths(space, random.Random(0))
    orders = set()
    for _ in range(50):
        drawn = next(paths)
        assert len(drawn) == 3
        for name, choice in space.choices.items():
            assert sorted(path[name] for path in drawn) == sorted(choice.candidates)
        orders.add(tuple(path["n0"] for path in drawn))
    assert len(orders) == 6  # 3!, for each order is drawn at some time


def test_fair_paths_are_valid_where_nodes_are_removed() -> None:
    space = FEW.build({"a": (2, 3), "b": (2, 3), "c": (2, 3)}, 2)
    paths = OneShot(fair=True).paths(space, random.Random(0))
    for _ in range(50):
        assert all(space.validate(path) == path for path in next(paths))


def test_an_update_moves_the_parameters_of_the_drawn_network_alone(
    digits: TensorTask, digits_data: Data
) -> None:
    for seed in range(5):
        made = search(digits, digits_data)
        path = made.space.sample(seed)
        before = {name: value.clone() for name, value in made.supernet.named_parameters()}
        made.supernet.train()
        made.learner.update(Update("weights", batch(digits_data)), 0, generator(0, "test"), paths=[path])
        moved = {
            name for name, value in made.supernet.named_parameters() if not torch.equal(value, before[name])
        }
        of_network = {name for name, _ in build(Architecture(made.space, path)).named_parameters()}
        assert moved
        assert moved <= of_network


def test_several_paths_give_the_mean_of_their_gradients(digits: TensorTask, digits_data: Data) -> None:
    made = search(
        digits,
        digits_data,
        space=evolve(FEW, dropout=0.0).build(digits_data.inputs, digits_data.outputs),
        options=SearchOptions(epochs=2, candidates=100, clip_norm=0.0),
    )
    paths, some = [made.space.sample(seed) for seed in range(3)], batch(digits_data)
    wanted: dict[str, torch.Tensor] = {}
    for path in paths:
        made.supernet.zero_grad()
        outputs = made.supernet(some.inputs, made.supernet.logits.one_hot(path))
        digits.loss(outputs, some.targets).backward()
        for name, value in made.supernet.named_parameters():
            if value.grad is not None:
                wanted[name] = wanted.get(name, torch.zeros(())) + value.grad.clone() / len(paths)
    made.supernet.zero_grad()
    made.learner.update(Update("weights", some), 0, generator(0, "test"), paths=paths)
    found = {n: v.grad for n, v in made.supernet.named_parameters() if v.grad is not None}
    assert set(found) == set(wanted)
    for name, value in found.items():
        torch.testing.assert_close(value, wanted[name])


def test_logits_never_move_and_no_entropy_is_told(digits: TensorTask, digits_data: Data) -> None:
    made = search(digits, digits_data)
    before = [value.clone() for value in made.supernet.architecture_parameters()]
    made.fit()
    assert all(map(torch.equal, before, made.supernet.architecture_parameters()))
    assert "entropy" not in made.summary()
    assert made.history[0]["entropy"] == made.history[0]["probabilities"] == {}
    assert "converge" not in made.in_words()


def test_the_weights_learn_from_both_training_splits(digits: TensorTask, digits_data: Data) -> None:
    splits = digits_data.splits
    seen = {
        len(update.batch.targets)
        for update in OneShot().updates(
            splits.weights,
            splits.architecture,
            lambda split: iter([split.batch(torch.arange(len(split)))]),
            10**6,
        )
    }
    assert seen == {len(splits.weights) + len(splits.architecture)}


def test_the_best_by_the_supernet_of_all_architectures_is_returned(
    digits: TensorTask, digits_data: Data
) -> None:
    made = search(digits, digits_data)
    chosen = made.fit()
    losses = {}
    made.supernet.eval()
    whole = digits_data.splits.validation.batch(torch.arange(len(digits_data.splits.validation)))
    for item in made.space.enumerate():
        with torch.no_grad():
            outputs = made.supernet(whole.inputs, made.supernet.logits.one_hot(item))
        losses[tuple(item.items())] = float(digits.loss(outputs, whole.targets))
    networks = {network_key(Architecture(made.space, item)) for item in made.space.enumerate()}
    assert made.summary()["selection"]["candidates"] == len(networks)
    own = losses[tuple(chosen.assignment.items())]
    # of a network that several architectures derive, the first one alone is scored
    scored: dict[str, float] = {}
    for item in made.space.enumerate():
        scored.setdefault(network_key(Architecture(made.space, item)), losses[tuple(item.items())])
    assert own == pytest.approx(min(scored.values()), rel=1e-5)


def test_a_network_that_several_architectures_derive_is_scored_once() -> None:
    space = FEW.build({"a": (2, 3), "b": (2, 3)}, 2)
    asked: list[Any] = []

    def score(assignment: Any) -> Ranked:
        asked.append(assignment)
        return Ranked(assignment, 0.5, (0.5, 0.0))

    found = rank_architectures(space, score, 10**6, 0, SILENT)
    keys = [network_key(Architecture(space, item)) for item in asked]
    assert len(set(keys)) == len(keys) == len(found) < space.count()


def test_a_larger_space_is_searched_by_an_evolution_that_comes_near_the_best() -> None:
    space = Bimodal(channels=4, cells=1, nodes=3).build(dict.fromkeys("abcd", (2, 3)), 2)
    asked = 0

    def score(assignment: Any) -> Ranked:
        nonlocal asked
        asked += 1
        right = sum(value in ("concat_fc", "c & d") for value in assignment.values())
        return Ranked(assignment, float(right), (float(right), 0.0))

    most = 400
    assert space.count() > most
    found = rank_architectures(space, score, most, 0, SILENT)
    assert asked <= most
    assert found[0].score == 4.0  # c & d, and concat_fc three times
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)
    drawn = [space.sample(random.Random(seed)) for seed in range(most)]
    by_chance = sum(score(item).score for item in drawn) / most
    assert sum(item.score for item in found) / len(found) > by_chance


@pytest.mark.parametrize(
    ("candidates", "words"),
    [
        (
            100,
            "search.candidates asks for 100, and all architectures of the space are {} different networks.",
        ),
        (
            12,
            "search.candidates asks for 12, and the architectures that were tried are {} different networks.",
        ),
    ],
)
def test_fewer_architectures_than_candidates_are_all_ranked_and_a_sentence_says_so(
    digits: TensorTask, digits_data: Data, candidates: int, words: str
) -> None:
    made = search(digits, digits_data, options=SearchOptions(epochs=1, candidates=candidates))
    made.fit()
    found = made.summary()["selection"]
    assert found["candidates"] < candidates
    assert found["notes"] == [words.format(found["candidates"])]
    assert f"the supernet ranked {found['candidates']} architectures" in made.in_words()


def test_as_many_architectures_as_candidates_are_no_matter_for_words(
    digits: TensorTask, digits_data: Data
) -> None:
    made = search(
        digits, digits_data, space=Bimodal(channels=8, cells=1, nodes=1).build(digits_data.inputs, 10)
    )
    networks = {network_key(Architecture(made.space, item)) for item in made.space.enumerate()}
    assert len(networks) == made.space.count()
    made.options = SearchOptions(epochs=1, candidates=len(networks))
    made.fit()
    assert "notes" not in made.summary()["selection"]


def test_a_loop_that_relaxes_says_too_where_there_are_fewer_candidates(
    digits: TensorTask, digits_data: Data
) -> None:
    made = search(digits, digits_data, loop=Bilevel(architecture_rate=1e-2))
    made.fit()
    found = made.summary()["selection"]
    assert found["candidates"] < 100
    assert found["notes"] == [
        "search.candidates asks for 100, and draws around the derived architecture gave "
        f"{found['candidates']}, this one among them."
    ]


def test_a_score_that_is_undefined_hinders_no_rank_by_the_loss(digits: TensorTask, digits_data: Data) -> None:
    class Undefined(TensorTask):
        def metrics(self, outputs: Any, targets: Any) -> dict[str, float]:
            return {self.objective: float("nan")}

    task, splits = Undefined(digits.tensors, digits.labels), digits_data.splits
    space = FEW.build(digits_data.inputs, digits_data.outputs)
    for by_loss in (True, False):
        arguments = Supernet(space), task, splits.validation, splits.weights, 64, torch.device("cpu"), by_loss
        assert SupernetScore(*arguments)(space.sample(0)).is_ranked == by_loss


def test_statistics_of_batch_normalisation_are_taken_of_no_batch_of_one_example(
    digits: TensorTask, digits_data: Data
) -> None:
    splits, options = digits_data.splits, Bimodal(channels=8, cells=1, norm="batch_norm")
    space = options.build(digits_data.inputs, digits_data.outputs)
    odd = splits.weights.batch(torch.arange(65))
    training = TensorSplit(odd.inputs, odd.targets, [str(number) for number in range(65)])
    wide = TensorSplit({**odd.inputs, "unused": torch.zeros(65, 2**17)}, odd.targets, training.identifiers)
    score = SupernetScore(Supernet(space), digits, wide, training, 64, torch.device("cpu"))
    assert score.size == 64
    assert score(space.sample(0)).is_ranked


def test_a_validation_batch_that_is_looked_into_again_keeps_its_architecture(
    digits: TensorTask, digits_data: Data
) -> None:
    made = search(digits, digits_data)
    forward = made.learner.sampling.uniform_forward()
    made.supernet.eval()
    first, others = batch(digits_data).inputs, [dict(batch(digits_data).inputs) for _ in range(8)]
    with torch.no_grad():
        once = forward(first)
        assert torch.equal(forward(first), once)
        assert not all(torch.equal(forward(other), once) for other in others)


@define
class Turns(OneShot):
    """Draws the architectures of a space in turn, and counts the draws."""

    drawn: int = option(0, help="so far")

    def paths(self, space: SearchSpace, source: random.Random) -> Iterator[Any]:
        for path in cycle(space.enumerate()):
            object.__setattr__(self, "drawn", self.drawn + 1)
            yield [path]


def test_the_rehearsal_draws_no_path_of_the_loop_itself(digits: TensorTask, digits_data: Data) -> None:
    loop = Turns()
    made = search(digits, digits_data, loop=loop)
    assert loop.drawn == 0
    made.fit()
    assert loop.drawn > 0


def test_the_same_seed_gives_the_same_bits_and_another_one_others(
    digits: TensorTask, digits_data: Data
) -> None:
    first, second, other = (search(digits, digits_data, seed=seed) for seed in (0, 0, 1))
    assert first.fit() == second.fit()
    assert without_time(first.history) == without_time(second.history)
    other.fit()
    assert without_time(first.history) != without_time(other.history)


class Killed(BaseException):
    """Stands for the end of the process."""


def test_a_killed_search_resumes_to_the_same_bits(
    digits: TensorTask, digits_data: Data, tmp_path: Path, plugins: Any
) -> None:
    from nasframe import hookimpl

    class Killer:
        armed = True

        @hookimpl
        def search_epoch(self, run: Any, epoch: int, record: Any) -> None:
            if self.armed and epoch == 0:
                raise Killed

    whole = search(digits, digits_data)
    wanted = whole.fit()
    killer = Killer()
    plugins.register(killer, "killer")
    run = Run.create(tmp_path / "run", "")
    with pytest.raises(Killed):
        search(digits, digits_data, run=run).fit()
    killer.armed = False
    again = search(digits, digits_data, run=run)
    assert again.fit() == wanted
    assert without_time(again.history) == without_time(whole.history)
    for name, value in again.supernet.state_dict().items():
        assert torch.equal(value, whole.supernet.state_dict()[name])


class Unusable(Relaxation):
    """Fails whatever is asked of it."""

    def sample(self, logits: Any, progress: float, generator: Any) -> Any:
        raise RuntimeError("it has a part in this search")

    def probabilities(self, logits: Any) -> Any:
        raise RuntimeError("it has a part in this search")


def test_the_relaxation_has_no_part_in_it(digits: TensorTask, digits_data: Data) -> None:
    made = search(digits, digits_data, relaxation=Unusable())
    assert made.fit() == search(digits, digits_data).fit()
    assert made.summary()["epochs"] == 2


def test_one_candidate_is_no_choice(digits: TensorTask, digits_data: Data) -> None:
    with pytest.raises(ConfigurationError, match=r"search.candidates: .* 1 is no choice"):
        search(digits, digits_data, options=SearchOptions(epochs=2))


def test_a_space_that_deals_sources_out_is_refused(digits: TensorTask, digits_data: Data) -> None:
    space = Bimodal(channels=8, ports="shared").build(digits_data.inputs, digits_data.outputs)
    with pytest.raises(SpaceError, match="a loop without logits needs a space with exact ports"):
        search(digits, digits_data, space=space)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"candidates": 1, "finalists": 3}, "search.finalists: 3 of 1 candidate"),
        (
            {"candidates": 5, "finalists": 3, "finalists_drawn": 3},
            r"search.finalists_drawn: expected fewer than search.finalists \(3\), found 3",
        ),
        ({"candidates": 5, "finalists_drawn": 2}, "search.finalists_drawn: 2 of no finalists"),
        ({"candidates": 5, "finalists": 6}, r"search.finalists: expected at most search.candidates \(5\)"),
        ({"candidates": 5, "finalists": 2}, "this search was given no trainer"),
    ],
)
def test_finalists_that_cannot_be_are_refused_before_the_search(
    digits: TensorTask, digits_data: Data, options: dict[str, int], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        search(digits, digits_data, options=SearchOptions(epochs=2, **options))
