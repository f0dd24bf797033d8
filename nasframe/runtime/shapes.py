"""The shape of a JSON document: what it must hold, key by key. An error names the first wrong key.

By hand: jsonschema takes 30 times as long as the parser of JSON, and a page reads each metric several times.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any

from attrs import field, frozen

from nasframe.errors import nearest
from nasframe.runtime.counted import counted

__all__ = [
    "ANYTHING",
    "MAX_EXACT_INTEGER",
    "NOTHING",
    "PATH",
    "Each",
    "Either",
    "Fields",
    "Flag",
    "Items",
    "Nullable",
    "Number",
    "Shape",
    "ShapeError",
    "Text",
    "shown",
]

MAX_EXACT_INTEGER = 2**53
"""The largest whole number that every reader of JSON takes for the same."""

_LONGEST = 80


class ShapeError(Exception):
    """A value of another shape; `keys` lead to it, from the inside out."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.keys: list[str | int] = []

    @property
    def place(self) -> str:
        """The keys, separated by dots."""
        return ".".join(map(str, reversed(self.keys)))


class Shape(ABC):
    """A condition on a value of JSON; its subclasses are the kinds of values."""

    @abstractmethod
    def check(self, value: Any) -> None:
        """Raise a `ShapeError` unless the value has this shape."""


@frozen
class _Anything(Shape):
    """Any value."""

    def check(self, value: Any) -> None:
        pass


ANYTHING = _Anything()
"""Any value."""


@frozen
class _Nothing(Shape):
    """No value."""

    def check(self, value: Any) -> None:
        raise ShapeError(f"cannot be {shown(value)}: nasframe writes no such key")


NOTHING = _Nothing()
"""No value: for the other keys of `Fields` that knows all."""


@frozen
class _Path(Shape):
    """A string that can be a path."""

    def check(self, value: Any) -> None:
        if not isinstance(value, str) or "\0" in value:
            raise _expected("a path", value)


PATH = _Path()
"""A string that can be a path."""


@frozen
class Text(Shape):
    """A string; with `choices`, one of them."""

    choices: Collection[str] = ()

    def check(self, value: Any) -> None:
        if not isinstance(value, str):
            raise _expected("text", value)
        if self.choices and value not in self.choices:
            raise ShapeError(f"unknown value {shown(value)}{nearest(value, self.choices)}")


@frozen
class Flag(Shape):
    """True or false."""

    def check(self, value: Any) -> None:
        if not isinstance(value, bool):
            raise _expected("true or false", value)


@frozen
class Number(Shape):
    """A number from `low` to `high`; with `whole`, an int, which 1.0 is not."""

    low: float = -float("inf")
    high: float = float("inf")
    whole: bool = False

    def check(self, value: Any) -> None:
        kinds = int if self.whole else (int, float)
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise _expected("a whole number" if self.whole else "a number", value)
        if not self.low <= value <= self.high:
            raise _expected(f"a number from {self.low:g} to {self.high:g}", value)


@frozen
class Nullable(Shape):
    """A value of a shape, or null."""

    of: Shape

    def check(self, value: Any) -> None:
        if value is not None:
            self.of.check(value)


@frozen
class Items(Shape):
    """A list of values of one shape, `least` to `most` of them."""

    of: Shape
    least: int = 0
    most: int | None = None

    def check(self, value: Any) -> None:
        if not isinstance(value, list):
            raise _expected("a list", value)
        if len(value) < self.least or (self.most is not None and len(value) > self.most):
            is_fixed = self.least == self.most
            count = counted(self.least, "value") if is_fixed else f"{self.least} or more values"
            raise ShapeError(f"expected {count}, found {len(value)}")
        _check_each(self.of, enumerate(value))


@frozen
class Each(Shape):
    """An object with any keys, whose values have one shape."""

    of: Shape

    def check(self, value: Any) -> None:
        if not isinstance(value, dict):
            raise _expected("an object", value)
        _check_each(self.of, value.items())


@frozen
class Fields(Shape):
    """An object with known keys.

    Attributes:
        required: key → shape.
        optional: likewise, for keys that may be missing.
        others: the shape of the values of all other keys.
    """

    required: Mapping[str, Shape] = field(factory=dict)
    optional: Mapping[str, Shape] = field(factory=dict)
    others: Shape = ANYTHING

    def check(self, value: Any) -> None:
        if not isinstance(value, dict):
            raise _expected("an object", value)
        for key in self.required:
            if key not in value:
                raise ShapeError(f"lacks the key {key!r}")
        for key, inner in value.items():
            shape = self.required.get(key) or self.optional.get(key) or self.others
            try:
                shape.check(inner)
            except ShapeError as error:
                error.keys.append(key)
                raise


@frozen
class Either(Shape):
    """A value of one of several shapes, which `what` names."""

    what: str
    of: tuple[Shape, ...]

    def check(self, value: Any) -> None:
        inside: ShapeError | None = None
        for shape in self.of:
            try:
                shape.check(value)
                return
            except ShapeError as error:
                inside = error if error.keys else inside
        raise inside or _expected(self.what, value)


def _check_each(shape: Shape, items: Any) -> None:
    for key, inner in items:
        try:
            shape.check(inner)
        except ShapeError as error:
            error.keys.append(key)
            raise


def _expected(what: str, value: Any) -> ShapeError:
    return ShapeError(f"expected {what}, found {shown(value)}")


def shown(value: Any) -> str:
    """Return a value in a few characters, for a message."""
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
