"""One process at a time works in a run folder."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasframe.errors import RunError
from nasframe.runs.folder import LOCK, RECORD, begin, holds_run, is_begun, partials, read_record
from nasframe.runtime import Lock, LockedError

__all__ = ["claimed"]


_for_steps: set[tuple[int, int, str]] = set()
"""Claims that the next step may enter: process, thread, folder. A forked process has another number."""


@contextmanager
def claimed(path: Path, experiment: str | None = None, *, for_steps: bool = False) -> Iterator[None]:
    """Keep everybody else out of a run folder, or of the place for one, while the block runs.

    The lock ends with the process, however it ends. Where nothing came of the outermost block, a folder that
    was not there before is not there after it. Without locks in the file system, nobody is kept out.

    Args:
        path: of the folder.
        experiment: the resolved experiment of the run that is to be made there.
        for_steps: the block is a sequence of steps, each of which claims the folder for itself. So the same
            thread may enter the claim again, once at a time; all that such a step calls is refused, as
            other threads and processes are.

    Raises:
        RunError: the folder holds something else than a run, or somebody else works in it.
    """
    claim = os.getpid(), threading.get_ident(), os.path.realpath(path)
    if claim in _for_steps:
        _for_steps.discard(claim)
        try:
            yield
        finally:
            _for_steps.add(claim)
        return
    with _locked(path, experiment):
        if for_steps:
            _for_steps.add(claim)
        try:
            yield
        finally:
            _for_steps.discard(claim)


@contextmanager
def _locked(path: Path, experiment: str | None) -> Iterator[None]:
    is_new = not path.exists()
    holds_run(path, experiment)
    lock = _acquire(path)
    owner = os.getpid()
    try:
        if not (path / RECORD).exists():
            begin(path)
        yield
    finally:
        if os.getpid() == owner:  # a process that was forked inside the block leaves the folder alone
            _leave(path, lock, is_new)


def _leave(path: Path, lock: Lock, is_new: bool) -> None:
    with contextlib.suppress(OSError, RunError):
        if {item.name for item in path.iterdir()} == {RECORD, LOCK} and is_begun(read_record(path)):
            (path / RECORD).unlink()
    lock.release()
    if is_new:
        with contextlib.suppress(OSError):  # it is not empty
            path.rmdir()


def _acquire(path: Path) -> Lock:
    try:
        lock = Lock.acquire(path / LOCK)
    except LockedError as error:
        raise RunError(
            f"{path}: {error} is at work in this run; wait until it has ended, or choose another --out"
        ) from None
    if lock.held:
        for item in partials(path):  # nobody writes them now
            item.unlink(missing_ok=True)
    return lock
