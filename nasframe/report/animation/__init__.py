"""The cells forming: the whole search space drawn once, and how probable each part was in each epoch."""

from nasframe.report.animation.picture import animate_search

__all__ = ["animate_search"]
