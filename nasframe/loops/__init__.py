"""Search loops and the engines that run them."""

from nasframe.loops.base import SearchLoop, Update
from nasframe.loops.engine import Search
from nasframe.loops.options import BaselineOptions, SearchOptions, TrainOptions
from nasframe.loops.training import Training

__all__ = ["BaselineOptions", "Search", "SearchLoop", "SearchOptions", "TrainOptions", "Training", "Update"]
