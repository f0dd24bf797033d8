"""The choice among several architectures at the end of a search: by the supernet, or by training them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from nasframe.errors import ConfigurationError, SpaceError
from nasframe.runtime import Progress
from nasframe.searching.candidate import CandidateTrainer
from nasframe.searching.finalists import Finalist, Finals, hold_finals
from nasframe.searching.gradient.gradient_loop import GradientLoop
from nasframe.searching.gradient.options import SearchOptions
from nasframe.searching.gradient.ranking import Ranked
from nasframe.space import Architecture, Assignment, SearchSpace, network_key
from nasframe.supernet import Supernet

__all__ = ["Selection", "check_finals", "choose"]


@frozen
class Selection:
    """The architecture that was chosen among candidates.

    Attributes:
        architecture: the chosen one.
        candidates: number of different architectures that the supernet scored.
        rule: objective by the supernet of the one that the rule of the space derived; None where it is
            undefined, or where the loop derives none.
        chosen: objective by the supernet of the chosen one.
        finals: the trainings that chose it; None where the supernet did.
        ranking_seconds: of the scores by the supernet.
    """

    architecture: Architecture
    candidates: int
    rule: float | None
    chosen: float | None
    finals: Finals | None = None
    ranking_seconds: float = 0.0

    def record(self) -> Mapping[str, Any]:
        """Return the record for `run.json`."""
        found: dict[str, Any] = {
            "candidates": self.candidates,
            "rule": self.rule,
            "chosen": self.chosen,
            "seconds": round(self.ranking_seconds, 3),
        }
        return found | ({} if self.finals is None else {"finals": self.finals.record()})


def check_finals(
    options: SearchOptions, loop: GradientLoop, space: SearchSpace, trainer: CandidateTrainer | None
) -> None:
    """Refuse options of the end of a search that cannot be met, before the search.

    Raises:
        ConfigurationError: candidates or finalists that choose nothing, or a first round that is longer than
            a full training.
        SpaceError: a loop that ranks architectures by the supernet gets a space in which that scores another
            network than the one that is built.
    """
    problems = []
    if not loop.relaxes:
        if space.wiring.deals:
            raise SpaceError(
                f"space {space.name!r}: its supernet gives several ports one sum of sources, and the network "
                "that is built gives each port one of them, so the supernet would rank other networks than "
                "those; a loop without logits needs a space with exact ports"
            )
        if options.candidates == 1:
            problems.append(
                "search.candidates: a loop without logits chooses among architectures that the supernet "
                "scores, and 1 is no choice; expected more, such as search.candidates=1000"
            )
    if options.finalists and options.candidates == 1:
        problems.append(
            f"search.finalists: {options.finalists} of 1 candidate; expected more candidates, such as "
            f"search.candidates={10 * options.finalists}"
        )
    elif options.finalists > options.candidates:
        problems.append(
            f"search.finalists: expected at most search.candidates ({options.candidates}), found "
            f"{options.finalists}"
        )
    if options.finalists:
        if trainer is None:
            problems.append("search.finalists: finalists are trained, and this search was given no trainer")
        elif options.finalist_epochs > trainer.epochs:
            problems.append(
                f"search.finalist_epochs: expected at most train.epochs ({trainer.epochs}), found "
                f"{options.finalist_epochs}"
            )
    if problems:
        raise ConfigurationError("search", problems)


def choose(
    space: SearchSpace,
    scored: Sequence[Ranked],
    derived: Assignment | None,
    options: SearchOptions,
    trainer: CandidateTrainer | None,
    supernet: Supernet,
    provenance: Mapping[str, Any],
    progress: Progress,
    ranking_seconds: float = 0.0,
) -> Selection:
    """Return the best of several architectures: by the supernet, or of its best ones by training them.

    Args:
        space: of the architectures.
        scored: each with its score by the supernet; of equals the first is the best.
        derived: the one that the rule of the space derived, which is always a finalist; None where there is
            none.
        options: of the search.
        trainer: of finalists.
        supernet: from whose weights they may start.
        provenance: recorded in the architecture.
        progress: to report to.
        ranking_seconds: that the scores took.
    """
    ordered = sorted(scored, key=lambda item: item.rank, reverse=True)
    rule = next((item.score for item in scored if item.assignment == derived), math.nan)
    if not options.finalists or trainer is None:
        best = ordered[0]
        chosen = Architecture(space, best.assignment, dict(provenance))
        return Selection(
            chosen,
            len(scored),
            _defined(rule),
            _defined(best.score),
            ranking_seconds=ranking_seconds,
        )
    first = [item for item in ordered if item.assignment == derived]
    rest = [item for item in ordered if item.assignment != derived]
    finalists: dict[str, Finalist] = {}
    for item in (*first, *rest):
        architecture = Architecture(space, item.assignment, dict(provenance))
        made = Finalist(architecture, _defined(item.score), derived=item.assignment == derived)
        finalists.setdefault(network_key(architecture), made)
        if len(finalists) == options.finalists:
            break
    finals = hold_finals(
        [*finalists.values()],
        [*finalists],
        trainer,
        first=options.finalist_epochs,
        keep=options.finalist_keep,
        weights=supernet.state_dict() if options.finalist_start == "inherit" else None,
        progress=progress,
    )
    winner = finals.winner
    return Selection(
        winner.architecture, len(scored), _defined(rule), winner.supernet, finals, ranking_seconds
    )


def _defined(score: float) -> float | None:
    return score if math.isfinite(score) else None
