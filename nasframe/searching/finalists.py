"""Finalists: architectures that a supernet prefers, or that were drawn, trained as they will be built."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve, field, frozen
from torch import Tensor

from nasframe.errors import RunError, in_lines
from nasframe.runtime import Progress, counted
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
        place: among all that the supernet scored, from 1; equals share one. None where it has no score.
    """

    architecture: Architecture
    supernet: float | None
    scores: Mapping[int, float | None] = field(factory=dict)
    derived: bool = False
    place: int | None = None


@frozen
class Finals:
    """A successive halving over finalists.

    Attributes:
        finalists: the winner first, then the others by the last score that they have.
        epochs: to which those were trained that were left, round by round.
        spent: epochs of training in all.
        seconds: of these.
        scored: architectures that the supernet scored: the candidates, and finalists that were drawn.
    """

    finalists: Sequence[Finalist]
    epochs: Sequence[int]
    spent: int
    seconds: float
    scored: int

    @property
    def winner(self) -> Finalist:
        """The best of those that were trained longest."""
        return self.finalists[0]

    def record(self) -> dict[str, Any]:
        """Return the record for `run.json`; `said` are the sentences of `in_words`."""
        return {
            "said": f"{self.in_words()}.",
            "rounds": [
                {
                    "epochs": epochs,
                    "networks": len(self._scores(epochs)),
                    "supernet": self.agreement(epochs),
                    "before": None if place == 0 else self.agreement(epochs, self.epochs[place - 1]),
                }
                for place, epochs in enumerate(self.epochs)
            ],
            "scored": self.scored,
            "spent": self.spent,
            "seconds": round(self.seconds, 3),
            "networks": [
                {
                    "architecture": item.architecture.fingerprint[:16],
                    "supernet": item.supernet,
                    "place": item.place,
                    "scores": {str(epochs): score for epochs, score in item.scores.items()},
                    "derived": item.derived,
                }
                for item in self.finalists
            ],
        }

    def agreement(self, epochs: int, with_epochs: int | None = None) -> float | None:
        """Return Spearman's rank correlation of the scores after some epochs with the order by the supernet.

        Args:
            epochs: of a round.
            with_epochs: compare with the scores after so many epochs instead.

        Returns:
            From -1 to 1; None for fewer than three networks, or where one of both does not vary.
        """
        pairs = [
            (
                (None if item.place is None else -item.place)
                if with_epochs is None
                else item.scores.get(with_epochs),
                item.scores[epochs],
            )
            for item in self.finalists
            if epochs in item.scores
        ]
        known = [(a, b) for a, b in pairs if a is not None and b is not None]
        if len(known) < 3 or any(len({pair[side] for pair in known}) == 1 for side in (0, 1)):
            return None
        from scipy import stats  # half a second, which few commands need

        return float(stats.spearmanr(*zip(*known, strict=True)).statistic)

    def in_words(self) -> str:
        """Return the finals as sentences, without the last full stop: the rounds, how each score ranked the
        winner, and whether the supernet and the trainings order the finalists alike."""
        first, *later = self.epochs
        count = len(self._scores(first))
        told = f"{counted(count, 'finalist was', 'finalists were')} trained to epoch {first}"
        for epochs in later:
            told += f", the best {len(self._scores(epochs))} of them to epoch {epochs}"
        winner = self.winner
        ranks = []
        if winner.place is not None:
            ranks.append(f"{_ordinal(winner.place)} of the {self.scored:,} that the supernet scored")
        for epochs in self.epochs:
            scores, own = self._scores(epochs), winner.scores.get(epochs)
            if own is not None:
                ranks.append(f"{_place(own, scores)} of {len(scores)} after epoch {epochs}")
        sentences = [told]
        if ranks:
            sentences.append(f"The chosen one was {', '.join(ranks)}")
        if winner.derived:
            sentences.append("It is the one that the rule of the space derives")
        agreements = [(epochs, self.agreement(epochs)) for epochs in self.epochs]
        known = [f"{value:+.2f} after epoch {epochs}" for epochs, value in agreements if value is not None]
        if known:
            sentences.append(
                f"Rank correlation of the supernet's order with that of the trainings: {', '.join(known)} "
                "(1 is the same order, 0 is no relation)"
            )
        return ". ".join(sentences)

    def _scores(self, epochs: int) -> list[float]:
        return [
            -math.inf if score is None else score
            for item in self.finalists
            for done, score in item.scores.items()
            if done == epochs
        ]


def hold_finals(
    finalists: Mapping[str, Finalist],
    trainer: CandidateTrainer,
    *,
    first: int,
    keep: int,
    weights: Mapping[str, Tensor] | None,
    scored: int,
    progress: Progress,
) -> Finals:
    """Train all finalists a little, keep the best, train these longer, and so on (successive halving).

    Of every `keep` networks one is kept, at least one in all, and trained `keep` times as long, until one is
    left or the last ones have been trained in full. (Jamieson, Talwalkar 2016; the curves are those of
    full trainings, whose schedules stay.) The first of equals wins.

    Args:
        finalists: key of a network → its finalist, without scores; at least one.
        trainer: of networks.
        first: epochs of the first round, at most those of a full training.
        keep: at least 2.
        weights: the state of a supernet from which all trainings start; None is from scratch.
        scored: architectures that the supernet scored.
        progress: to report to.

    Raises:
        RunError: every training of a round fails.
    """
    epochs, rounds, spent, seconds = first, list[int](), 0, 0.0
    scores: dict[str, dict[int, float | None]] = {key: {} for key in finalists}
    curves: dict[str, LearningCurve] = {}
    left = [*finalists]
    while True:
        before = rounds[-1] if rounds else 0
        wanted = [Candidate(key, finalists[key].architecture.assignment, epochs) for key in left]
        with progress.task(f"{counted(len(wanted), 'finalist')} to epoch {epochs}", len(wanted)) as advance:
            made = trainer.train(wanted, weights)
            advance(len(wanted))
        if all(curve.failed for curve in made):
            reasons = dict.fromkeys(curve.failed for curve in made)
            raise RunError(in_lines("no finalist could be trained", *reasons))
        rounds.append(epochs)
        for key, curve in zip(left, made, strict=True):
            curves[key] = curve
            value = curve.rank(epochs)[0]
            scores[key][epochs] = value if math.isfinite(value) else None
            spent += len(curve.seconds[before:epochs])
            seconds += math.fsum(curve.seconds[before:epochs])
        left.sort(key=lambda key: curves[key].rank(epochs), reverse=True)
        kept = left[: max(1, len(left) // keep)]
        if epochs == trainer.epochs or len(kept) == 1:
            break
        left, epochs = kept, min(trainer.epochs, epochs * keep)

    def standing(key: str) -> tuple[bool, int, tuple[float, float]]:
        last = max(scores[key])
        return key == left[0], last, curves[key].rank(last)

    ordered = sorted(finalists, key=standing, reverse=True)
    held = [evolve(finalists[key], scores=scores[key]) for key in ordered]
    return Finals(held, rounds, spent, seconds, scored)


def _place(score: float, scores: Sequence[float]) -> str:
    """Return the place of a score among several, as a word."""
    return _ordinal(1 + sum(other > score for other in scores))


def _ordinal(number: int) -> str:
    """Return a number as 1st, 2nd, …"""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
