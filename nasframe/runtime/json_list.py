"""A JSON file that holds one long list, entry by entry: a million of them do not fit into memory at once."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nasframe.errors import NasframeError, RunError
from nasframe.runtime.json_documents import DECODER, TOO_DEEP, check_value
from nasframe.runtime.reading import MAX_DOCUMENT_BYTES, MakeError, read_parts, short

__all__ = ["read_json_list"]

_BLANKS = " \t\n\r"


def read_json_list(path: Path, error: MakeError = RunError) -> Iterator[tuple[int, Any]]:
    """Yield the number, from 1, and the value of each entry of a JSON file that holds one list.

    One entry is in memory at a time, and the file may have any size. Who asks for the first entry alone reads
    the beginning of the file alone.

    Args:
        path, error: see `require_regular`.

    Raises:
        NasframeError: made by `error`: see `read_json`; names the entry. Or one has more than 32 MiB.
    """
    rest = _Rest(read_parts(path, error))
    if rest.mark() != "[":
        raise error(f"{path}: cannot be read as JSON: expected a list, which begins with '['")
    rest.place += 1
    for number in itertools.count(1) if rest.mark() != "]" else ():
        source = f"{path}: entry {number}"
        value = _value(rest, source, error)
        check_value(value, source, error)
        yield number, value
        mark = rest.mark()
        if mark == "]":
            break
        if mark != ",":
            found = repr(mark) if mark else "the end of the file"
            raise error(f"{source}: cannot be read as JSON: expected ',' or ']' behind it, found {found}")
        rest.place += 1
    rest.place += 1
    if rest.mark():
        raise error(f"{path}: cannot be read as JSON: there is more behind the list")


class _Rest:
    """The text of a file from a place on, of which only as much is read as was asked for."""

    def __init__(self, parts: Iterator[str]) -> None:
        self._parts = parts
        self.text = ""
        self.place = 0

    def mark(self) -> str:
        """Return the next character that is no blank, which is then at the place; none at the end."""
        while True:
            left = self.text[self.place : self.place + 1]
            if not left and not self.more():
                return ""
            if left and left not in _BLANKS:
                return left
            self.place += bool(left)

    def more(self) -> bool:
        """Read as much again as is left, so that an entry is not tried too often; False at the end."""
        left = self.text[self.place :]
        parts = [left]
        found = 0
        while found <= len(left) and (part := next(self._parts, "")):
            parts.append(part)
            found += len(part)
        self.text, self.place = "".join(parts), 0
        return bool(found)


def _value(rest: _Rest, source: str, error: MakeError) -> Any:
    """Return the value at the place of the rest, and move the place behind it."""
    rest.mark()
    while True:
        try:
            value, end = DECODER.raw_decode(rest.text, rest.place)
        except RecursionError as problem:
            raise error(f"{source}: {TOO_DEEP}") from problem
        except json.JSONDecodeError as problem:
            # the entry may go on behind what was read
            if len(rest.text) - rest.place > MAX_DOCUMENT_BYTES or not rest.more():
                raise _unreadable(source, f"{problem.msg}: character {problem.pos}", error) from problem
        except ValueError as problem:
            raise _unreadable(source, str(problem), error) from problem
        else:
            if end < len(rest.text) or not rest.more():  # a number may go on
                rest.place = end
                return value


def _unreadable(source: str, why: str, error: MakeError) -> NasframeError:
    return error(f"{source}: cannot be read as JSON: {short(why)}")
