"""JSON documents that a stranger may have written: read, bounded, and checked against a shape."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from nasframe.errors import RunError
from nasframe.runtime.reading import MAX_DOCUMENT_BYTES, MAX_LISTING_BYTES, MakeError, read_text, short
from nasframe.runtime.shapes import ANYTHING, Shape, ShapeError

__all__ = [
    "DECODER",
    "TOO_DEEP",
    "check_shape",
    "check_value",
    "parse_json",
    "read_json",
    "read_json_lines",
]

_DEPTH = 64  # of nested lists and objects

TOO_DEEP = f"has more than {_DEPTH} levels of lists and objects"
"""The end of a message about a value that cannot be read."""


def read_json(
    path: Path, shape: Shape = ANYTHING, error: MakeError = RunError, limit: int = MAX_DOCUMENT_BYTES
) -> Any:
    """Return the value of a JSON file.

    Args:
        path, error, limit: see `require_regular`.
        shape: the value must have it.

    Raises:
        NasframeError: made by `error`: it cannot be read, is no JSON (NaN, infinity, a key twice, a number
            that no float can hold, more than 64 levels), or has another shape. Names the key.
    """
    return parse_json(read_text(path, error, limit), str(path), shape, error)


def read_json_lines(
    path: Path,
    shape: Shape = ANYTHING,
    error: MakeError = RunError,
    limit: int = MAX_LISTING_BYTES,
    *,
    torn: bool = False,
) -> list[Any]:
    """Return the value of each line of a file of JSON lines.

    Args:
        path, error, limit: see `require_regular`.
        shape: that of each value.
        torn: leave out a last line without an end, which a kill cut short.

    Raises:
        NasframeError: see `read_json`; names the line.
    """
    # not by `splitlines`: a text in JSON may hold U+2028 and the like
    *lines, last = read_text(path, error, limit).split("\n")
    if last and not torn:
        lines.append(last)
    return [parse_json(line, f"{path}: line {number}", shape, error) for number, line in enumerate(lines, 1)]


def parse_json(text: str, source: str, shape: Shape = ANYTHING, error: MakeError = RunError) -> Any:
    """Return the value of a JSON text; see `read_json`. The errors name `source`."""
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError as problem:
        raise error(f"{source}: {TOO_DEEP}") from problem
    except ValueError as problem:
        raise error(f"{source}: cannot be read as JSON: {short(str(problem))}") from problem
    check_value(value, source, error)
    check_shape(value, shape, source, error)
    return value


def check_value(value: Any, source: str, error: MakeError = RunError) -> None:
    """Refuse what a decoder takes and `read_json` does not: too large, too deep, or half a character."""
    if not _is_plain(value, _DEPTH):
        check_shape(value, _JSON, source, error)


def check_shape(value: Any, shape: Shape, source: str, error: MakeError = RunError) -> None:
    """Refuse a value of another shape.

    Args:
        value: of a JSON document.
        shape: what it must be.
        source: the file, for the message.
        error: made from the message.

    Raises:
        NasframeError: made by `error`; names the key, what was expected and what was found.

    Example:
        >>> from nasframe.runtime import Fields, Number
        >>> check_shape({"epoch": "3"}, Fields({"epoch": Number(whole=True)}), "a.json")
        Traceback (most recent call last):
        ...
        nasframe.errors.RunError: a.json: epoch: expected a whole number, found '3'
    """
    try:
        shape.check(value)
    except ShapeError as problem:
        place = short(problem.place)
        raise error(f"{source}: {place and f'{place}: '}{problem.message}") from None


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice!r} is there twice")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"JSON has no {name}")


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
"""Refuses a key that is there twice, NaN and infinity; see `check_value` for the rest."""


_PLAIN = 2**63  # surely a float


@frozen
class _Bounded(Shape):
    """A value whose numbers a float can hold, whose texts can be written, and which is not too deep."""

    depth: int

    def check(self, value: Any) -> None:
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, dict | list):
            if self.depth == 0:
                raise ShapeError(TOO_DEEP)
            inside = _Bounded(self.depth - 1)
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                try:
                    _check_text(str(key))
                    inside.check(inner)
                except ShapeError as problem:
                    problem.keys.append(key)
                    raise
        elif isinstance(value, int | float) and not _is_float(value):
            raise ShapeError("is a number that is too large")


_JSON = _Bounded(_DEPTH)


def _is_plain(value: Any, depth: int) -> bool:
    """Say quickly that a value is allowed, as nearly all are; False where `_Bounded` must look at it."""
    level = [value]
    for _ in range(depth):
        deeper: list[Any] = []
        for found in level:
            if isinstance(found, str):
                if not found.isascii():
                    return False
            elif isinstance(found, list):
                deeper += found
            elif isinstance(found, dict):
                deeper += found
                deeper += found.values()
            elif found is not None and not -_PLAIN < found < _PLAIN:
                return False
        if not deeper:
            return True
        level = deeper
    return False


def _is_float(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _check_text(value: str) -> None:
    """Refuse half a surrogate pair, which cannot be written or printed; those of file names stay."""
    if not value.isascii():
        try:
            value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise ShapeError("holds half a character of UTF-16") from None
