"""A section of a page: a title, and tables, figures and text below it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import Attribute, field, frozen

from nasframe.display.figure import Figure
from nasframe.display.table import Table

__all__ = ["Section"]


def _titled(section: Section, attribute: Attribute[Any], title: object) -> None:
    if not isinstance(title, str) or not title.strip():
        raise ValueError(f"the title of a section is a text, found {title!r}")


def _in_order(parts: Iterable[Table | Figure | str]) -> Sequence[Table | Figure | str]:
    return parts if isinstance(parts, str) else tuple(parts)  # a text is refused below


def _can_be_shown(section: Section, attribute: Attribute[Any], parts: Sequence[object]) -> None:
    if isinstance(parts, str):
        raise ValueError(f"section {section.title!r}: its parts are a list, found the text {parts!r}")
    for part in parts:
        if not isinstance(part, Table | Figure | str):
            raise ValueError(
                f"section {section.title!r}: a part is a Table, a Figure or a text, found {part!r}"
            )


@frozen
class Section:
    """A section of a page.

    Attributes:
        title: its heading, as text.
        parts: tables, figures and paragraphs in their order. A paragraph is text; markup in it is shown as it
            is written.

    Raises:
        ValueError: there is no title, the parts are no list, or something else is among them.

    Example:
        >>> Section("Names", ["These are the names.", 3])
        Traceback (most recent call last):
        ...
        ValueError: section 'Names': a part is a Table, a Figure or a text, found 3
    """

    title: str = field(validator=_titled)
    parts: Sequence[Table | Figure | str] = field(converter=_in_order, validator=_can_be_shown)
