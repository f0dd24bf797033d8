"""The choice among several architectures at the end of a search: by the supernet, or by training them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from attrs import frozen

from nasframe.errors import RunError
from nasframe.runtime import Progress, counted
from nasframe.searching.candidate import CandidateTrainer
from nasframe.searching.finalists import Finalist, Finals, hold_finals
from nasframe.searching.gradient.options import SearchOptions
from nasframe.searching.gradient.supernet_score import Ranked
from nasframe.space import Architecture, Assignment, SearchSpace, network_key
from nasframe.supernet import Supernet

__all__ = ["Selection", "choose"]


@frozen
class Selection:
    """The architecture that was chosen among candidates.

    Attributes:
        architecture: the chosen one.
        candidates: number of different architectures that the supernet ranked, without drawn finalists.
        rule: objective by the supernet of the one that the rule of the space derived; None where it is
            undefined, or where the loop derives none.
        chosen: objective by the supernet of the chosen one.
        notes: sentences on what was otherwise than the options asked for; there may be none.
        finals: the trainings that chose it; None where the supernet did.
        seconds: of the scores by the supernet.
    """

    architecture: Architecture
    candidates: int
    rule: float | None
    chosen: float | None
    notes: Sequence[str] = ()
    finals: Finals | None = None
    seconds: float = 0.0

    def record(self) -> Mapping[str, Any]:
        """Return the record for `run.json`."""
        return {
            "candidates": self.candidates,
            "rule": self.rule,
            "chosen": self.chosen,
            "seconds": round(self.seconds, 3),
            **({"notes": [*self.notes]} if self.notes else {}),
            **({} if self.finals is None else {"finals": self.finals.record()}),
        }

    @property
    def all_seconds(self) -> float:
        """The time of the scores and of the trainings of finalists, in seconds."""
        return self.seconds + (0.0 if self.finals is None else self.finals.seconds)


def choose(
    scored: Sequence[Ranked],
    derived: Assignment | None,
    space: SearchSpace,
    provenance: Mapping[str, Any],
    options: SearchOptions,
    supernet: Supernet,
    trainer: CandidateTrainer | None,
    progress: Progress,
    draws: Iterable[Ranked] = (),
) -> Selection:
    """Return the best of several architectures: by the supernet, or of its best ones by training them.

    Args:
        scored: different architectures, at least one, with their scores by the supernet. Of equals the first
            is the best.
        derived: the one of them that the rule of the space derived, which is always a finalist; None where
            there is none.
        space: of the architectures.
        provenance: recorded in the architecture.
        options: of the search.
        supernet: from whose weights finalists may start.
        trainer: of finalists; None where there are none.
        progress: to report to.
        draws: different architectures, which are asked for one by one until the finalists are as many as the
            options want, so more than `finalists_drawn` of them where the candidates are too few; where the
            draws are too few, the next best take their place.

    Raises:
        RunError: the supernet gives none of them a score and no rule derived one; or no finalist can be
            trained.
    """
    started = time.monotonic()
    ordered = sorted(scored, key=lambda item: item.rank, reverse=True)
    lost = sum(not item.is_ranked for item in scored)
    if lost == len(scored) and derived is None:
        raise RunError(
            f"none of the {len(scored):,} architectures that were to be ranked has a finite score by the "
            "supernet on validation, so none can be called the best; lower the learning rate of the weights, "
            "or look at the validation metrics of the epochs"
        )
    notes = [_without_a_score(lost, len(scored))] if lost else []

    def made(item: Ranked, among: Sequence[Ranked]) -> Finalist:
        better = sum(other.rank > item.rank for other in among)
        return Finalist(
            Architecture(space, item.assignment, dict(provenance)),
            _defined(item.score),
            place=1 + better if item.is_ranked else None,
            derived=item.assignment == derived,
        )

    winner, finals, taken = made(ordered[0], scored), None, 0.0
    if options.finalists and trainer is not None:
        derived_first = sorted(ordered, key=lambda item: item.assignment != derived)
        best = _different_networks(derived_first, space, options.finalists - options.finalists_drawn)
        chosen = _different_networks(chain(best.values(), draws, derived_first), space, options.finalists)
        ranked = [item.assignment for item in scored]
        everyone = [*scored, *(item for item in chosen.values() if item.assignment not in ranked)]
        if len(chosen) < options.finalists:
            notes.append(
                f"search.finalists asks for {options.finalists}, and the candidates are "
                f"{counted(len(chosen), 'different network')}."
            )
        taken = time.monotonic() - started  # the draws were scored in it
        finals = hold_finals(
            {key: made(item, everyone) for key, item in chosen.items()},
            trainer,
            first=options.finalist_epochs,
            keep=options.finalist_keep,
            weights=supernet.state_dict() if options.finalist_start == "inherit" else None,
            scored=len(everyone),
            progress=progress,
        )
        winner = finals.winner
    rule = next((item.score for item in scored if item.assignment == derived), math.nan)
    return Selection(winner.architecture, len(scored), _defined(rule), winner.supernet, notes, finals, taken)


def _different_networks(items: Iterable[Ranked], space: SearchSpace, most: int) -> dict[str, Ranked]:
    """Return the first `most` architectures of different networks, by the keys of these."""
    found: dict[str, Ranked] = {}
    remaining = iter(items)  # a draw is scored when it is asked for
    while len(found) < most and (item := next(remaining, None)) is not None:
        found.setdefault(network_key(Architecture(space, item.assignment)), item)
    return found


def _without_a_score(lost: int, scored: int) -> str:
    if lost == scored:
        return (
            "The supernet gives none of the candidates a finite score on validation, so the one that the "
            "rule derives comes first."
        )
    return (
        f"{lost:,} of the {scored:,} candidates get no finite score by the supernet on validation; they come "
        "last."
    )


def _defined(score: float) -> float | None:
    return score if math.isfinite(score) else None
