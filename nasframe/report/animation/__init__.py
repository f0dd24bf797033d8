"""The animation of a search: the search space drawn once, with the probability of each part in each epoch."""

from nasframe.report.animation.layout import HEAD, LABEL, ROW, Box, is_plain, lay_out, shown
from nasframe.report.animation.picture import MOST_EDGES, animate_search
from nasframe.report.animation.routes import Drawn, drawn_edges, forks, route

__all__ = [
    "HEAD",
    "LABEL",
    "MOST_EDGES",
    "ROW",
    "Box",
    "Drawn",
    "animate_search",
    "drawn_edges",
    "forks",
    "is_plain",
    "lay_out",
    "route",
    "shown",
]
