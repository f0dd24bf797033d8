"""`draw` and `draw_pair`: architectures as DOT, SVG, PNG, PDF or text.

Labels come from the space; plugins may add style.
"""

from __future__ import annotations

from nasframe.render.difference import ArchitectureDifference, Change, differences
from nasframe.render.drawing import FORMATS, Drawing, draw, draw_pair
from nasframe.render.picture import check_format
from nasframe.render.rows import holder
from nasframe.render.text import title_of
from nasframe.render.tied_cells import TiedCells, listed, tied_cells

__all__ = [
    "FORMATS",
    "ArchitectureDifference",
    "Change",
    "Drawing",
    "TiedCells",
    "check_format",
    "differences",
    "draw",
    "draw_pair",
    "holder",
    "listed",
    "tied_cells",
    "title_of",
]
