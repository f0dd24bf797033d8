"""A lock on a file: it ends with the processes that hold it open, however they end.

By hand, on `flock`: the library filelock does not say which process holds a lock, and leaves its file behind.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from attrs import frozen

from nasframe.runtime.files import naming_file

if sys.platform != "win32":
    import fcntl

__all__ = ["Lock", "LockedError"]


class LockedError(Exception):
    """Another process holds the lock.

    Attributes:
        holder: the number that this process has in its container, from the file, for people alone; empty
            where the file holds none.
    """

    def __init__(self, holder: str) -> None:
        self.holder = holder
        super().__init__(f"process {holder}" if holder else "another process")


@frozen
class Lock:
    """A lock that is held until `release`, and by every process that inherits the descriptor.

    The system releases it with the last of them. So it says who lives, in every container that sees the file,
    where the number of a process would not.

    Attributes:
        file: that is locked; it holds the number of the process that locked it.
        descriptor: of the open file.
        held: False where the file system has no locks, so that nobody is kept out.
    """

    file: Path
    descriptor: int
    held: bool

    @classmethod
    def acquire(cls, file: Path) -> Lock:
        """Lock a file, which is made with its folder where it is not there.

        Raises:
            LockedError: another process holds it.
        """
        while True:
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
            except FileNotFoundError:  # another process has just removed the folder it did not need
                continue
            try:
                held = _lock(descriptor)
                if held and not _is_at(descriptor, file):
                    os.close(descriptor)
                    continue
            except BlockingIOError:
                holder = os.read(descriptor, 100).decode(errors="replace").strip()
                os.close(descriptor)
                raise LockedError(holder) from None
            lock = cls(file, descriptor, held)
            try:
                with naming_file(file):
                    os.truncate(descriptor, 0)
                    os.write(descriptor, f"{os.getpid()}\n".encode())
            except OSError:  # the disk is full
                lock.release()
                raise
            return lock

    def release(self) -> None:
        """Remove the file, then unlock it.

        In this order no other process gets the lock of a file that is then removed: `acquire` sees that the
        file it has locked is gone, and tries again.
        """
        with contextlib.suppress(OSError):
            self.file.unlink()
        os.close(self.descriptor)


def _lock(file: int) -> bool:
    """Lock an open file; False where there are no locks.

    Raises:
        BlockingIOError: another process holds it.
    """
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
