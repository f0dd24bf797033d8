"""Clips on disk while they are scored: in a folder of their own, each removed after, all at the end."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from attrs import define, evolve, field

from nasframe.errors import RunError
from nasframe.runtime import Lock, LockedError
from nasframe_deepfake.serving.clip_queue import QueueClosedError
from nasframe_deepfake.serving.request_error import RequestError

__all__ = ["UploadFolder", "remove_left_overs"]

PREFIX = "nasframe-serve-"
_MAKING = ".nasframe-serve-"
"""Of the name of a folder that is not locked yet, so that nobody takes it for one that was left."""
_LOCK = "lock"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@define
class UploadFolder:
    """A folder that nobody else may read, below `parent`."""

    parent: Path
    _folder: Path | None = field(default=None, init=False)
    _lock: Lock | None = field(default=None, init=False)
    _closed: bool = field(default=False, init=False)
    _guard: threading.Lock = field(factory=threading.Lock, init=False)

    def open(self) -> None:
        """Make the folder.

        Raises:
            OSError: that is not possible.
        """
        with self._guard:
            self._make()

    @contextmanager
    def file(self, ending: str, size: int | None) -> Iterator[tuple[Path, BinaryIO]]:
        """Yield a new file, open to be written; it is removed after the block. The block closes it.

        Args:
            ending: of its name, such as `.mp4`.
            size: bytes that are going to be written, where that is known.

        Raises:
            RequestError: the disk is full, before or meanwhile: the status 507.
            QueueClosedError: the folder is closed.
        """
        try:
            path, file = self._new(ending, size)
        except OSError as error:
            raise _no_room(error) from error
        try:
            with file:
                yield path, file
        except OSError as error:
            if error.errno in _FULL:
                raise _no_room(error) from error
            raise
        finally:
            with suppress(OSError):
                path.unlink()

    def close(self) -> None:
        """Remove the folder with all that is in it; nothing is written into it any more."""
        with self._guard:
            self._closed = True
            self._remove()

    def _new(self, ending: str, size: int | None) -> tuple[Path, BinaryIO]:
        with self._guard:
            if self._closed:
                raise QueueClosedError
            if self._folder is None or self._lock is None or not self._folder.is_dir():
                # a cleaner of the system may have removed it, or a full disk may have stopped its making
                self._remove()
                self._make()
            assert self._folder is not None
            if size is not None and shutil.disk_usage(self._folder).free < size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            descriptor, name = tempfile.mkstemp(_safe(ending), "clip-", self._folder)
        return Path(name), os.fdopen(descriptor, "wb")

    def _make(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix=_MAKING, dir=self.parent))
        self._lock = Lock.acquire(self._folder / _LOCK)
        if self._lock.held:  # without locks nothing is removed by others; Windows could not rename it now
            locked = self.parent / self._folder.name.removeprefix(".")
            self._folder = self._folder.rename(locked)
            self._lock = evolve(self._lock, file=locked / _LOCK)

    def _remove(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def remove_left_overs(parent: Path) -> int:
    """Remove folders of servers of this user that were killed, and return their number.

    A living server holds the lock in its folder, which has no such name before. Where the file system has no
    locks, nothing is removed.
    """
    removed = 0
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            status = folder.lstat()
            lock = folder / _LOCK
            if not stat.S_ISDIR(status.st_mode) or not _is_ours(status) or not lock.is_file():
                continue
            held = Lock.acquire(lock)
        except (OSError, LockedError, RunError):
            continue
        if held.held:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
        held.release()
    return removed


def _is_ours(status: os.stat_result) -> bool:
    """Return True for a folder of this user; a system without user numbers has other rights."""
    number = getattr(os, "geteuid", None)
    return number is None or status.st_uid == number()


def _safe(ending: str) -> str:
    return ending.lower() if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", ending, re.ASCII) else ""


def _no_room(error: OSError) -> RequestError:
    if error.errno in _FULL:
        return RequestError(507, "disk-full", "the disk of this service is full, so the clip has no room")
    return RequestError(
        500, "no-upload", f"the service cannot write into its folder of uploads ({error.strerror})"
    )
