"""The picture of the search space: SVG for the last epoch, and the data of the script for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.errors import NasframeError
from nasframe.report.animation.history import History
from nasframe.report.animation.layout import HEAD, LABEL, ROW, Box, is_plain, lay_out
from nasframe.report.animation.routes import Drawn, drawn_edges, forks, route
from nasframe.report.markup import esc, figure, svg_text
from nasframe.space import SearchSpace

__all__ = ["MOST_EDGES", "animate_search"]

MOST_EDGES = 200
"""A space with more edges is not drawn: nobody could read it."""

_BAR = 58
_KEY = {
    "kept by the rule of the space in this epoch": 'class="e kept" stroke-width="3.5"',
    "probable, but not kept": 'class="e" stroke-width="3.5" stroke-opacity=".6"',
    "improbable": 'class="e" stroke-width=".8" stroke-opacity=".3"',
    "not searched": 'class="fix"',
}
_MARGIN = 14


def animate_search(space: SearchSpace, history: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Return the picture with its controls as HTML, and the data of its script.

    Args:
        space: the one that was searched.
        history: the lines of `metrics.jsonl` that the search wrote, at least one.
    """
    drawn = drawn_edges(space)
    if len(drawn) > MOST_EDGES:
        note = (
            f"The space has {len(drawn)} edges, which is too many to draw (at most {MOST_EDGES}); "
            "the heat maps below show every choice."
        )
        return f'<p class="note">{esc(note)}</p>', {}
    try:
        epochs = History.read(space, drawn, history)
    except KeyError as error:
        note = f"The epochs cannot be drawn: their choices are not those of the space ({error})."
        return f'<p class="note">{esc(note)}</p>', {}
    except NasframeError as error:
        return f'<p class="note">The epochs cannot be drawn: {esc(error)}.</p>', {}
    svg = _svg(space, drawn, epochs)
    controls = (
        '<div class="controls player" id="player" hidden>'
        '<button type="button" id="play" aria-label="Play the epochs">Play</button>'
        '<label for="epoch">Epoch</label>'
        f'<input type="range" id="epoch" min="0" max="{len(history) - 1}" '
        f'value="{len(history) - 1}" step="1" aria-describedby="description">'
        '<output id="count" for="epoch"></output>'
        "</div>"
        '<p class="note" id="description" role="status" aria-live="polite">'
        f"{esc(epochs.description(len(history) - 1))}</p>"
    )
    items = "".join(
        f'<li><svg aria-hidden="true" viewBox="0 0 30 12"><path {look} d="M0 6H30"/></svg>{name}</li>'
        for name, look in _KEY.items()
    )
    picture = figure(svg, classes="animation", label="The search space, epoch by epoch")
    return f'{controls}{picture}<ul class="legend">{items}</ul>', epochs.data()


def _svg(space: SearchSpace, drawn: Sequence[Drawn], epochs: History) -> str:
    root = lay_out(space)
    root.move(_MARGIN, _MARGIN)
    boxes = {box.name: box for box in root.walk()}
    width, height = root.width + 2 * _MARGIN, root.height + 2 * _MARGIN
    last = len(epochs.epochs) - 1
    parts = [_frame(box) for box in root.walk() if box.kind == "cell" and box.name]
    parts += [f'<path class="fix" d="{path}"/>' for path in forks(drawn, boxes)]
    labels = []
    for index, (edge, path) in enumerate(zip(drawn, route(drawn, boxes, space), strict=True)):
        if edge.choice is None:
            parts.append(f'<path class="fix" d="{path}"/>')
            continue
        probability = epochs.edge_probability(index, last)
        is_kept = epochs.is_kept(index, last)
        opacity = 0.6 + 0.4 * probability if is_kept else 0.08 + 0.62 * probability**2
        parts.append(
            f'<path class="{"e kept" if is_kept else "e"}" data-e="{index}" '
            f'stroke-width="{0.6 + 3.4 * probability:.2f}" stroke-opacity="{opacity:.2f}" '
            f'd="{path}"><title>{esc(edge.name)}</title></path>'
        )
        if edge.candidate is None and not is_plain(edge.choice):
            box, above = boxes[edge.target], sum(other.target == edge.target for other in drawn[:index])
            labels.append((index, box.x - 10, box.y + LABEL * (above + 0.8)))
    parts += [_node(box, space, epochs) for box in root.walk() if box.kind != "cell"]
    parts += [
        f'<text class="through halo" data-through="{index}" x="{x:.0f}" y="{y:.0f}" text-anchor="end">'
        f"{esc(epochs.leading(index, last))}</text>"
        for index, x, y in labels
    ]
    label = f"The search space {space.name} in the last epoch; {epochs.description(last)}"
    return (
        f'<svg id="animation" role="img" aria-label="{esc(label)}" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'style="min-width:{min(width, 760):.0f}px;max-width:{width * 1.15:.0f}px">{"".join(parts)}</svg>'
    )


def _frame(box: Box) -> str:
    return (
        f'<rect class="cell" x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" '
        f'height="{box.height:.0f}" rx="10"/>'
        + svg_text(box.x + 12, box.y + 18, box.label, classes="cellname")
    )


def _node(box: Box, space: SearchSpace, epochs: History) -> str:
    last = len(epochs.epochs) - 1
    gone = "" if epochs.is_alive(box.name, last) else " gone"
    label = svg_text(box.x + box.width / 2, box.middle + 4, box.label, anchor="middle")
    rounded = 13 if box.kind == "port" else 6
    shape = (
        f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{box.height:.0f}" '
        f'rx="{rounded}"/>'
    )
    opened = f'<g class="node {box.kind}{gone}" data-n="{esc(box.name)}">{shape}'
    choice = space.wiring.nodes[box.name].choice
    if choice is None:
        return f"{opened}{label}</g>"
    rows = [svg_text(box.x + 10, box.y + 17, box.label, classes="head")]
    number = epochs.numbers[choice.name]
    for index, candidate in enumerate(choice.candidates):
        probability = epochs.probability(number, index, last)
        top = box.y + HEAD + ROW * index
        right = box.x + box.width - 10
        lead = " lead" if epochs.lead(number, last) == index else ""
        rows.append(
            f'<g class="candidate{lead}" data-c="{number}" data-k="{index}" '
            f'opacity="{0.35 + 0.65 * min(1, 2 * probability):.2f}">'
            + svg_text(box.x + 10, top + 12, candidate)
            + f'<rect class="groove" x="{right - _BAR:.0f}" y="{top + 4}" width="{_BAR}" height="9" rx="2"/>'
            f'<rect class="level" x="{right - _BAR:.0f}" y="{top + 4}" width="{_BAR * probability:.1f}" '
            'height="9" rx="2"/></g>'
        )
    return f"{opened}{''.join(rows)}</g>"
