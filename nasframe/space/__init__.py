"""Search spaces: what can be chosen, how many architectures there are, and what one of them is."""

from nasframe.space.decisions import Decision, Decisions, Option
from nasframe.space.factory import SpaceFactory
from nasframe.space.records import Assignment, Choice, Edge, Node
from nasframe.space.space import SearchSpace
from nasframe.space.wiring import FlatEdge, Wiring

__all__ = [
    "Assignment",
    "Choice",
    "Decision",
    "Decisions",
    "Edge",
    "FlatEdge",
    "Node",
    "Option",
    "SearchSpace",
    "SpaceFactory",
    "Wiring",
]
