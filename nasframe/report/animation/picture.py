"""The picture of the search space: SVG for the last epoch, and the data of the script for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from nasframe.display import element, render, size_classes, text
from nasframe.errors import NasframeError
from nasframe.report.animation.history import History
from nasframe.report.animation.layout import HEAD, LABEL, ROW, Box, is_plain, lay_out, shown
from nasframe.report.animation.routes import Drawn, drawn_edges, forks, route
from nasframe.space import SearchSpace

__all__ = ["MOST_EDGES", "animate_search"]

MOST_EDGES = 200
"""A space with more edges is not drawn: nobody could read it."""

_BAR = 58
_MARGIN = 14


def animate_search(space: SearchSpace, history: Sequence[Mapping[str, Any]]) -> tuple[Markup, dict[str, Any]]:
    """Return the picture with its controls as HTML, and the data of its script.

    Args:
        space: the one that was searched.
        history: the lines of `metrics.jsonl` that the search wrote, at least one.
    """
    drawn = drawn_edges(space)
    if len(drawn) > MOST_EDGES:
        return _note(
            f"The space has {len(drawn)} edges, which is too many to draw (at most {MOST_EDGES}); "
            "the heat maps below show every choice."
        )
    try:
        epochs = History.read(space, drawn, history)
    except KeyError as error:
        return _note(f"The epochs cannot be drawn: their choices are not those of the space ({error}).")
    except NasframeError as error:
        return _note(f"The epochs cannot be drawn: {error}.")
    last = len(history) - 1
    picture = _svg(space, drawn, epochs)
    html = render(
        "nasframe.report", "animation.html", picture=picture, last=last, description=epochs.description(last)
    )
    return html, epochs.data()


def _note(words: str) -> tuple[Markup, dict[str, Any]]:
    return element("p", words, class_="note"), {}


def _svg(space: SearchSpace, drawn: Sequence[Drawn], epochs: History) -> Markup:
    root = lay_out(space)
    root.move(_MARGIN, _MARGIN)
    boxes = {box.name: box for box in root.walk()}
    width, height = root.width + 2 * _MARGIN, root.height + 2 * _MARGIN
    last = len(epochs.epochs) - 1
    parts = [_frame(box) for box in root.walk() if box.kind == "cell" and box.name]
    parts += [element("path", class_="fix", d=path) for path in forks(drawn, boxes)]
    labels = []
    for index, (edge, path) in enumerate(zip(drawn, route(drawn, boxes, space), strict=True)):
        if edge.choice is None:
            parts.append(element("path", class_="fix", d=path))
            continue
        probability = epochs.edge_probability(index, last)
        is_kept = epochs.is_kept(index, last)
        opacity = 0.6 + 0.4 * probability if is_kept else 0.08 + 0.62 * probability**2
        parts.append(
            element(
                "path",
                element("title", edge.name),
                class_="e kept" if is_kept else "e",
                data_e=index,
                stroke_width=0.6 + 3.4 * probability,
                stroke_opacity=opacity,
                d=path,
            )
        )
        if not edge.candidates and not is_plain(edge.choice):
            box, above = boxes[edge.target], sum(other.target == edge.target for other in drawn[:index])
            words = shown(epochs.leading(index, last))
            place = {"x": box.x - 10, "y": box.y + LABEL * (above + 0.8)}
            labels.append(
                element("text", words, class_="through halo", data_through=index, **place, text_anchor="end")
            )
    parts += [_node(box, space, epochs) for box in root.walk() if box.kind != "cell"]
    return element(
        "svg",
        *parts,
        *labels,
        id="animation",
        role="img",
        aria_label=f"The search space {space.name} in the last epoch; {epochs.description(last)}",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        class_=size_classes(most=width * 1.15, least=min(width, 760)),
    )


def _frame(box: Box) -> Markup:
    size = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    return element("rect", class_="cell", **size, rx=10) + text(
        box.x + 12, box.y + 18, box.label, class_="cellname"
    )


def _node(box: Box, space: SearchSpace, epochs: History) -> Markup:
    last = len(epochs.epochs) - 1
    gone = "" if epochs.is_alive(box.name, last) else " gone"
    size = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    parts = [element("rect", **size, rx=13 if box.kind == "port" else 6)]
    choice = space.wiring.nodes[box.name].choice
    if choice is None:
        parts.append(text(box.x + box.width / 2, box.middle + 4, box.label, anchor="middle"))
    else:
        parts.append(text(box.x + 10, box.y + 17, box.label, class_="head"))
        number = epochs.numbers[choice.name]
        parts += [
            _candidate(box, candidate, number, index, epochs)
            for index, candidate in enumerate(choice.candidates)
        ]
    return element("g", *parts, class_=f"node {box.kind}{gone}", data_n=box.name)


def _candidate(box: Box, candidate: str, number: int, index: int, epochs: History) -> Markup:
    last = len(epochs.epochs) - 1
    probability = epochs.probability(number, index, last)
    top, left = box.y + HEAD + ROW * index, box.x + box.width - 10 - _BAR
    bar = {"x": left, "y": top + 4, "height": 9, "rx": 2}
    return element(
        "g",
        text(box.x + 10, top + 12, shown(candidate)),
        element("rect", class_="groove", **bar, width=_BAR),
        element("rect", class_="level", **bar, width=_BAR * probability),
        class_="candidate lead" if epochs.lead(number, last) == index else "candidate",
        data_c=number,
        data_k=index,
        opacity=0.35 + 0.65 * min(1, 2 * probability),
    )
