"""One process at a time works in a run folder."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasframe.errors import RunError
from nasframe.run._folder import LOCK, RECORD, begin, holds_run, is_begun, partials, read_record

if sys.platform != "win32":
    import fcntl

__all__ = ["claimed"]


@contextmanager
def claimed(path: Path, experiment: str | None = None) -> Iterator[None]:
    """Keep other processes out of a run folder, or of the place for one, while the block runs.

    The lock ends with the process, however it ends. Where nothing came of the block, a folder that was not
    there before is not there after it. Without locks in the file system, nobody is kept out.

    Args:
        path: of the folder.
        experiment: the resolved experiment of the run that is to be made there.

    Raises:
        RunError: the folder holds something else than a run, or another process works in it.
    """
    is_new = not path.exists()
    holds_run(path, experiment)
    lock = _acquire(path)
    try:
        if not (path / RECORD).exists():
            begin(path)
        yield
    finally:
        # Removed while it is held: who gets a lock on a removed file tries again.
        with contextlib.suppress(OSError, RunError):
            if {item.name for item in path.iterdir()} == {RECORD, LOCK} and is_begun(read_record(path)):
                (path / RECORD).unlink()
        with contextlib.suppress(OSError):
            (path / LOCK).unlink()
        os.close(lock)
        if is_new:
            with contextlib.suppress(OSError):  # it is not empty
                path.rmdir()


def _acquire(path: Path) -> int:
    """An open file that holds the lock until it is closed."""
    file = path / LOCK
    while True:
        path.mkdir(parents=True, exist_ok=True)
        try:
            lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # another process has just removed the folder it did not need
            continue
        try:
            held = _lock(lock)
            if held and not _is_at(lock, file):
                os.close(lock)
                continue
        except BlockingIOError:
            holder = os.read(lock, 100).decode(errors="replace").strip()
            os.close(lock)
            raise RunError(
                f"{path}: {f'process {holder}' if holder else 'another process'} is at work in this run; "
                "wait until it has ended, or choose another --out"
            ) from None
        os.truncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        if held:
            for item in partials(path):  # nobody can be writing them
                item.unlink(missing_ok=True)
        return lock


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
