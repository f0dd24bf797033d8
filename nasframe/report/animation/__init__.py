"""The animation of a search: the search space drawn once, with the probability of each part in each epoch."""

from nasframe.report.animation.layout import is_plain
from nasframe.report.animation.picture import animate_search

__all__ = ["animate_search", "is_plain"]
