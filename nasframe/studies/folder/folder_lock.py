"""The locks of a study's folder, of its command and of its workers: one command at a time works in it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasframe.errors import RunError
from nasframe.runtime import Lock, LockedError, advised
from nasframe.studies.folder.layout import LOCK, WORKERS_LOCK

__all__ = ["locked"]

_PATIENCE = 15.0  # seconds in which the workers of a killed command must end


@contextmanager
def locked(path: Path) -> Iterator[Lock]:
    """Hold the lock of the folder, and yield that of its workers.

    Those of a killed command may hold theirs for a moment longer.

    Raises:
        RunError: another command holds the first, or the second is not free after some seconds.
    """
    deadline = time.monotonic() + _PATIENCE
    with _refusing(path):
        lock = Lock.acquire(path / LOCK)
    try:
        workers = None
        while workers is None:
            with contextlib.suppress(LockedError) if time.monotonic() < deadline else _refusing(path):
                workers = Lock.acquire(path / WORKERS_LOCK)
            if workers is None:
                time.sleep(0.1)
        try:
            yield workers
        finally:
            workers.release()
    finally:
        lock.release()


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except LockedError as error:
        problem = f"{path}: {error} is at work in this study"
        raise RunError(advised(problem, "wait until it has ended", "choose another --out")) from None
