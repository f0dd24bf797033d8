"""Failures of trials: the message of one, and those that stop all trials."""

from __future__ import annotations

import errno
import shutil
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nasframe
from nasframe.errors import NasframeError, RunError
from nasframe.plugins import manager
from nasframe.runtime import describe_system_error

__all__ = ["StopTrialsError", "error_message", "full_disk_stops", "is_disk_full"]


class StopTrialsError(RunError):
    """A failure that every other trial would meet too."""


def error_message(error: BaseException) -> str:
    """Return the message of an error for the user.

    An error that is not nasframe's own gets its type and the last line of nasframe or of a plugin that it
    came through.
    """
    if isinstance(error, NasframeError):
        return str(error)
    if isinstance(error, OSError) and error.filename:
        return describe_system_error(error)
    message = f"{type(error).__name__}: {error}".removesuffix(": ")
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_ours(frame.filename)]
    if not frames:
        return message
    return f"{message} ({_short(frames[-1].filename)}, line {frames[-1].lineno})"


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


def _is_ours(file: str) -> bool:
    """Return True for a file of nasframe or of a plugin, except those that only call a trial."""
    if Path(file).parent == Path(__file__).parent:
        return False
    plugins = manager()
    modules = [nasframe, *(plugins.module(name) for name in plugins.names)]
    for module in modules:
        if any(Path(file).is_relative_to(folder) for folder in getattr(module, "__path__", ())):
            return True
        if file == getattr(module, "__file__", None):
            return True
    return False


def _short(file: str) -> str:
    path, here = Path(file), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
