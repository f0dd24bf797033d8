"""Docstrings as Griffe reads them: the section `Example:`, and arguments that one line describes together."""

from __future__ import annotations

import re
from typing import Any

import griffe

__all__ = ["Docstrings", "rewritten"]

_EXAMPLE = re.compile(r"^Example:$", re.MULTILINE)
_TOGETHER = re.compile(r"^(    )((?:\w+, )+\w+): (.*(?:\n     +.*)*)", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Rewrites every docstring that is read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = rewritten(obj.docstring.value)


def rewritten(text: str) -> str:
    """Return a docstring with `Examples:`, and a line for each of several names before one colon.

    Example:
        >>> print(rewritten("Args:\\n    a, b: sizes."))
        Args:
            a: sizes.
            b: sizes.
    """
    return _TOGETHER.sub(_one_by_one, _EXAMPLE.sub("Examples:", text))


def _one_by_one(found: re.Match[str]) -> str:
    return "\n".join(f"{found[1]}{name}: {found[3]}" for name in found[2].split(", "))
