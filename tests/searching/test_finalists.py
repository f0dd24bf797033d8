"""Finalists: successive halving over architectures that a supernet prefers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from attrs import define, evolve, field
from scipy import stats
from torch import Tensor

from nasframe import Architecture
from nasframe.errors import RunError
from nasframe.runtime import SILENT
from nasframe.searching.candidate import Candidate, LearningCurve
from nasframe.searching.finalists import Finalist, hold_finals
from tests.searching.sources import one_of


def architectures(count: int) -> list[Architecture]:
    space = one_of(count)
    return [Architecture(space, {"n.x": name}) for name in space.inputs]


@define
class Table:
    """A trainer that looks curves up: key → objective after each epoch; None for a training that fails."""

    curves: Mapping[str, Sequence[float] | None]
    epochs: int
    asked: list[tuple[int, list[str]]] = field(factory=list)
    weights: list[Any] = field(factory=list)

    def train(
        self, candidates: Sequence[Candidate], weights: Mapping[str, Tensor] | None = None
    ) -> list[LearningCurve]:
        (epochs,) = {item.epochs for item in candidates}
        self.asked.append((epochs, [item.key for item in candidates]))
        self.weights.append(weights)
        return [self._curve(item) for item in candidates]

    def _curve(self, item: Candidate) -> LearningCurve:
        values = self.curves[item.key]
        if values is None:
            return LearningCurve([], [], [1.0], failed="it fails")
        kept = list(values[: item.epochs])
        return LearningCurve(kept, [{"loss": 1.0 - value} for value in kept], [1.0] * len(kept))


def finals(curves: Sequence[Sequence[float] | None], full: int, first: int, keep: int, **changes: Any) -> Any:
    """Hold finals over networks whose curves are given, the supernet's favourite first."""
    trainer = Table({str(number): curve for number, curve in enumerate(curves)}, full)
    finalists = {
        str(number): Finalist(
            item, 1.0 - 0.01 * number, derived=number == changes.get("derived"), place=number + 1
        )
        for number, item in enumerate(architectures(len(curves)))
    }
    held = hold_finals(
        finalists,
        trainer,
        first=first,
        keep=keep,
        weights=changes.get("weights"),
        scored=100,
        progress=SILENT,
    )
    return held, trainer


def constant(value: float, epochs: int) -> list[float]:
    return [value] * epochs


@pytest.mark.parametrize(
    ("count", "full", "first", "keep", "rounds"),
    [
        (12, 15, 5, 4, [(5, 12), (15, 3)]),
        (20, 16, 1, 4, [(1, 20), (4, 5)]),
        (5, 15, 15, 4, [(15, 5)]),
        (9, 30, 1, 3, [(1, 9), (3, 3)]),
        (16, 30, 2, 2, [(2, 16), (4, 8), (8, 4), (16, 2)]),
        (16, 9, 2, 2, [(2, 16), (4, 8), (8, 4), (9, 2)]),
        (1, 10, 2, 3, [(2, 1)]),
        (3, 10, 2, 5, [(2, 3)]),
    ],
)
def test_of_every_keep_networks_one_is_kept_and_trained_keep_times_as_long(
    count: int, full: int, first: int, keep: int, rounds: list[tuple[int, int]]
) -> None:
    held, trainer = finals([constant(0.5 + 0.01 * n, full) for n in range(count)], full, first, keep)
    assert [(epochs, len(keys)) for epochs, keys in trainer.asked] == rounds
    assert list(held.epochs) == [epochs for epochs, _ in rounds]
    before, spent = 0, 0
    for epochs, networks in rounds:
        spent += networks * (epochs - before)
        before = epochs
    assert held.spent == held.seconds == spent


def test_the_best_of_a_round_go_on_and_the_best_of_the_last_one_wins() -> None:
    # the third is slow at first and the best at last; the fourth is fast, and stays behind
    curves = [[0.5, 0.6, 0.6, 0.6], [0.1, 0.9, 0.9, 0.9], [0.45, 0.5, 0.8, 0.95], [0.6, 0.61, 0.62, 0.63]]
    held, trainer = finals(curves, 4, 1, 2)
    assert trainer.asked == [(1, ["0", "1", "2", "3"]), (2, ["3", "0"])]
    assert held.winner.architecture.assignment == {"n.x": "i3"}
    assert held.winner.scores == {1: 0.6, 2: 0.61}
    assert [item.architecture.assignment["n.x"] for item in held.finalists] == ["i3", "i0", "i2", "i1"]


