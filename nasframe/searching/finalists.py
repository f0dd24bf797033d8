"""Finalists: architectures that a supernet prefers, trained as the networks that will be built."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen
from scipy import stats
from torch import Tensor

from nasframe.errors import RunError, in_lines
from nasframe.runtime import Progress
from nasframe.searching.candidate import Candidate, CandidateTrainer, LearningCurve
from nasframe.space import Architecture

__all__ = ["Finalist", "Finals", "hold_finals"]


@frozen
class Finalist:
    """An architecture that was trained, and its scores; larger is better, None where one is undefined.

    Attributes:
        architecture: its network is trained.
        supernet: its objective on validation by the supernet, before any training.
        scores: epochs → its objective on validation when it had been trained so long.
        derived: True for the one that the rule of the space derived.
    """

    architecture: Architecture
    supernet: float | None
    scores: Mapping[int, float | None] = field(factory=dict)
    derived: bool = False


@frozen
class Finals:
    """A successive halving over finalists.

    Attributes:
        finalists: the winner first, then the others by the last score that they have.
        epochs: to which those were trained that were left, round by round.
        spent: epochs of training in all.
        seconds: of these.
    """

    finalists: Sequence[Finalist]
    epochs: Sequence[int]
    spent: int
    seconds: float

    @property
    def winner(self) -> Finalist:
        """The best of those that were trained longest."""
        return self.finalists[0]

    def record(self) -> dict[str, Any]:
        """Return the record for `run.json`."""
        return {
            "rounds": [
                {
                    "epochs": epochs,
                    "networks": len(self._scores(epochs)),
                    "supernet": self.agreement(epochs),
                    "before": None if place == 0 else self.agreement(epochs, self.epochs[place - 1]),
                }
                for place, epochs in enumerate(self.epochs)
            ],
            "spent": self.spent,
            "seconds": round(self.seconds, 3),
            "networks": [
                {
                    "architecture": item.architecture.fingerprint[:16],
                    "supernet": item.supernet,
                    "scores": {str(epochs): score for epochs, score in item.scores.items()},
                    "derived": item.derived,
                }
                for item in self.finalists
            ],
        }

    def agreement(self, epochs: int, with_epochs: int | None = None) -> float | None:
        """Return Spearman's rank correlation of the scores after some epochs with those of the supernet.

        Args:
            epochs: of a round.
            with_epochs: compare with the scores after so many epochs instead.

        Returns:
            None for fewer than three networks, or where one of both scores does not vary.
        """
        pairs = [
            (item.supernet if with_epochs is None else item.scores.get(with_epochs), item.scores[epochs])
            for item in self.finalists
            if epochs in item.scores
        ]
        known = [(a, b) for a, b in pairs if a is not None and b is not None]
        if len(known) < 3 or any(len({pair[side] for pair in known}) == 1 for side in (0, 1)):
            return None
        return float(stats.spearmanr(*zip(*known, strict=True)).statistic)

    def in_words(self) -> str:
        """Return the finals as sentences: the rounds, and how each score ranked the winner."""
        told = []
        for place, epochs in enumerate(self.epochs):
            count = len(self._scores(epochs))
            agreement = self.agreement(epochs)
            words = (
                f"{count} trained to epoch {epochs}" if place == 0 else f"{count} of them to epoch {epochs}"
            )
            if agreement is not None:
                words += f" (rank correlation with the supernet {agreement:+.2f})"
            told.append(words)
        winner = self.winner
        by_supernet = [item.supernet for item in self.finalists if item.supernet is not None]
        ranks = []
        if winner.supernet is not None:
            ranks.append(f"{_place(winner.supernet, by_supernet)} of {len(by_supernet)} by the supernet")
        for epochs in self.epochs:
            scores, own = self._scores(epochs), winner.scores.get(epochs)
            if own is not None:
                ranks.append(f"{_place(own, scores)} of {len(scores)} after epoch {epochs}")
        derived = "; it is the one that the rule derives" if winner.derived else ""
        return f"{', '.join(told)}. The best one was {', '.join(ranks)}{derived}"

    def _scores(self, epochs: int) -> list[float]:
        return [
            -math.inf if score is None else score
            for item in self.finalists
            for done, score in item.scores.items()
            if done == epochs
        ]


def hold_finals(
    finalists: Sequence[Finalist],
    keys: Sequence[str],
    trainer: CandidateTrainer,
    *,
    first: int,
    keep: int,
    weights: Mapping[str, Tensor] | None,
    progress: Progress,
) -> Finals:
    """Train all finalists a little, keep the best, train these longer, and so on (successive halving).

    Of every `keep` networks one is kept, at least one in all, and trained `keep` times as long, until one is
    left or the last ones have been trained in full. (Jamieson, Talwalkar 2016; the curves are those of
    full trainings, whose schedules stay.) The first of equals wins.

    Args:
        finalists: at least one, of different networks, without scores.
        keys: of their networks.
        trainer: of networks.
        first: epochs of the first round, at most those of a full training.
        keep: at least 2.
        weights: the state of a supernet from which all trainings start; None is from scratch.
        progress: to report to.

    Raises:
        RunError: every training of a round fails.
    """
    epochs, rounds, spent, seconds = first, list[int](), 0, 0.0
    scores: list[dict[int, float | None]] = [{} for _ in finalists]
    curves: dict[int, LearningCurve] = {}
    alive = list(range(len(finalists)))
    while True:
        before = rounds[-1] if rounds else 0
        wanted = [Candidate(keys[place], finalists[place].architecture.assignment, epochs) for place in alive]
        with progress.task(f"{len(wanted)} finalists to epoch {epochs}", len(wanted)) as advance:
            made = trainer.train(wanted, weights)
            advance(len(wanted))
        curves |= dict(zip(alive, made, strict=True))
        if all(curve.failed for curve in made):
            reasons = dict.fromkeys(curve.failed for curve in made)
            raise RunError(in_lines("no finalist could be trained", *reasons))
        rounds.append(epochs)
        for place, curve in zip(alive, made, strict=True):
            value = curve.rank(epochs)[0]
            scores[place][epochs] = value if math.isfinite(value) else None
            spent += len(curve.seconds[before:epochs])
            seconds += math.fsum(curve.seconds[before:epochs])
        alive.sort(key=lambda place: curves[place].rank(epochs), reverse=True)
        if len(alive) == 1 or epochs == trainer.epochs:
            break
        alive = alive[: max(1, len(alive) // keep)]
        if len(alive) == 1:
            break
        epochs = min(trainer.epochs, epochs * keep)

    def standing(place: int) -> tuple[int, tuple[float, float]]:
        last = max(scores[place])
        return last, curves[place].rank(last)

    winner = alive[0]
    others = sorted((p for p in range(len(finalists)) if p != winner), key=standing, reverse=True)
    ordered = [
        Finalist(finalists[p].architecture, finalists[p].supernet, scores[p], finalists[p].derived)
        for p in (winner, *others)
    ]
    return Finals(ordered, rounds, spent, seconds)


def _place(score: float, scores: Sequence[float]) -> str:
    """Return the place of a score among several, as words: 1st, 2nd, …"""
    place = 1 + sum(other > score for other in scores)
    ending = "th" if 10 <= place % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"
