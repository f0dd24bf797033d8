"""What went wrong in a trial, in words, and whether it concerns all of them."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nasframe
from nasframe.errors import NasframeError, RunError
from nasframe.plugins import manager

__all__ = ["StopStudyError", "error_message", "full_disk_stops", "is_disk_full"]

_FULL = ("No space left on device", "database or disk is full", "Disk quota exceeded")


class StopStudyError(RunError):
    """Something that no trial of the study could do anything about."""


def error_message(error: BaseException) -> str:
    """The message of an error that is the user's to mend; of another its type, its message, and the last line
    of nasframe or of a plugin that it came through."""
    if isinstance(error, NasframeError):
        return str(error)
    message = f"{type(error).__name__}: {error}".removesuffix(": ")
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_ours(frame.filename)]
    if not frames:
        return message
    return f"{message} ({_short(frames[-1].filename)}, line {frames[-1].lineno})"


@contextmanager
def full_disk_stops(place: Path) -> Iterator[None]:
    """Make an error inside the block that says that the disk is full one that the user can act on.

    Raises:
        StopStudyError: the disk is full.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        if not is_disk_full(error):
            raise
        raise StopStudyError(
            f"{place}: the disk is full ({' '.join(str(error).split())}); what is done is kept: make "
            "room and give the same command again"
        ) from error


def is_disk_full(error: BaseException) -> bool:
    """Whether an error, or one that led to it, says that the disk is full."""
    for item in _chain(error):
        if isinstance(item, OSError) and item.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if any(words in str(item) for words in _FULL):  # of libraries that are not written in Python
            return True
    return False


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_ours(file: str) -> bool:
    plugins = manager()
    modules = [nasframe, *(plugins.module(name) for name in plugins.names)]
    for module in modules:
        if any(Path(file).is_relative_to(folder) for folder in getattr(module, "__path__", ())):
            return Path(file).name != "cells.py" or Path(file).parent != Path(__file__).parent
        if file == getattr(module, "__file__", None):
            return True
    return False


def _short(file: str) -> str:
    path, here = Path(file), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
