"""Loops that train a supernet and the logits of its choices: their contract, their engine, two loops."""

from __future__ import annotations

from nasframe.searching.gradient.bilevel import Bilevel
from nasframe.searching.gradient.engine import Search
from nasframe.searching.gradient.gradient_loop import AdamLoop, GradientLoop, Update
from nasframe.searching.gradient.loop_check import checked_paths
from nasframe.searching.gradient.one_shot import OneShot
from nasframe.searching.gradient.options import SearchOptions
from nasframe.searching.gradient.saved_search import read_search, restore_supernet
from nasframe.searching.gradient.selection_check import check_search_options
from nasframe.searching.gradient.stop import has_converged

__all__ = [
    "AdamLoop",
    "Bilevel",
    "GradientLoop",
    "OneShot",
    "Search",
    "SearchOptions",
    "Update",
    "check_search_options",
    "checked_paths",
    "has_converged",
    "read_search",
    "restore_supernet",
]
