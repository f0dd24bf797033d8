"""A lock on a file: it ends with the processes that hold it open, however they end.

By hand, on `flock`: the library filelock does not say which process holds a lock, and leaves its file behind.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from nasframe.errors import NasframeError, RunError
from nasframe.runtime.files import naming_file

if sys.platform != "win32":
    import fcntl

__all__ = ["Lock", "LockedError", "noticing_removal"]

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


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
            RunError: the name belongs to a link, a second name of another file, or no file at all; what is
                locked is emptied.
        """
        while True:
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                descriptor = os.open(file, _FLAGS, 0o666)
            except FileNotFoundError:  # another process has just removed the folder it did not need
                continue
            except OSError as error:
                if file.is_symlink() or file.is_dir():
                    raise _refusal(file, "a link" if file.is_symlink() else "a folder") from error
                raise
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
                os.close(descriptor)
                kind = "another name of some file" if stat.S_ISREG(status.st_mode) else "a pipe or a device"
                raise _refusal(file, kind)
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


@contextmanager
def noticing_removal(lock: Path, kind: str) -> Iterator[None]:
    """Say of an error in the block that the folder was removed, where the lock in it is gone.

    Args:
        lock: the file of a lock that is held while the block runs.
        kind: of the folder, `run` or `study`.

    Raises:
        RunError: in place of the error, which names whatever was missing first.
    """
    try:
        yield
    except (NasframeError, OSError) as error:
        if os.path.lexists(lock):
            raise
        again = "give the command again, with a folder that stays"
        raise RunError(
            f"{lock.parent}: the folder was removed while the {kind} wrote to it; {again}"
        ) from error


def _refusal(file: Path, kind: str) -> RunError:
    return RunError(f"{file}: is {kind}; expected a file of nasframe's own, or none: remove it")


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
