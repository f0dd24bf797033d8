"""Pieces of a page: numbers with their full precision behind them, tables, figures, lists."""

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

# The identifiers that Graphviz gives; two pictures on one page would have the same ones.
_IDENTIFIERS = re.compile(r' id="[^"]*"')
_SIZE = re.compile(r'<svg width="(\d+)(?:\.\d+)?pt" height="[^"]*"')

_LEAST_SCALE = 0.64
"""The letters of a drawing are 15 px high; on a telephone this makes them 9 px at least."""


def esc(value: object) -> str:
    """Return the value as text with the special characters of HTML escaped."""
    return html.escape(str(value))


def slug(name: str) -> str:
    """Return a name in a form that may be part of an `id`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def shown(value: Any, unit: str = "") -> str:
    """Return a value for people: four decimals, thousands separated, `undefined` for None."""
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
    """Return a value as HTML: rounded, with all its digits in the attribute `value` and in a tooltip.

    Args:
        value: of any type; one that is no number is shown as text.
        key: its dotted path in the file that it comes from.
        unit: `s`, or `count`, which is not written.
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
    """Return a table in a box that scrolls.

    Args:
        columns: the heads, as text.
        rows: the entries, as HTML; the first of each row is its head.
        caption: text above the table.
        classes: of the table.
        marked: indices of the rows that are highlighted.
    """
    heads = "".join(f'<th scope="col">{esc(column)}</th>' for column in columns)
    body = ""
    for index, (first, *others) in enumerate(rows):
        entries = "".join(f"<td>{entry}</td>" for entry in others)
        mark = ' class="marked"' if index in marked else ""
        body += f'<tr{mark}><th scope="row">{first}</th>{entries}</tr>\n'
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{esc(caption)}">'
        f'<table class="{classes}"><caption>{esc(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def facts(values: Mapping[str, Any], unit: str = "", prefix: str = "") -> str:
    """Return names and values, a pair each line; `prefix` and a name make the key of its number."""
    rows = "".join(
        f"<div><dt>{esc(name)}</dt><dd>{number(value, f'{prefix}{name}' if prefix else '', unit)}</dd></div>"
        for name, value in values.items()
    )
    return f'<dl class="facts">{rows}</dl>'


def tiles(values: Mapping[str, str]) -> str:
    """Return a row of tiles for the most important numbers; the values are HTML."""
    rows = "".join(f"<div><dt>{esc(name)}</dt><dd>{value}</dd></div>" for name, value in values.items())
    return f'<dl class="tiles">{rows}</dl>'


def figure(content: str, caption: str = "", classes: str = "", label: str = "") -> str:
    """Return a picture with its caption, both HTML.

    With a `label`, for wide pictures, the keyboard can scroll the box around it.
    """
    below = f"<figcaption>{caption}</figcaption>" if caption else ""
    reached = f' tabindex="0" role="group" aria-label="{esc(label)}"' if label else ""
    return f'<figure class="{classes}"><div class="scroll"{reached}>{content}</div>{below}</figure>'


def details(summary: str, content: str, *, is_open: bool = False) -> str:
    """Return content that is folded under its summary."""
    opened = " open" if is_open else ""
    return f"<details{opened}><summary>{esc(summary)}</summary>{content}</details>"


def preformatted(text: str, label: str) -> str:
    """Return text with its line breaks, in a box that the keyboard can scroll."""
    return f'<pre tabindex="0" role="region" aria-label="{esc(label)}">{esc(text)}</pre>'


def drawing(drawn: Drawing, label: str) -> str:
    """Return the picture of an architecture, with its text folded below."""
    text = details("The same as text", preformatted(drawn.text, f"{label}, as text"))
    try:
        svg = drawn.svg[drawn.svg.index("<svg") :]
    except RenderError as error:
        return f'<p class="note">{esc(error)}</p>{text}'
    svg = _IDENTIFIERS.sub("", svg)
    found = _SIZE.match(svg)
    # at most as large as it was drawn, and at least so large that it can be read
    width = int(found[1]) * 4 // 3 if found else 800
    least = min(round(_LEAST_SCALE * width), 760)
    style = f'style="width:100%;max-width:{width}px;min-width:{least}px"'
    svg = _SIZE.sub(f'<svg role="img" aria-label="{esc(label)}" {style}', svg, count=1)
    return figure(svg, classes="drawing", label=label) + text


def svg_text(x: float, y: float, text: object, *, anchor: str = "start", classes: str = "") -> str:
    """Return text in an SVG picture, with its baseline at `y`."""
    named = f' class="{classes}"' if classes else ""
    held = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}"{held}>{esc(text)}</text>'


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one mapping with dotted names."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found
