"""Mutation: an architecture that differs from another in one decision."""

from __future__ import annotations

import random
from collections.abc import Sequence

from nasframe.space.choice import Assignment
from nasframe.space.space import SearchSpace
from nasframe.space.steps import Alternative, Decision

__all__ = ["mutated"]


def mutated(space: SearchSpace, parent: Assignment, source: random.Random) -> dict[str, str]:
    """Return an architecture that differs from another in one decision, and in those that depend on it.

    One of the decisions that leave a choice is decided otherwise, each with the same probability. Later
    decisions stay as they were where they can; one that cannot is drawn uniformly from what is left.

    Args:
        space: of the parent.
        parent: a complete assignment of the space.
        source: of random numbers.

    Returns:
        Another assignment; the same one where the space has no other.
    """
    free: list[int] = []
    step = 0

    def follow(_: Decision, alternatives: Sequence[Alternative]) -> Alternative:
        nonlocal step
        if len(alternatives) > 1:
            free.append(step)
        step += 1
        return _as_in(parent, alternatives) or alternatives[0]

    space.decisions.walk(follow)
    if not free:
        return dict(parent)
    place, step = source.choice(free), 0

    def decide(_: Decision, alternatives: Sequence[Alternative]) -> Alternative:
        nonlocal step
        kept, here = _as_in(parent, alternatives), step
        step += 1
        if here == place:
            return source.choice([item for item in alternatives if item is not kept])
        return source.choice(alternatives) if kept is None else kept

    return space.decisions.walk(decide)


def _as_in(parent: Assignment, alternatives: Sequence[Alternative]) -> Alternative | None:
    """Return the alternative that a parent chose; None where it is none of them."""
    for alternative in alternatives:
        if all(parent.get(name) == value for name, value in alternative.assigns):
            return alternative
    return None
