"""Failures that stop all trials, such as a full disk."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasframe.errors import RunError

__all__ = ["StopTrialsError", "full_disk_stops", "is_disk_full"]


class StopTrialsError(RunError):
    """A failure that every other trial would meet too."""


@contextmanager
def full_disk_stops(place: Path) -> Iterator[None]:
    """Turn an error of a full disk inside the block into one that tells the user what to do.

    Args:
        place: file or folder that the block writes.

    Raises:
        StopTrialsError: the disk is full.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        if not is_disk_full(error, place):
            raise
        raise StopTrialsError(
            f"{place}: the disk is full ({' '.join(str(error).split())}); finished work is kept: make "
            "room and give the same command again"
        ) from error


def is_disk_full(error: BaseException, place: Path) -> bool:
    """Return True where a full disk caused an error.

    The number of the operating system decides, of the error or of one that led to it. Some libraries raise
    errors without one; then the free space decides.

    Args:
        error: any error.
        place: file or folder that was being written.
    """
    numbers = {item.errno for item in _chain(error) if isinstance(item, OSError)} - {None}
    if numbers:
        return not numbers.isdisjoint((errno.ENOSPC, errno.EDQUOT))
    return _free_bytes(place) == 0


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _free_bytes(place: Path) -> int | None:
    """Return the free space of the disk that a place is on; None where it cannot be found."""
    there = next((folder for folder in (place, *place.absolute().parents) if folder.exists()), None)
    try:
        return None if there is None else shutil.disk_usage(there).free
    except OSError:
        return None
