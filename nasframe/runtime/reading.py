"""Reading of files that a stranger may have written: regular files only, bounded, checked.

Every reader raises the error class that its caller names, with the file, the place in it and the expectation.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from nasframe.errors import DataError, NasframeError, RunError

__all__ = [
    "MAX_DOCUMENT_BYTES",
    "MAX_LISTING_BYTES",
    "MakeError",
    "damage_in_words",
    "path_inside",
    "read_bytes",
    "read_csv",
    "read_parts",
    "read_text",
    "require_regular",
    "short",
]

MakeError = Callable[[str], NasframeError]
"""Makes the error from its message: a class of `nasframe.errors`."""

MAX_DOCUMENT_BYTES = 32 * 2**20
"""The most bytes of a document that a person could read, such as a record or an experiment."""

MAX_LISTING_BYTES = 256 * 2**20
"""The most bytes of a file with a line or a number for each of many things."""

_PART = 2**20  # bytes

_LONGEST = 200  # characters of what was found, in a message
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def require_regular(path: Path, error: MakeError = DataError, limit: int | None = None) -> int:
    """Return the size of a regular file in bytes. Opening another kind may wait, reading it may never end.

    Args:
        path: of the file; links are followed.
        error: made from the message.
        limit: the most bytes; None for any number.

    Raises:
        NasframeError: made by `error`: no file is there, something else than a file, or a larger one.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as problem:
        raise error(f"{path}: {_reason(problem)}") from problem
    return _checked(path, status, error, limit)


def read_bytes(path: Path, error: MakeError = DataError, limit: int = MAX_DOCUMENT_BYTES) -> bytes:
    """Return the content of a regular file; see `require_regular` for the arguments and errors."""
    require_regular(path, error, limit)
    try:
        with _opened(path) as file:
            _checked(path, os.fstat(file.fileno()), error, limit)
            content = file.read(limit + 1) or b""  # a file of the kernel may have nothing now
    except (OSError, ValueError) as problem:
        raise error(f"{path}: {_reason(problem)}") from problem
    if len(content) > limit:  # files of the kernel say that they are empty
        raise error(f"{path}: is larger than {_megabytes(limit)}")
    return content


def read_text(
    path: Path, error: MakeError = DataError, limit: int = MAX_DOCUMENT_BYTES, errors: str = "strict"
) -> str:
    """Return the text of a regular file in UTF-8, its line ends as they are; a mark of UTF-8 at its start is
    dropped.

    Args:
        path, error, limit: see `require_regular`.
        errors: as `bytes.decode` takes it.

    Raises:
        NasframeError: made by `error`, also where the file is not UTF-8.
    """
    content = read_bytes(path, error, limit)
    try:
        return content.decode("utf-8-sig", errors)
    except UnicodeDecodeError as problem:
        before = problem.object[: problem.start].decode("utf-8")  # without a mark at the start
        line, place = before.count("\n") + 1, len(before) - before.rfind("\n")
        where = f"line {line}, character {place}"
        raise error(
            f"{path}: {where}: byte {problem.start} is not UTF-8; save the file as UTF-8"
        ) from problem


def read_parts(path: Path, error: MakeError = DataError) -> Iterator[str]:
    """Yield the text of a regular file in UTF-8, of whatever size, in parts of about a million characters.

    Args:
        path, error: see `read_text`.

    Raises:
        NasframeError: see `read_text`; names the byte that is not UTF-8.
    """
    require_regular(path, error)
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    done = 0
    try:
        with _opened(path) as file:
            _checked(path, os.fstat(file.fileno()), error, None)
            while part := file.read(_PART):
                waiting = len(decoder.getstate()[0])
                if text := decoder.decode(part):
                    yield text
                done += len(part)
            waiting = len(decoder.getstate()[0])
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as problem:
        place = done - waiting + problem.start
        raise error(f"{path}: byte {place} is not UTF-8; save the file as UTF-8") from problem
    except (OSError, ValueError) as problem:
        raise error(f"{path}: {_reason(problem)}") from problem


def _opened(path: Path) -> BinaryIO:
    """Open a file that another one may have replaced by now: one that waits is opened without waiting."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags), "rb")


def read_csv(
    path: Path, error: MakeError = DataError, limit: int = MAX_LISTING_BYTES, errors: str = "strict"
) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the last line and the fields of each row of a CSV file in UTF-8.

    Args:
        path, error, limit, errors: see `read_text`.

    Raises:
        NasframeError: made by `error`: it cannot be read, or is no CSV; with strict `errors` also where it
            holds a NUL, which no path can.
    """
    rows = csv.reader(io.StringIO(read_text(path, error, limit, errors), newline=""), strict=False)
    try:
        for row in rows:
            if errors == "strict" and any("\0" in field for field in row):
                raise error(f"{path}: line {rows.line_num}: holds a NUL; expected text")
            yield rows.line_num, row
    except csv.Error as problem:
        raise error(f"{path}: line {rows.line_num}: cannot be read as CSV: {problem}") from problem


def path_inside(folder: Path, name: str, source: str, error: MakeError = RunError) -> Path:
    """Return the path of a file or folder that a document names, which must lie in `folder`.

    Args:
        folder: it is relative to.
        name: as the document has it, with forward slashes.
        source: the document and the key, for the error.
        error: made from the message.

    Raises:
        NasframeError: made by `error`: an absolute path, one with `..`, one that is too long, or one that a
            link leads outside.
    """
    forms = PurePosixPath(name), PureWindowsPath(name)
    plain = (
        bool(name)
        and "\0" not in name
        and not any(form.is_absolute() or form.drive or ".." in form.parts for form in forms)
    )
    if not plain:
        raise error(f"{source}: {short(repr(name))} leads outside {folder}; expected a path inside it")
    path = folder / name
    try:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.lstat()  # `resolve` passes over a name that is too long
        inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError) as problem:  # too long, or a link to itself
        why = getattr(problem, "strerror", None) or str(problem)  # its text would hold the whole path
        raise error(f"{source}: {short(repr(name))}: {why}; expected a path inside {folder}") from problem
    if not inside:
        raise error(f"{source}: {name!r} is a link that leads outside {folder}; expected a path inside it")
    return path


@contextmanager
def damage_in_words(source: object, error: MakeError = RunError) -> Iterator[None]:
    """Raise an error that names a file in place of those that its values raise in the block.

    It stands around the few lines that put values of a document into objects, after `read_json` has checked
    what a schema can say.

    Args:
        source: the file, and the place in it.
        error: made from the message.

    Raises:
        NasframeError: made by `error`.
    """
    try:
        yield
    except NasframeError:
        raise
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        MemoryError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as problem:
        what = f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
        raise error(f"{source}: is damaged: {short(what)}") from problem


def _checked(path: Path, status: os.stat_result, error: MakeError, limit: int | None) -> int:
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        raise error(f"{path}: is {_KINDS.get(kind, 'no file')}; expected a regular file")
    if limit is not None and status.st_size > limit:
        raise error(f"{path}: has {_megabytes(status.st_size)}; expected {_megabytes(limit)} or less")
    return status.st_size


def _reason(problem: OSError | ValueError) -> str:
    if isinstance(problem, FileNotFoundError):
        return "cannot be read: no such file"
    return f"cannot be read: {(problem.strerror if isinstance(problem, OSError) else None) or problem}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def short(text: str) -> str:
    """Return the beginning of a text that was found in a file, for a message."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
