"""Candidates of one-shot search that are uniform draws, all or some, in place of those of an evolution.

It was tried, earned nothing over uniform draws among the finalists, and is no option of nasframe.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from unittest import mock

from strategies import SETTINGS

from nasframe.runtime import Progress
from nasframe.searching.gradient import candidates
from nasframe.searching.gradient.ranking import rank_architectures
from nasframe.searching.gradient.supernet_score import Ranked
from nasframe.space import Architecture, Assignment, SearchSpace, network_key

__all__ = ["candidates_of"]


@contextlib.contextmanager
def candidates_of(strategy: str) -> Iterator[None]:
    """Let searches take the candidates that the setting of a strategy asks for."""
    evolved = SETTINGS[strategy].evolved if strategy in SETTINGS else 1.0
    if evolved == 1.0:
        yield
        return

    def ranked(
        space: SearchSpace, score: Callable[[Assignment], Ranked], most: int, seed: int, progress: Progress
    ) -> list[Ranked]:
        tried = round(most * evolved)
        found = rank_architectures(space, score, tried, seed, progress) if tried else []
        networks = {network_key(Architecture(space, item.assignment)): item for item in found}
        source = random.Random(seed)
        for _ in range(most - tried):
            assignment = space.sample(source)
            key = network_key(Architecture(space, assignment))
            if key not in networks:
                networks[key] = score(assignment)
        return sorted(networks.values(), key=lambda item: item.rank, reverse=True)

    with mock.patch.object(candidates, "rank_architectures", ranked):
        yield
