"""The files that a user means: named ones, the lines of a list, and those below a folder."""

from __future__ import annotations

import codecs
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from nasframe.errors import ConfigurationError
from nasframe.runtime import MAX_LISTING_BYTES, describe_system_error, read_bytes

__all__ = ["STANDARD_INPUT", "files_to_score", "listed_paths"]

STANDARD_INPUT = "-"
"""The name of a list that is read from standard input."""

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def listed_paths(source: Path) -> list[Path]:
    """Return the paths of a list, a text with one on each line.

    Empty lines and those that begin with `#` are left out; line ends of Windows and a mark at the start are
    understood, UTF-16 with such a mark too. A relative path begins in the working folder, as a word of the
    command does, or, where nothing is there, in the folder of the list. Space around a path does not count,
    unless a file has that very name.

    Args:
        source: the file, or `-` for standard input.

    Raises:
        ConfigurationError: it cannot be read, or holds a NUL, which no path can.
    """
    name = "standard input" if str(source) == STANDARD_INPUT else str(source)

    def mistake(message: str) -> ConfigurationError:
        return ConfigurationError("predict", [f"--list {message}"])

    if str(source) == STANDARD_INPUT:
        if sys.stdin is None:
            raise mistake(f"{STANDARD_INPUT}: standard input is closed")
        content, folder = _read_stream(sys.stdin.buffer, name, mistake), Path()
    elif _is_stream(source):  # of a shell: --list <(find …)
        with source.open("rb") as stream:
            content, folder = _read_stream(stream, name, mistake), Path()
    else:
        content, folder = read_bytes(source, mistake, MAX_LISTING_BYTES), source.parent
    paths = []
    for number, line in enumerate(_text(content).split("\n"), start=1):
        line = line.removesuffix("\r")
        if "\0" in line:
            raise mistake(f"{name}: line {number}: holds a NUL; expected one path on each line")
        if line.strip() and not line.lstrip().startswith("#"):
            paths.append(_found(line, folder))
    return paths


def _is_stream(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _read_stream(stream: BinaryIO, name: str, mistake: Callable[[str], ConfigurationError]) -> bytes:
    content = stream.read(MAX_LISTING_BYTES + 1)
    if len(content) > MAX_LISTING_BYTES:
        raise mistake(f"{name}: has more than {MAX_LISTING_BYTES / 1e6:.0f} MB")
    return content


def _text(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            text = content[len(mark) :]
            # what is not UTF-8 may be the name of a file
            return os.fsdecode(text) if encoding == "utf-8" else text.decode(encoding, "replace")
    return os.fsdecode(content)


def _found(line: str, folder: Path) -> Path:
    names = dict.fromkeys((line, line.strip()))
    for place in (Path(), folder):
        for name in names:
            if os.path.lexists(place / name):  # a link to nothing is an error of that file
                return place / name
    return Path(line.strip())


def files_to_score(paths: Sequence[Path], endings: Sequence[str]) -> Iterator[Path | tuple[Path, str, str]]:
    """Yield each path, and for a folder the files below it; where there are none, the folder with the cause.

    Args:
        paths: of files and folders. One that is no folder is yielded as it is, whatever its name.
        endings: of the files that are taken from a folder; upper and lower case are the same.

    Yields:
        a path; or a folder, the error in words, and a word for scripts.
    """
    for path in paths:
        if not _is_folder(path):
            yield path
        elif not endings:
            yield path, "is a folder, and the task names no endings of files; name the files", "folder"
        else:
            yield from _below(path, tuple(ending.lower() for ending in endings))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a text that is too long for a path, or that cannot be one
        return False


def _below(folder: Path, endings: tuple[str, ...]) -> Iterator[Path | tuple[Path, str, str]]:
    found: list[Path] = []
    unread: list[tuple[Path, str, str]] = []
    seen: set[tuple[int, int]] = set()

    def refused(error: OSError) -> None:
        unread.append((Path(error.filename), f"cannot be read: {describe_system_error(error)}", "error"))

    for place, folders, names in os.walk(folder, onerror=refused, followlinks=True):
        status = os.stat(place)  # noqa: PTH116 - the path is a text
        if (status.st_dev, status.st_ino) in seen:  # a link leads back
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        found += (Path(place, name) for name in names if name.lower().endswith(endings))
    yield from sorted(found)
    yield from unread
    if not found and not unread:
        yield folder, f"is a folder without any file that ends in {', '.join(endings)}", "empty-folder"
