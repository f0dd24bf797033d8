"""Files on their way between machines: read in pieces, and written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from attrs import frozen

from nasframe.errors import RunError
from nasframe.runtime import path_inside, replacing, whole_folder

__all__ = ["PIECE", "FileToSend", "files_to_send", "pieces_of", "write_file", "write_folder"]

PIECE = 16 * 2**20
"""The most bytes of a piece: no machine holds more of a file in its memory at a time."""


@frozen
class FileToSend:
    """One file of a folder, or a folder without files.

    Attributes:
        name: its path in the folder, with forward slashes; "." where the folder is one file itself.
        pieces: number of pieces; 0 for a folder.
    """

    name: str
    pieces: int

    @property
    def is_folder(self) -> bool:
        """True for a folder without files."""
        return self.pieces == 0


def files_to_send(place: Path) -> list[FileToSend]:
    """Return what is in a folder, by name; of one file, this file; nothing where nothing is there.

    Raises:
        RunError: there is a link, a socket or the like, of which no other machine could make anything.
    """
    if not place.exists():
        return []
    if place.is_file():
        return [FileToSend(".", _count(place))]
    found = []
    for folder, folders, files in os.walk(place):
        for name in [*folders, *files]:
            path = Path(folder, name)
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise RunError(f"{path}: is neither a file nor a folder, and cannot go to another machine")
            inner = path.relative_to(place).as_posix()
            if path.is_file():
                found.append(FileToSend(inner, _count(path)))
            elif not any(path.iterdir()):
                found.append(FileToSend(inner, 0))
    return sorted(found, key=lambda item: item.name)


def pieces_of(place: Path, files: Iterable[FileToSend]) -> Iterator[bytes]:
    """Yield the pieces of files, one file after the other."""
    for item in files:
        if not item.is_folder:
            with (place / item.name).open("rb") as file:
                for _ in range(item.pieces):
                    yield file.read(PIECE)


def write_folder(
    place: Path, files: Sequence[FileToSend], pieces: Iterator[bytes], *, sender: str, adds: bool = False
) -> None:
    """Write a folder with all files that were sent; where that fails, the place is as it was.

    Args:
        place: of the folder. What is there is replaced.
        files: as `files_to_send` returns them, from another machine.
        pieces: as `pieces_of` yields them.
        sender: of the files, for errors.
        adds: leave other files that are there, and replace a file at a time.

    Raises:
        RunError: a name leads out of the folder, or is there twice.
    """
    names = [item.name for item in files]
    if len({*names}) < len(names):
        raise RunError(f"{sender}: sent two files of one name")
    if adds:
        for item in files:
            _write(place, item, pieces, sender)
        return
    with whole_folder(place, lambda _: None) as made:
        for item in files:
            _write(made, item, pieces, sender)


def write_file(place: Path, pieces: Iterator[bytes], count: int) -> None:
    """Write a whole file of so many pieces."""
    with replacing(place) as temporary, temporary.open("wb") as file:
        for _ in range(count):
            file.write(next(pieces))


def _write(folder: Path, item: FileToSend, pieces: Iterator[bytes], sender: str) -> None:
    path = path_inside(folder, item.name, sender)
    if item.is_folder:
        path.mkdir(parents=True, exist_ok=True)
    else:
        write_file(path, pieces, item.pieces)


def _count(path: Path) -> int:
    """Return the number of pieces of a file; an empty one has one, which is empty."""
    return max(1, -(-path.stat().st_size // PIECE))
