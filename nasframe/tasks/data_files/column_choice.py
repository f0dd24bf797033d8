"""The options that choose columns of a table, or arrays of an archive: by names, and by patterns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, ClassVar

from attrs import field, frozen

from nasframe.errors import DataError, nearest

__all__ = ["ColumnNames", "InputChoice"]

_PATTERN = "*?["


@frozen
class ColumnNames:
    """Names of columns or arrays; a name with `*`, `?` or `[` is a pattern.

    In TOML it is a text, or a list of texts.

    Example:
        >>> ColumnNames(("a*", "b1")).among(["a1", "a2", "b1", "b2"], "inputs", "columns")
        ['a1', 'a2', 'b1']
    """

    plain_name: ClassVar[str] = "name or list of names"

    names: tuple[str, ...]

    @classmethod
    def from_plain(cls, value: Any) -> ColumnNames:
        """Return the names that TOML holds.

        Raises:
            ValueError: neither a text nor a list of texts.
        """
        names = (value,) if isinstance(value, str) else value
        if not isinstance(names, list | tuple) or not names:
            raise ValueError(f"expected a name or a list of names, found {value!r}")
        for name in names:
            if not isinstance(name, str) or not name:
                raise ValueError(f"expected a name, found {name!r}")
        return cls(tuple(names))

    def to_plain(self) -> str | list[str]:
        """Return the names as TOML holds them."""
        return self.names[0] if len(self.names) == 1 else [*self.names]

    def among(self, valid: Sequence[str], where: str, things: str) -> list[str]:
        """Return the chosen names, in the order of the choice; those of a pattern in their own order.

        Args:
            valid: the names that there are.
            where: the option, for an error.
            things: the names are those of `columns` or `arrays`.

        Raises:
            DataError: there is no such name, a pattern matches none, or a name is chosen twice.
        """
        found: list[str] = []
        known = {*valid}  # tables may have many thousand columns
        for name in self.names:
            matches = [name] if name in known else []
            if not matches and any(mark in name for mark in _PATTERN):
                matches = [item for item in valid if fnmatchcase(item, name)]
                if not matches:
                    raise DataError(
                        f"{where}: the pattern {name!r} matches none of the {things}{nearest(name, valid)}"
                    )
            if not matches:
                raise DataError(f"{where}: {name!r} is none of the {things}{nearest(name, valid)}")
            found += matches
        twice = next((name for name, count in Counter(found).items() if count > 1), None)
        if twice is not None:
            raise DataError(f"{where}: {twice!r} is chosen twice")
        return found


@frozen
class InputChoice:
    """The inputs, by name, each with what it is made of; or a list of names, each an input of its own.

    In TOML it is a table such as `{left = ["a1", "a2"], right = "b*"}`, or a text or list. Empty, all that is
    not used otherwise.
    """

    plain_name: ClassVar[str] = "table of names, or list of names"

    by_name: Mapping[str, ColumnNames] = field(factory=dict)
    alone: ColumnNames | None = None

    @classmethod
    def from_plain(cls, value: Any) -> InputChoice:
        """Return the choice that TOML holds.

        Raises:
            ValueError: it is none.
        """
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            return cls(alone=None if value == [] else ColumnNames.from_plain(value))
        found = {}
        for name, names in value.items():
            if not isinstance(name, str) or not name or set(name) & set("/."):
                raise ValueError(f"expected a name without '/' and '.' for an input, found {name!r}")
            try:
                found[name] = ColumnNames.from_plain(names)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
        return cls(found)

    def to_plain(self) -> dict[str, Any] | str | list[str]:
        """Return the choice as TOML holds it."""
        if self.alone is not None:
            return self.alone.to_plain()
        return {name: names.to_plain() for name, names in self.by_name.items()}

    def among(self, valid: Sequence[str], used: Iterable[str], things: str) -> dict[str, list[str]]:
        """Return input → the names that it is made of.

        Args:
            valid: the names that there are.
            used: those of target, split and group, which no input may hold.
            things: the names are those of `columns` or `arrays`.

        Raises:
            DataError: a name is not there, is chosen twice, or is the target.
        """
        taken = dict.fromkeys(used)
        if self.alone is not None:
            found = {
                name: [name] for name in self.alone.among(_free(valid, self.alone, taken), "inputs", things)
            }
        elif self.by_name:
            found = {
                name: names.among(_free(valid, names, taken), f"inputs.{name}", things)
                for name, names in self.by_name.items()
            }
        else:
            rest = [name for name in valid if name not in taken]
            if not rest:
                raise DataError(f"inputs: there are no {things} beside {', '.join(taken)}")
            found = {name: [name] for name in rest} if things == "arrays" else {"x": rest}
        for name, names in found.items():
            leaked = next((item for item in names if item in taken), None)
            if leaked is not None:
                raise DataError(
                    f"inputs.{name}: {leaked!r} is the target, the split or the group; a network that sees "
                    "it has nothing to learn"
                )
        owners: dict[str, str] = {}
        for name, names in found.items():
            for item in names:
                if (other := owners.setdefault(item, name)) != name:
                    raise DataError(f"inputs: {item!r} is in {other!r} and in {name!r}")
        return found


def _free(valid: Sequence[str], names: ColumnNames, taken: Container[str]) -> list[str]:
    """Return the names among which to choose: a pattern never means the target, a name may, and is told."""
    return [name for name in valid if name not in taken or name in names.names]
