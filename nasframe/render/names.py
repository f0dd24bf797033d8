r"""Names in a drawing: labels that show them as they are, and identifiers that never meet.

DOT reads much into a name: a colon is a port, `<…>` a label of HTML, `\N` the node's name, `&amp;` a sign.
So the label of a node and its identifier are escaped, each in its way.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

import graphviz

from nasframe.runtime import shorten, visible

__all__ = ["identifier", "label", "shown", "tooltip", "without_links"]

_MOST = 60
"""Letters of a name in a drawing; of a longer one the middle is left out."""

_MOST_TOLD = 400
"""Letters of a line that is shown to those who point at something."""

_LONGEST = 200
"""Letters of an identifier; a longer one ends with digits that tell it apart."""

_LINKS = frozenset({"label", "image", "shapefile", "stylesheet", "target", "id"})


def shown(name: str) -> str:
    """Return a name on one line of bounded length, with every character of it to be seen."""
    return shorten(visible(name), _MOST)


def label(*lines: str) -> str:
    r"""Return lines of text as a label of DOT, in which no character means anything.

    Example:
        >>> print(label("<b>", r"\N &amp;"))
        <b>\n\\N &amp;amp;
    """
    # a space for an empty line, on which Graphviz 16 ends by a fault
    return _escaped(shown(line) or " " for line in lines)


def tooltip(lines: Iterable[str]) -> str:
    """Return lines of text as a tooltip of DOT, in which no character means anything; see `label`."""
    return _escaped(shorten(visible(line), _MOST_TOLD) for line in lines)


def _escaped(lines: Iterable[str]) -> str:
    found: str = graphviz.nohtml(
        "\\n".join(line.replace("\\", "\\\\").replace("&", "&amp;") for line in lines)
    )
    return found


def identifier(name: str, prefix: str = "") -> str:
    """Return the identifier of a node, a cell or a graph in DOT; a different one for each name.

    Args:
        name: flat name.
        prefix: before every identifier of a network, where one graph holds two.

    Example:
        >>> [identifier(name) for name in ("cell1/N1", "mic:1", "mic_1")]
        ['cell1/N1', 'mic~3A1', 'mic_1']
    """
    found = "".join(_code(letter) for letter in name)
    if len(found) > _LONGEST:
        found = f"{found[:_LONGEST]}~~{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:16]}"
    return f"{prefix}{found or '~'}"


def without_links(style: Mapping[str, str]) -> dict[str, str]:
    """Return a plugin's attributes of a node without those that replace its name or are links."""
    return {
        key: graphviz.nohtml(str(value))
        for key, value in style.items()
        if key.lower() not in _LINKS and not key.lower().endswith(("url", "href"))
    }


def _code(letter: str) -> str:
    # not by `%`: Graphviz takes a name that begins so for one that it made
    if re.match(r"[\w /.,()=+{}-]", letter) and visible(letter) == letter:
        return letter
    return "".join(f"~{byte:02X}" for byte in letter.encode("utf-8", "surrogatepass"))