def test_a_score_is_that_of_the_best_epoch_so_far_and_the_loss_decides_between_equals() -> None:
    falling, rising = [0.8, 0.3], [0.2, 0.7]
    held, _ = finals([rising, falling], 2, 2, 2)
    assert held.winner.scores == {2: 0.8}
    equal, _ = finals([constant(0.5, 2), constant(0.5, 2)], 2, 2, 2)
    assert equal.winner.architecture.assignment == {"n.x": "i0"}


def test_a_training_that_fails_is_the_worst_and_has_no_score() -> None:
    held, _ = finals([None, constant(0.1, 4), None], 4, 1, 4)
    assert held.winner.architecture.assignment == {"n.x": "i1"}
    assert [item.scores for item in held.finalists[1:]] == [{1: None}, {1: None}]


def test_the_weights_are_given_to_every_training() -> None:
    given: dict[str, Any] = {}
    _, trainer = finals([constant(0.1 * n, 4) for n in range(4)], 4, 1, 2, weights=given)
    assert [item is given for item in trainer.weights] == [True, True]


def test_the_agreement_is_spearmans_rank_correlation() -> None:
    values = [0.3, 0.9, 0.1, 0.7, 0.5]
    held, _ = finals([[value, 1 - value] for value in values], 2, 1, 5)
    supernet = [1.0 - 0.01 * n for n in range(5)]
    assert held.agreement(1) == pytest.approx(stats.spearmanr(supernet, values).statistic)
    two, _ = finals([[0.3, 0.9], [0.2, 0.1]], 2, 1, 2)
    assert two.agreement(1) is None
    flat, _ = finals([constant(0.5, 2)] * 4, 2, 1, 4)
    assert flat.agreement(1) is None


def test_the_words_say_how_each_score_ranked_the_winner() -> None:
    held, _ = finals([[0.2, 0.3], [0.5, 0.6], [0.4, 0.7], [0.1, 0.1]], 2, 1, 2, derived=1)
    assert held.in_words() == (
        "4 finalists were trained to epoch 1, the best 2 of them to epoch 2. The chosen one was 3rd of the "
        "100 that the supernet scored, 2nd of 4 after epoch 1, 1st of 2 after epoch 2. Rank correlation of "
        "the supernet's order with that of the trainings: +0.40 after epoch 1 (1 is the same order, 0 is no "
        "relation)"
    )
    own, _ = finals([[0.2, 0.3], [0.5, 0.6]], 2, 2, 2, derived=1)
    assert own.in_words().endswith("It is the one that the rule of the space derives")


def test_a_finalist_without_a_score_by_the_supernet_has_no_place_in_its_order() -> None:
    held, _ = finals([[0.2], [0.5], [0.4], [0.1]], 1, 1, 2)
    worst = evolve(held.finalists[-1], supernet=None, place=None)
    without = evolve(held, finalists=[*held.finalists[:-1], worst])
    known = [(-item.place, item.scores[1]) for item in held.finalists[:-1] if item.place is not None]
    assert without.agreement(1) == pytest.approx(stats.spearmanr(*zip(*known, strict=True)).statistic)
    alone = evolve(held, finalists=[worst])
    assert "supernet" not in alone.in_words()


def test_the_record_holds_every_score_of_every_finalist() -> None:
    held, _ = finals([[0.2, 0.3], [0.5, 0.6], [0.4, 0.7], None], 2, 1, 2)
    record = held.record()
    assert [(item["epochs"], item["networks"]) for item in record["rounds"]] == [(1, 4), (2, 2)]
    assert record["said"] == f"{held.in_words()}."
    assert [item["place"] for item in record["networks"]] == [3, 2, 1, 4]
    assert [item["scores"] for item in record["networks"]] == [
        {"1": 0.4, "2": 0.7},
        {"1": 0.5, "2": 0.6},
        {"1": 0.2},
        {"1": None},
    ]
    assert record["spent"] == record["seconds"] == 4 + 2  # the one that failed ended an epoch before


def test_where_every_training_fails_the_reasons_are_told() -> None:
    with pytest.raises(RunError, match=r"no finalist could be trained[\s\S]*it fails"):
        finals([None, None], 4, 1, 2)
