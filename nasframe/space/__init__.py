"""Search spaces: the graph of choices, the set of its architectures, and one architecture."""

from __future__ import annotations

from nasframe.space.architecture import Architecture, rebuild_space
from nasframe.space.architecture_count import ArchitectureCount
from nasframe.space.choice import Assignment, Choice
from nasframe.space.completions import Completions
from nasframe.space.decisions import Decisions
from nasframe.space.derived_graph import Arrival, Resolved
from nasframe.space.factory import SpaceFactory
from nasframe.space.mutation import mutated
from nasframe.space.network_keys import network_key
from nasframe.space.space import Probabilities, SearchSpace
from nasframe.space.space_check import check_space
from nasframe.space.steps import Alternative, Decision, State
from nasframe.space.wiring import FlatEdge, Wiring

__all__ = [
    "Alternative",
    "Architecture",
    "ArchitectureCount",
    "Arrival",
    "Assignment",
    "Choice",
    "Completions",
    "Decision",
    "Decisions",
    "FlatEdge",
    "Probabilities",
    "Resolved",
    "SearchSpace",
    "SpaceFactory",
    "State",
    "Wiring",
    "check_space",
    "mutated",
    "network_key",
    "rebuild_space",
]
