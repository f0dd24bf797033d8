"""The architectures among which the supernet chooses at the end of a search."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from nasframe.runtime import Progress, counted, derive_seed, generator
from nasframe.searching.derivation import derive_around
from nasframe.searching.gradient.ranking import has_no_more, rank_architectures
from nasframe.searching.gradient.supernet_score import Ranked
from nasframe.space import Architecture, Assignment, Probabilities, SearchSpace, network_key

__all__ = ["Candidates"]

_TRIES = 100


@frozen
class Candidates:
    """Architectures with their scores by the supernet.

    Attributes:
        scored: different ones, at least one.
        derived: the one of them that the rule of the space derived; None where there is none.
        notes: a sentence where they are fewer than were asked for; else none.
    """

    scored: Sequence[Ranked]
    derived: Assignment | None
    notes: Sequence[str]

    @classmethod
    def around(
        cls,
        space: SearchSpace,
        probabilities: Probabilities,
        score: Callable[[Assignment], Ranked],
        asked: int,
        seed: int,
        progress: Progress,
        provenance: Mapping[str, Any],
    ) -> Candidates:
        """Score the derived architecture and others around it.

        Args:
            space: of the architectures.
            probabilities: of its choices, at the end of the search.
            score: of an assignment, by the supernet.
            asked: how many are wanted.
            seed: of the search.
            progress: to report to.
            provenance: see `derive_around`.
        """
        noise = generator(seed, "candidates")
        found = derive_around(space, probabilities, asked - 1, noise, provenance)
        assignments = [item.assignment for item in found]
        scored = [score(item) for item in progress.track(assignments, "candidates", len(found))]
        gave = f"draws around the derived architecture gave {len(found):,}, this one among them"
        return cls(scored, assignments[0], [] if len(found) == asked else [_fewer(asked, gave)])

    @classmethod
    def of_space(
        cls,
        space: SearchSpace,
        score: Callable[[Assignment], Ranked],
        asked: int,
        seed: int,
        progress: Progress,
    ) -> Candidates:
        """Score all architectures of a space, or those of an evolution; see `around` for the arguments."""
        scored = rank_architectures(space, score, asked, derive_seed(seed, "ranking"), progress)
        if len(scored) == asked:
            return cls(scored, None, [])
        whole = has_no_more(space, asked)
        tried = "all architectures of the space" if whole else "the architectures that were tried"
        networks = counted(len(scored), "different network")
        return cls(scored, None, [_fewer(asked, f"{tried} are {networks}")])

    def draws(
        self, space: SearchSpace, score: Callable[[Assignment], Ranked], wanted: int, seed: int
    ) -> Iterator[Ranked]:
        """Yield uniform draws of different networks, each with its score by the supernet.

        They end after a hundred tries for each that is wanted. See `around` for the other arguments.
        """
        source = random.Random(derive_seed(seed, "drawn finalists"))
        known = {network_key(Architecture(space, item.assignment)): item for item in self.scored}
        seen = set()
        for _ in range(_TRIES * wanted):
            assignment = space.sample(source)
            key = network_key(Architecture(space, assignment))
            if key not in seen:
                seen.add(key)
                yield known[key] if key in known else score(assignment)


def _fewer(asked: int, found: str) -> str:
    return f"search.candidates asks for {asked:,}, and {found}."
