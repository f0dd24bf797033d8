"""Pieces of a page: numbers that can be read back in full, tables, figures, facts."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nasframe.errors import RenderError
from nasframe.render import Drawing

__all__ = [
    "details",
    "drawing",
    "esc",
    "facts",
    "figure",
    "flat",
    "number",
    "preformatted",
    "shown",
    "slug",
    "svg_text",
    "table",
    "tiles",
]

# What Graphviz names its elements; two pictures on one page would have the same names.
_IDENTIFIERS = re.compile(r' id="[^"]*"')
_SIZE = re.compile(r'<svg width="(\d+)(?:\.\d+)?pt" height="[^"]*"')

_LEAST_SCALE = 0.64
"""A drawing's letters are 15 px high; on a telephone no smaller than 9."""


def esc(value: object) -> str:
    """The value as text that HTML shows as it is."""
    return html.escape(str(value))


def slug(name: str) -> str:
    """A name as part of an `id`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def shown(value: Any, unit: str = "") -> str:
    """A value as people read it: four decimals, thousands apart, `undefined` for None."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "undefined"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        if unit == "count":
            return f"{value:,}"
        text = f"{value:,}"
    elif isinstance(value, float):
        if unit == "s":
            text = f"{value:,.1f}"
        elif unit == "count":
            return f"{value:,.0f}"
        elif value == 0 or 1e-3 <= abs(value) < 1e3:
            text = f"{value:.4f}"
        else:
            text = f"{value:,.0f}" if 1e3 <= abs(value) < 1e15 else f"{value:.3g}"
    elif isinstance(value, list | tuple):
        return ", ".join(shown(item) for item in value)
    else:
        return str(value)
    return f"{text} {unit}" if unit else text


def number(value: Any, key: str = "", unit: str = "") -> str:
    """A value, rounded for the eye; its full precision is in `value` and shown as a tooltip.

    Args:
        value: of any kind; what is no number is shown as text.
        key: its dotted path in the file it is from.
        unit: put after it.
    """
    named = f' data-key="{esc(key)}"' if key else ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"<span{named}>{esc(shown(value))}</span>" if named else esc(shown(value))
    return f'<data value="{value!r}" title="{value!r}"{named}>{esc(shown(value, unit))}</data>'


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    caption: str,
    classes: str = "",
    marked: Sequence[int] = (),
) -> str:
    """A table that scrolls in a box of its own.

    Args:
        columns: heads, as text.
        rows: cells, as HTML; the first of each is the row's head.
        caption: what the table shows, above it.
        classes: of the table.
        marked: numbers of the rows that stand out.
    """
    heads = "".join(f'<th scope="col">{esc(column)}</th>' for column in columns)
    body = ""
    for index, (first, *others) in enumerate(rows):
        cells = "".join(f"<td>{cell}</td>" for cell in others)
        mark = ' class="marked"' if index in marked else ""
        body += f'<tr{mark}><th scope="row">{first}</th>{cells}</tr>\n'
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{esc(caption)}">'
        f'<table class="{classes}"><caption>{esc(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def facts(values: Mapping[str, Any], unit: str = "", prefix: str = "") -> str:
    """Names and values, one pair a line; `prefix` is put before the names to make the keys of the numbers."""
    rows = "".join(
        f"<div><dt>{esc(name)}</dt><dd>{number(value, f'{prefix}{name}' if prefix else '', unit)}</dd></div>"
        for name, value in values.items()
    )
    return f'<dl class="facts">{rows}</dl>'


def tiles(values: Mapping[str, str]) -> str:
    """The few numbers that matter most; the values are HTML."""
    rows = "".join(f"<div><dt>{esc(name)}</dt><dd>{value}</dd></div>" for name, value in values.items())
    return f'<dl class="tiles">{rows}</dl>'


def figure(content: str, caption: str = "", classes: str = "", label: str = "") -> str:
    """A picture with its caption (HTML). A wide one has a `label`, and scrolls in a box that the keyboard
    reaches."""
    below = f"<figcaption>{caption}</figcaption>" if caption else ""
    reached = f' tabindex="0" role="group" aria-label="{esc(label)}"' if label else ""
    return f'<figure class="{classes}"><div class="scroll"{reached}>{content}</div>{below}</figure>'


def details(summary: str, content: str, *, is_open: bool = False) -> str:
    """Content that is folded away."""
    opened = " open" if is_open else ""
    return f"<details{opened}><summary>{esc(summary)}</summary>{content}</details>"


def preformatted(text: str, label: str) -> str:
    """Text in its own lines, in a box that can be scrolled by keyboard."""
    return f'<pre tabindex="0" role="region" aria-label="{esc(label)}">{esc(text)}</pre>'


def drawing(drawn: Drawing, label: str) -> str:
    """A drawn architecture, and the same in words folded below it."""
    words = details("The same in words", preformatted(drawn.text, f"{label}, in words"))
    try:
        svg = drawn.svg[drawn.svg.index("<svg") :]
    except RenderError as error:
        return f'<p class="note">{esc(error)}</p>{words}'
    svg = _IDENTIFIERS.sub("", svg)
    found = _SIZE.match(svg)
    # as large as it was drawn where there is room, and not so small that it cannot be read where there is not
    width = int(found[1]) * 4 // 3 if found else 800
    least = min(round(_LEAST_SCALE * width), 760)
    style = f'style="width:100%;max-width:{width}px;min-width:{least}px"'
    svg = _SIZE.sub(f'<svg role="img" aria-label="{esc(label)}" {style}', svg, count=1)
    return figure(svg, classes="drawing", label=label) + words


def svg_text(x: float, y: float, text: object, *, anchor: str = "start", classes: str = "") -> str:
    """Text in a picture, whose baseline is at `y`."""
    named = f' class="{classes}"' if classes else ""
    held = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}"{held}>{esc(text)}</text>'


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one level, with dotted names."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found
