"""The search: loops and the engine that runs them, the stop rule, and derivation."""

from __future__ import annotations

from nasframe.searching.bilevel import Bilevel
from nasframe.searching.derivation import derive
from nasframe.searching.engine import Search
from nasframe.searching.options import SearchOptions
from nasframe.searching.saved_search import read_search, restore_supernet
from nasframe.searching.search_loop import AdamLoop, SearchLoop, Update

__all__ = [
    "AdamLoop",
    "Bilevel",
    "Search",
    "SearchLoop",
    "SearchOptions",
    "Update",
    "derive",
    "read_search",
    "restore_supernet",
]
