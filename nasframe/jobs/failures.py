"""Failures that stop all trials, such as a full disk."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasframe.errors import RunError
from nasframe.runtime import describe_system_error

__all__ = ["StopTrialsError", "full_disk_stops", "is_disk_full"]

_FULL = (errno.ENOSPC, errno.EDQUOT)


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
        raise StopTrialsError(f"{place}: the disk is full: {_full_disk_in_words(error)}") from error


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
        return not numbers.isdisjoint(_FULL)
    return _free_bytes(place) == 0


def _full_disk_in_words(error: BaseException) -> str:
    """Return the words of the system's error that led to one, or of one that a library has hidden."""
    there = (item for item in _chain(error) if isinstance(item, OSError) and item.errno in _FULL)
    hidden = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return describe_system_error(next(there, hidden))


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
