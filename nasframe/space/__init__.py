"""Search spaces: the graph of choices, the set of its architectures, and one architecture."""

from __future__ import annotations

from nasframe.space.architecture import Architecture, rebuild_space
from nasframe.space.choice import Assignment, Choice
from nasframe.space.decisions import Alternative, Decision
from nasframe.space.derived_graph import Arrival, Resolved
from nasframe.space.factory import SpaceFactory
from nasframe.space.network_key import network_key
from nasframe.space.space import Probabilities, SearchSpace
from nasframe.space.space_check import check_space
from nasframe.space.wiring import FlatEdge

__all__ = [
    "Alternative",
    "Architecture",
    "Arrival",
    "Assignment",
    "Choice",
    "Decision",
    "FlatEdge",
    "Probabilities",
    "Resolved",
    "SearchSpace",
    "SpaceFactory",
    "check_space",
    "network_key",
    "rebuild_space",
]
