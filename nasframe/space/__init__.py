"""Search spaces: the graph of choices, the set of its architectures, and one architecture."""

from __future__ import annotations

from nasframe.space.architecture import Architecture
from nasframe.space.choice import Assignment, Choice
from nasframe.space.decisions import Alternative, Decision, Decisions
from nasframe.space.derived_graph import Arrival, Resolved
from nasframe.space.factory import SpaceFactory
from nasframe.space.graph import Edge, Node
from nasframe.space.space import Probabilities, SearchSpace
from nasframe.space.wiring import FlatEdge, Wiring

__all__ = [
    "Alternative",
    "Architecture",
    "Arrival",
    "Assignment",
    "Choice",
    "Decision",
    "Decisions",
    "Edge",
    "FlatEdge",
    "Node",
    "Probabilities",
    "Resolved",
    "SearchSpace",
    "SpaceFactory",
    "Wiring",
]
