"""The one place that prints: text, messages, lists, JSON. Tables of results are of `nasframe.display`.

Nothing else calls `print` or writes to a standard stream, so that no name reaches a terminal as it is.

Columns are aligned by hand: a table of rich breaks or cuts its cells to the width of a terminal, and a result
must be the same in a pipe, in a file and on a narrow screen.
"""

from __future__ import annotations

import codecs
import io
import json
import os
import shutil
import sys
import textwrap
import traceback
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from nasframe.errors import OutputError
from nasframe.runtime.files import without_nan
from nasframe.runtime.verbosity import current_verbosity
from nasframe.runtime.visible import escape_json, visible, visible_lines, visible_message

__all__ = [
    "drop_stream",
    "format_columns",
    "log_message",
    "print_bytes",
    "print_columns",
    "print_document",
    "print_json",
    "print_message",
    "print_text",
    "print_traceback",
    "take_any_character",
    "writing_output",
]

_NAMES = "nasframe.names"
"""The handler of letters that an encoding lacks, among those of `codecs`."""


def take_any_character() -> None:
    """Let standard output take any text, from now on.

    The letters by which Python stands for the bytes of a name that is not UTF-8 are written as these bytes,
    and other letters that the encoding lacks as back-slashes and their numbers.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        codecs.register_error(_NAMES, _bytes_or_number)
        sys.stdout.reconfigure(errors=_NAMES)


def _bytes_or_number(error: UnicodeError) -> tuple[str | bytes, int]:
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.lookup_error("backslashreplace")(error)


@contextmanager
def writing_output() -> Iterator[None]:
    """Turn an error of the system in the block, which writes on standard output, into words.

    Raises:
        OutputError: it is closed, or cannot be written, such as a file on a full disk.
        BrokenPipeError: its reader has ended.
    """
    if sys.stdout is None:
        raise OutputError(
            "standard output is closed, so the results would be lost; send them to a file, or to /dev/null"
        )
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise OutputError(f"standard output cannot be written: {why}; the results are not whole") from error


def print_text(text: str = "") -> None:
    """Print lines on standard output; what cannot be seen in them is escaped, as in a name.

    A name in a text of several lines passes through `visible` before, or it may begin a line of its own.
    """
    with writing_output():
        print(visible_lines(text), flush=True)


def print_message(message: str) -> None:
    """Print a message on standard error, whose lines after the first are indented; see `visible_message`.

    The log of the command gets it too.
    """
    _print_aside(f"{visible_message(message)}\n")
    log_message(message)


def log_message(message: str) -> None:
    """Add a message to the log of the command alone; nothing happens where there is none."""
    log = current_verbosity().log
    if log is not None and (failure := log.write(visible_message(message))):
        _print_aside(f"nasframe: warning: {visible_message(failure)}\n")


def print_traceback() -> None:
    """Print the traceback of the error that is handled, on standard error."""
    _print_aside(visible_lines(traceback.format_exc()))


def _print_aside(text: str) -> None:
    """Write on standard error, unless it cannot be written: no result depends on it."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        drop_stream(sys.stderr)


def drop_stream(stream: TextIO | None) -> None:
    """Send what is left of a stream nowhere: the interpreter, which flushes it at its end, must not fail."""
    if stream is None:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def print_document(text: str) -> None:
    """Write a document, such as SVG, on standard output as it is: it was made without anything unseen."""
    with writing_output():
        sys.stdout.write(text)
        sys.stdout.flush()


def print_bytes(content: bytes) -> None:
    """Write a file that is no text, such as a PNG, on standard output, which should not be a terminal."""
    with writing_output():
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """Print a value as JSON, without an indent on one line; NaN and infinity, which JSON lacks, are null.

    Names are whole: what cannot be seen in one is an escape of JSON.
    """
    text = json.dumps(without_nan(value), indent=indent, ensure_ascii=False, allow_nan=False, default=str)
    with writing_output():
        print(escape_json(text), flush=True)


_LEAST_BESIDE = 24
"""Characters of a terminal below which a column is not wrapped beside the others."""


def format_columns(rows: Sequence[Sequence[str]], indent: str = "", right: Collection[int] = ()) -> list[str]:
    """Return rows as lines with aligned columns, two spaces between them.

    What cannot be seen in a text, a line break too, is escaped.

    Args:
        rows: their texts; as many in each.
        indent: before each line.
        right: indices of the columns whose texts end below each other; the others begin so.

    Example:
        >>> format_columns([("auc", "0.9731"), ("parameters", "1,204")])
        ['auc         0.9731', 'parameters  1,204']
        >>> format_columns([("auc", "0.9731"), ("parameters", "1,204")], right=[1])
        ['auc         0.9731', 'parameters   1,204']
    """
    rows = [[visible(text) for text in row] for row in rows]
    widths = [max(map(len, column), default=0) for column in zip(*rows, strict=True)]
    lines = (
        [
            text.rjust(width) if place in right else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    )
    return [f"{indent}{'  '.join(line)}".rstrip() for line in lines]


def print_columns(rows: Sequence[Sequence[str]], indent: str = "") -> None:
    """Print rows with aligned columns; where a terminal is too narrow for them, the last one is wrapped."""
    lines = format_columns(rows, indent)
    if sys.stdout is not None and sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        if max(map(len, lines), default=0) > width:
            lines = _wrapped_columns(rows, indent, width)
    for line in lines:
        print_text(line)


def _wrapped_columns(rows: Sequence[Sequence[str]], indent: str, width: int) -> list[str]:
    """Return lines whose last column goes on below itself, or below its row where it has little room."""
    firsts = format_columns([row[:-1] for row in rows], indent)
    start = max(map(len, firsts)) + 2
    beside = width - start >= _LEAST_BESIDE
    if not beside:
        start = len(indent) + 4
    lines: list[str] = []
    for first, row in zip(firsts, rows, strict=True):
        parts = textwrap.wrap(visible(row[-1]), max(width - start, _LEAST_BESIDE), break_on_hyphens=False)
        if not beside or not parts:
            lines.append(first)
        else:
            lines.append(first.ljust(start) + parts.pop(0))
        lines += [" " * start + part for part in parts]
    return lines
