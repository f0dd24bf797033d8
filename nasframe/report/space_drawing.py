"""The search space of a run: a picture of what may be connected and chosen, and a table of its choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen
from markupsafe import Markup

from nasframe.display import Cell, Column, Table, element, size_classes, text
from nasframe.report.animation import (
    HEAD,
    MOST_EDGES,
    ROW,
    Box,
    Drawn,
    drawn_edges,
    forks,
    is_plain,
    lay_out,
    route,
    shown,
)
from nasframe.runtime import counted
from nasframe.space import SearchSpace

__all__ = ["SpaceDrawing", "choice_table", "draw_space"]

_MOST = 6
"""The most candidates of a node that are named; of more, their number is said."""

_MARGIN = 14


@frozen
class SpaceDrawing:
    """The search space on a page.

    Attributes:
        svg: the picture; None where the space has more edges than anybody could read.
        size: how many architectures there are, in a sentence.
        note: how the picture is read, or why there is none.
    """

    svg: Markup | None
    size: str
    note: str


def draw_space(space: SearchSpace) -> SpaceDrawing:
    """Return the picture of a space, and the number of its architectures."""
    size = f"The space has {space.how_many().in_words}."
    drawn = drawn_edges(space)
    if len(drawn) > MOST_EDGES:
        return SpaceDrawing(
            None, size, f"It has {len(drawn):,} edges, too many to be drawn; the table has every choice."
        )
    return SpaceDrawing(_svg(space, drawn, size), size, _note(space, drawn))


def _note(space: SearchSpace, drawn: Sequence[Drawn]) -> str:
    """Return how the picture is read, in sentences on what is on it and nothing else."""
    found = ["From the inputs on the left to the output."]
    if any(node.choice is not None for node in space.wiring.nodes.values()):
        found.append("A box with candidates computes one of them.")
    counts = _counts(drawn)
    if len(counts) == 1:
        found.append(f"On each blue line stands one of {min(counts):,} operations.")
    elif counts:
        found.append("On each blue line stands one operation; the box that it enters says of how many.")
    if any(edge.candidates for edge in drawn):
        found.append("Of the thin lines into a box with sources, those of one candidate are kept.")
    if any(_kind(edge) == "optional" for edge in drawn):
        found.append("A dashed line may be there or not.")
    return " ".join(found)


def _kind(edge: Drawn) -> str:
    """Return the kind of a line that is decided: one source of several, there or not, or one operation."""
    if edge.choice is None:
        return ""
    return "source" if edge.candidates else "optional" if is_plain(edge.choice) else "operation"


def _counts(drawn: Sequence[Drawn]) -> set[int]:
    """Return the numbers of operations among which lines have one."""
    return {len(edge.choice.candidates) for edge in drawn if edge.choice and _kind(edge) == "operation"}


def choice_table(space: SearchSpace) -> Table:
    """Return a row for each group of choices: how many there are, and among how many candidates."""
    wiring = space.wiring
    sources = {made.choice.name for made in wiring.port_sources.values()}
    on_nodes = {node.choice.name for node in wiring.nodes.values() if node.choice is not None}
    rows: dict[tuple[str, str], list[int]] = {}
    for name, choice in space.choices.items():
        what = "sources" if name in sources else "operations of nodes" if name in on_nodes else "edges"
        rows.setdefault((choice.group, what), []).append(len(choice.candidates))
    cells: list[list[Cell]] = [
        [group, what, len(counts), _between(counts)] for (group, what), counts in rows.items()
    ]
    columns = [Column("group"), Column("of"), Column("choices", unit="count"), Column("candidates")]
    return Table("space", "The choices of the space", columns, cells)


def _between(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _lines(space: SearchSpace, drawn: Sequence[Drawn]) -> dict[str, list[str]]:
    """Return what stands on nodes and cells: the number of their sources and of their candidates.

    The operations of the lines into a node are there where not every line of the picture has as many.
    """
    wiring, found = space.wiring, dict[str, list[str]]()
    said: set[tuple[str, str]] = set()
    for (target, port), made in wiring.port_sources.items():
        cell = target.rpartition("/")[0]
        is_entry = cell in wiring.cells and any(
            not edge.source.startswith(f"{cell}/") for edge in wiring.arrivals[target, port]
        )
        owner, label = (cell, target.rpartition("/")[2]) if is_entry else (target, port)
        if (owner, made.choice.name) in said:
            continue
        said.add((owner, made.choice.name))
        alone = len(made.ports) == 1
        count = len(made.choice.candidates)
        if count == 1:  # nothing is decided
            continue
        words = f"{shown(label)}: 1 of {count:,} sources" if alone else f"1 of {count:,} sets of sources"
        found.setdefault(owner, []).append(words)
    for name, node in wiring.nodes.items():
        if node.choice is not None:
            names = [shown(item) for item in node.choice.candidates]
            named = names if len(names) <= _MOST else []
            found.setdefault(name, []).extend([f"1 of {len(names):,} candidates", *named])
    if len(_counts(drawn)) > 1:
        for target in dict.fromkeys(edge.target for edge in drawn if _kind(edge) == "operation"):
            counts = sorted(_counts([edge for edge in drawn if edge.target == target]))
            found.setdefault(target, []).append(
                f"lines: 1 of {' or '.join(f'{count:,}' for count in counts)}"
            )
    return found


def _svg(space: SearchSpace, drawn: Sequence[Drawn], size: str) -> Markup:
    lines = _lines(space, drawn)
    root = lay_out(space, lines)
    root.move(_MARGIN, _MARGIN)
    boxes = {box.name: box for box in root.walk()}
    width, height = root.width + 2 * _MARGIN, root.height + 2 * _MARGIN
    names = [name.rpartition("/")[2] for name in space.wiring.nodes]
    words = (
        f"The search space {space.name}: {counted(len(names), 'node')}, "
        f"{counted(len(space.choices), 'choice')}. {size}"
    )
    return element(
        "svg",
        *(_frame(box) for box in root.walk() if box.kind == "cell" and box.name),
        *(element("path", class_="fix", d=path) for path in forks(drawn, boxes)),
        *_edges(space, drawn, boxes),
        *(_node(box, lines.get(box.name, ())) for box in root.walk() if box.kind != "cell"),
        role="img",
        aria_label=words,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        class_=f"flow {size_classes(most=width * 1.15, least=min(width, 760))}",
    )


def _edges(space: SearchSpace, drawn: Sequence[Drawn], boxes: Mapping[str, Box]) -> Iterator[Markup]:
    """Yield the line of each edge."""
    for edge, path in zip(drawn, route(drawn, boxes, space), strict=True):
        if edge.choice is None:
            yield element("path", class_="fix", d=path)
        else:
            told = element("title", f"{edge.name}: {_told(edge)}")
            yield element("path", told, class_=f"open {_kind(edge)}", d=path)


def _told(edge: Drawn) -> str:
    count = len(edge.choice.candidates) if edge.choice is not None else 0
    words = {
        "operation": f"one of {count:,} operations",
        "optional": "there or not",
        "source": "a source that may be chosen",
    }
    return words[_kind(edge)]


def _frame(box: Box) -> Markup:
    size = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    return element("rect", class_="cell", **size, rx=10) + text(
        box.x + 12, box.y + 18, box.label, class_="cellname"
    )


def _node(box: Box, lines: Sequence[str]) -> Markup:
    size = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    parts = [element("rect", **size, rx=13 if box.kind == "port" else 6)]
    if not lines:
        parts.append(text(box.x + box.width / 2, box.middle + 4, box.label, anchor="middle"))
    else:
        parts.append(text(box.x + 10, box.y + 17, box.label, class_="head"))
        parts += [text(box.x + 10, box.y + HEAD + ROW * index + 12, line) for index, line in enumerate(lines)]
    return element("g", *parts, class_=f"node {box.kind}")
