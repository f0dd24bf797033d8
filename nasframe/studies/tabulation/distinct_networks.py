"""The different networks of a space: architectures that derive the same network count once."""

from __future__ import annotations

from attrs import frozen

from nasframe.pipeline import draw_architectures
from nasframe.runtime import Progress
from nasframe.space import Architecture, SearchSpace, network_key

__all__ = ["AllNetworks", "all_networks", "draw_networks"]


@frozen
class AllNetworks:
    """All networks of a space.

    Attributes:
        first: key of a network → the first architecture that derives it, in the order of `space.enumerate()`.
        of_architectures: for each architecture, in that order, the place of its network in `first`.
    """

    first: dict[str, Architecture]
    of_architectures: list[int]


def all_networks(space: SearchSpace, progress: Progress) -> AllNetworks:
    """Return all networks of a space that is small enough to be enumerated."""
    first: dict[str, Architecture] = {}
    places: dict[str, int] = {}
    found: list[int] = []
    for assignment in progress.track(space.enumerate(), "networks", space.count()):
        architecture = Architecture(space, assignment)
        key = network_key(architecture)
        first.setdefault(key, architecture)
        found.append(places.setdefault(key, len(places)))
    return AllNetworks(first, found)


def draw_networks(space: SearchSpace, seed: int, count: int) -> dict[str, Architecture]:
    """Draw architectures at random until they derive `count` different networks, or until all were drawn.

    Returns:
        Key of a network → the first architecture that derives it, as drawn. A larger `count` begins with the
        same ones.
    """
    found: dict[str, Architecture] = {}
    for architecture in draw_architectures(space, seed):
        if len(found) >= count:
            break
        found.setdefault(network_key(architecture), architecture)
    return found
