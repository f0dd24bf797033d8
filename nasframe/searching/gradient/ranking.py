"""Architectures ranked by a score: all of a small space, else those that an evolution tries."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from nasframe.runtime import Progress
from nasframe.searching.gradient.supernet_score import Ranked
from nasframe.space import Architecture, Assignment, SearchSpace, mutated, network_key

__all__ = ["has_no_more", "rank_architectures"]

_POPULATION = 50
_SAMPLE = 10


def has_no_more(space: SearchSpace, most: int) -> bool:
    """Return True where a space is known to have at most so many architectures."""
    there = space.how_many()
    return there.exact and there.value <= most


def rank_architectures(
    space: SearchSpace, score: Callable[[Assignment], Ranked], most: int, seed: int, progress: Progress
) -> list[Ranked]:
    """Return architectures of different networks with their scores, the best first.

    A network that several architectures derive is scored by the first of them.

    Args:
        space: whose architectures are ranked: all of it where there are at most `most`, else those that a
            regularised evolution with the score as its fitness tries, `most` in all (Real, Aggarwal, Huang,
            Le 2019).
        score: of an assignment.
        most: architectures that are scored.
        seed: of the evolution.
        progress: to report to.
    """
    networks: dict[str, Ranked] = {}

    def known(assignment: Assignment) -> Ranked:
        key = network_key(Architecture(space, assignment))
        if key not in networks:
            networks[key] = score(assignment)
        return networks[key]

    if has_no_more(space, most):
        for item in progress.track(space.enumerate(), "ranking", space.count()):
            known(item)
    else:
        _evolve(space, known, most, random.Random(seed), progress)
    # the first of equals stays the first
    return sorted(networks.values(), key=lambda item: item.rank, reverse=True)


def _evolve(
    space: SearchSpace,
    score: Callable[[Assignment], Ranked],
    most: int,
    source: random.Random,
    progress: Progress,
) -> None:
    """Score the architectures of a regularised evolution that tries so many."""
    population: deque[tuple[Assignment, Ranked]] = deque(maxlen=_POPULATION)  # the oldest leaves it
    for number in progress.track(range(most), "ranking", most):
        if number < _POPULATION:
            child = space.sample(source)
        else:
            rivals = [source.choice(population) for _ in range(_SAMPLE)]
            parent, _ = max(rivals, key=lambda member: member[1].rank)
            child = mutated(space, parent, source)
        population.append((child, score(child)))
