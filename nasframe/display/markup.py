"""Elements of HTML and SVG, in which every text is escaped."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from nasframe.runtime import visible

__all__ = ["breakable", "element", "size_classes", "size_style", "slug", "text"]

_EMPTY = frozenset({"circle", "path", "rect"})


def element(tag: str, /, *content: object, **attributes: object) -> Markup:
    """Return an element. Only what is `Markup` already is not escaped, so that no escape can be forgotten.

    What cannot be seen in a text is written out: XML takes no control character, not even an escaped one.

    Args:
        tag: name of the element.
        content: what stands in it, one after the other.
        attributes: `_` is `-`, and one at the end is nothing: `class_`. A float has two decimals at most.
            None and False leave an attribute out; True has no value.

    Example:
        >>> print(element("text", "a < b", x=1.25, class_="name", hidden=True, id=None))
        <text x="1.25" class="name" hidden>a &lt; b</text>
    """
    words = [tag]
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        name = name.rstrip("_").replace("_", "-")
        words.append(name if value is True else f'{name}="{escape(visible(str(_short(value))))}"')
    opened = " ".join(words)
    if tag in _EMPTY and not content:
        return Markup(f"<{opened}/>")
    return Markup(f"<{opened}>{''.join(map(_content, content))}</{tag}>")


def text(x: float, y: float, words: object, *, anchor: str = "start", class_: str | None = None) -> Markup:
    """Return text in an SVG picture, with its baseline at `y`."""
    return element("text", words, class_=class_, x=x, y=y, text_anchor=None if anchor == "start" else anchor)


def breakable(words: object) -> Markup:
    """Return words, a line of which may also end before a part of a name; a value stays whole.

    Example:
        >>> print(breakable("relaxation.temperature=0.1,samples=10"))
        relaxation.<wbr>temperature=0.1,<wbr>samples=10
    """
    parts = re.split(r"(?<=[.,_/-])(?=[^\W\d])", visible(str(words)))
    return Markup("<wbr>").join(parts)


def slug(name: str) -> str:
    """Return a name in a form that may be part of an `id` and of a file's name.

    Example:
        >>> slug("On the test split: auc")
        'on-the-test-split-auc'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def size_classes(*, most: float, least: float) -> str:
    """Return the CSS classes of an element with a largest and a smallest width in pixels.

    The policy of a page allows no style at an element: `size_style` has the rules of these classes.
    """
    return f"most-{most:.0f} least-{least:.0f}"


def size_style(html: str) -> Markup:
    """Return the style of the sizes in a page.

    Example:
        >>> print(size_style('<svg class="most-560 least-420">'))
        :root body .least-420 { min-width: 420px; }
        :root body .most-560 { max-width: 560px; }
        <BLANKLINE>
    """
    found = sorted(set(re.findall(r"\b(most|least)-([0-9]{1,6})\b", html)))
    names = {"most": "max-width", "least": "min-width"}
    rules = [f":root body .{kind}-{size} {{ {names[kind]}: {size}px; }}\n" for kind, size in found]
    return Markup("".join(rules))


def _content(value: object) -> Markup:
    return escape(value) if hasattr(value, "__html__") else escape(visible(str(value)))


def _short(value: object) -> object:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value
