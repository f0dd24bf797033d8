"""`Drawing`, and the functions that make one: of one architecture, or of two side by side."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from attrs import field, frozen

from nasframe.errors import RenderError, nearest
from nasframe.render.difference import ArchitectureDifference, differences
from nasframe.render.graph import add_network, new_graph
from nasframe.render.hover import Hover
from nasframe.render.measures import Measures, measure
from nasframe.render.names import label, shown
from nasframe.render.picture import picture_bytes
from nasframe.render.text import network_text, network_text_against, pair_text, title_of
from nasframe.render.titles import with_titles
from nasframe.runtime import replacing, write_text
from nasframe.space import Architecture

__all__ = ["FORMATS", "Drawing", "draw", "draw_pair"]

FORMATS = ("svg", "dot", "png", "pdf", "text")

_TITLE = {"fontsize": "12", "fontcolor": "#555555"}

_LEGEND = r"+ dashed: only here\n≠ double border: another operation\n≠ thick arrow: only here"


@frozen(slots=False)
class Drawing:
    """A drawn architecture, or two; a notebook shows it as a picture.

    Attributes:
        dot: the graph in the DOT language.
        text: a line for each node; of two architectures, a line for each difference.
        title: of the SVG; empty for none.
    """

    dot: str = field(repr=False)
    text: str
    title: str = ""

    @functools.cached_property
    def svg(self) -> str:
        """The picture as SVG, made by the system's `dot` or else by Graphviz compiled to WebAssembly.

        Raises:
            RenderError: this machine has neither.
        """
        return with_titles(picture_bytes(self.dot, "svg").decode("utf-8"), self.title)

    @property
    def png(self) -> bytes:
        """The picture as PNG.

        Raises:
            RenderError: the system has no `dot`, and the extra `figures` is not installed.
        """
        return picture_bytes(self.dot, "png")

    @property
    def pdf(self) -> bytes:
        """The picture as PDF, of one page of its size.

        Raises:
            RenderError: the system has no `dot`, and the extra `figures` is not installed.
        """
        return picture_bytes(self.dot, "pdf")

    def save(self, path: str | Path) -> Path:
        """Write the drawing in the format that the file's suffix names: .svg, .dot, .png, .pdf or .txt.

        Raises:
            RenderError: an unknown suffix, or no renderer for this format; see `png`.
        """
        target = Path(path)
        kind = {"txt": "text", "gv": "dot"}.get(target.suffix[1:], target.suffix[1:])
        if kind not in FORMATS:
            raise RenderError(f"{target}: unknown format {target.suffix!r}{nearest(kind, FORMATS)}")
        if kind in ("png", "pdf"):
            content = self.png if kind == "png" else self.pdf
            with replacing(target) as temporary:
                temporary.write_bytes(content)
        else:
            write_text(
                target, {"svg": lambda: self.svg, "dot": lambda: self.dot, "text": lambda: self.text}[kind]()
            )
        return target

    def _repr_svg_(self) -> str | None:
        """Return the picture for a notebook; None, where there is no renderer, makes it show the text."""
        try:
            return self.svg
        except RenderError:
            return None

    def __repr__(self) -> str:
        """Return the text, which a console then shows as `print` does."""
        return self.text


def draw(
    architecture: Architecture,
    *,
    against: Architecture | None = None,
    rankdir: Literal["LR", "TB"] = "LR",
    title: str | None = None,
    probabilities: Mapping[str, Mapping[str, float | None]] | None = None,
    measured: bool = False,
) -> Drawing:
    """Draw an architecture: a box for each cell, and in it the nodes and edges that were kept.

    An operation in parentheses was not searched. Tied cells are drawn once, with their number, beside a
    network in which those that follow each other are one box.

    Args:
        against: mark what differs from this one, by colour and by border, sign and thickness; what is equal
            is drawn pale.
        rankdir: from left to right, or from top to bottom, which is narrower.
        title: above the drawing; by default the space and the fingerprint, and none where it is empty.
        probabilities: choice → candidate → probability: shown to those who point at the choice.
        measured: show shapes and parameters to those who point at a node. It takes a moment.
    """
    title = title_of(architecture) if title is None else shown(title)
    hover = Hover(architecture, probabilities or {}, measure(architecture) if measured else Measures())
    if against is None:
        above = {"label": label(title), "labelloc": "t", **_TITLE} if title else {}
        graph = new_graph(architecture.space.name, rankdir=rankdir, **above)
        add_network(graph, hover)
        return Drawing(dot=str(graph.source), text=network_text(architecture), title=title)
    legend = _legend(architecture, against)
    graph = new_graph(architecture.space.name, rankdir=rankdir, **legend)
    add_network(graph, hover, ArchitectureDifference.of(architecture, against))
    text = network_text_against(architecture, against)
    return Drawing(dot=str(graph.source), text=text, title=text.partition("\n")[0])


def draw_pair(left: Architecture, right: Architecture, titles: tuple[str, str] | None = None) -> Drawing:
    """Draw two architectures side by side, with the differences marked in both and listed in the text.

    Nodes are matched by name, so architectures of different spaces can be compared too: a node without a
    counterpart differs.

    Args:
        titles: of the left and of the right one; by default A and B.
    """
    titles = titles or ("A", "B")
    # from top to bottom, so that the two stand beside each other
    graph = new_graph("pair", rankdir="TB", **_legend(left, right))
    both = (("left", left, right), ("right", right, left))
    for title, (side, architecture, other) in zip(titles, both, strict=True):
        attributes = {
            "label": label(title, title_of(architecture)),
            "style": "rounded",
            "color": "#8a8a8a",
            "fontsize": "14",
            "margin": "14",
        }
        with graph.subgraph(name=f"cluster_{side}", graph_attr=attributes) as box:
            difference = ArchitectureDifference.of(architecture, other)
            add_network(box, Hover(architecture), difference, f"{side}/")
    title = " | ".join(
        f"{shown(name)}: {title_of(item)}" for name, item in zip(titles, (left, right), strict=True)
    )
    return Drawing(dot=str(graph.source), text=pair_text(left, right, titles), title=title)


def _legend(left: Architecture, right: Architecture) -> dict[str, str]:
    """Return the legend under the picture, which says what the marks mean; empty where nothing is marked."""
    return {"label": _LEGEND, "fontsize": "10", "pad": "0.1"} if differences(left, right) else {}
