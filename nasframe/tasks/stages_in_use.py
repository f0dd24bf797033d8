"""The folders of prepared data that a process reads from: nobody removes them meanwhile."""

from __future__ import annotations

import contextlib
import os
import sys
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nasframe.tasks.stages import STAGE_RECORD

if sys.platform != "win32":
    import fcntl

__all__ = ["StagesInUse", "kept_from_use"]


class StagesInUse:
    """Folders of finished stages, kept from removal as long as this object is there, or its process.

    Several processes may use a folder. On Windows, and in file systems without locks, nothing is kept.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        descriptors: list[int] = []
        for folder in folders:
            with contextlib.suppress(OSError):  # it is gone, which its reader says
                descriptors.append(os.open(folder / STAGE_RECORD, os.O_RDONLY))
                if sys.platform != "win32":
                    fcntl.flock(descriptors[-1], fcntl.LOCK_SH)
        weakref.finalize(self, _close, descriptors)


@contextmanager
def kept_from_use(folder: Path) -> Iterator[bool]:
    """Keep new users out of the folder of a finished stage in the block; False where it is in use."""
    if sys.platform == "win32":
        yield True
        return
    with contextlib.ExitStack() as until_the_end:
        free = True
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(folder / STAGE_RECORD, os.O_RDONLY)
            until_the_end.callback(os.close, descriptor)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                free = False
            except OSError:  # no locks here
                free = True
        yield free


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)
