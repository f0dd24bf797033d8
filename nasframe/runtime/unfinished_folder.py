"""A folder in the making, beside the place that it is going to have.

Its lock is there before it, and longer, and ends with its process, however that ends. So an unfinished folder
whose lock nobody holds is abandoned, on whatever machine, in whatever container.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasframe.errors import RunError
from nasframe.runtime.locks import Lock, LockedError

__all__ = ["unfinished_folder"]

_PARTIAL, _LOCK = ".partial", ".lock"


@contextmanager
def unfinished_folder(folder: Path, *, resumes: bool = False) -> Iterator[Path]:
    """Yield a folder that the block fills and then renames, for instance with `publish_folder`.

    What killed processes have left of the same folder is removed. One without a lock beside it, as older
    versions made them, stays: nobody can tell whether it is in use.

    Args:
        folder: the place that it is going to have, in a folder that is there.
        resumes: yield the fullest one that killed processes have left, where there is one. It stays for the
            next time where the block ends with an error and has left something in it.
    """
    found = sorted(_abandoned(folder), key=lambda item: _size(item[0]))
    kept = found.pop() if found and resumes else None
    for item in found:
        _remove(*item)
    partial, lock = kept or _begun(folder)
    out = partial / folder.name  # with the usual permissions; only its owner may read the one around it
    keep = False
    try:
        partial.mkdir(0o700, exist_ok=True)
        out.mkdir(exist_ok=True)
        yield out
    except BaseException:
        keep = resumes and lock.held and _size(out) > 0
        raise
    finally:
        if keep:
            os.close(lock.descriptor)  # without the file, nobody could tell that it is abandoned
        else:
            shutil.rmtree(partial, ignore_errors=True)
            lock.release()


def _begun(folder: Path) -> tuple[Path, Lock]:
    """Return the path of an unfinished folder, to be made, and the lock that says that somebody makes it."""
    while True:
        name = f"{_prefix(folder)}{uuid.uuid4().hex[:12]}"
        with contextlib.suppress(LockedError):  # somebody just asks whether it is abandoned
            return folder.parent / f"{name}{_PARTIAL}", Lock.acquire(folder.parent / f"{name}{_LOCK}")


def _remove(partial: Path, lock: Lock) -> None:
    shutil.rmtree(partial, ignore_errors=True)
    lock.release()


def _abandoned(folder: Path) -> Iterator[tuple[Path, Lock]]:
    """Yield the unfinished folders of this one that nobody makes, each with its lock, which is held now."""
    prefix = _prefix(folder)
    for item in [*folder.parent.iterdir()]:
        if not (item.name.startswith(prefix) and item.suffix == _LOCK):
            continue
        with contextlib.suppress(OSError, LockedError, RunError):  # also where it is no lock of ours
            lock = Lock.acquire(item)
            if lock.held:
                yield item.with_suffix(_PARTIAL), lock
            else:  # nobody can tell who lives
                os.close(lock.descriptor)


def _size(folder: Path) -> int:
    """Return the bytes of the files in a folder; 0 where it is not there."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _prefix(folder: Path) -> str:
    """Return the first part of the names of the unfinished folders of one, and of their locks."""
    return f".{folder.name}."
