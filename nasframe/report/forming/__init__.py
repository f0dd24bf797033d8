"""The cells forming: the whole search space drawn once, and how probable each part was in each epoch."""

from nasframe.report.forming.picture import forming

__all__ = ["forming"]
