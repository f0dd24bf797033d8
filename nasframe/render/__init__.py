"""`draw` and `draw_pair`: architectures as DOT, SVG, PNG or text.

Labels come from the space; plugins may add style.
"""

from __future__ import annotations

from nasframe.render.difference import Change, Difference, differences
from nasframe.render.drawing import FORMATS, Drawing, draw, draw_pair
from nasframe.render.picture import check_format

__all__ = ["FORMATS", "Change", "Difference", "Drawing", "check_format", "differences", "draw", "draw_pair"]
