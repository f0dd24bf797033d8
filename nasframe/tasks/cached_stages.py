"""The stages that a cache holds: their sizes, and their removal."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from attrs import field, frozen

from nasframe.errors import DataError, NasframeError, RunError, nearest
from nasframe.runtime import Lock, LockedError
from nasframe.tasks.stages import BEGUN, STAGE_RECORD, read_stage
from nasframe.tasks.stages_in_use import kept_from_use

__all__ = ["CachedStage", "cached_stages", "chosen_stages", "remove_stage"]

_DAY = 86_400


@frozen
class CachedStage:
    """A folder that a stage made, or began, in a cache.

    Attributes:
        folder: of its files.
        stage: the name of the stage.
        state: `finished`; `in use` where a process reads from it now; `damaged` where its record cannot be
            read; or `unfinished` where its process was killed, or is at work now.
        files, bytes: of the folder; links are not followed.
        used: seconds since 1970 when its record was last read, as far as the file system says, or written.
        lock: of an unfinished one.
        made: of its record: the `task`, its `data`, and the working `folder` and `time` in which it was made.
    """

    folder: Path
    stage: str
    state: str
    files: int
    bytes: int
    used: float
    lock: Path | None = None
    made: Mapping[str, str] = field(factory=dict)

    @property
    def name(self) -> str:
        """The name by which it is removed: that of the folder that it has, or is going to have."""
        return self.folder.name if self.lock is None else self.folder.name[1:].rsplit(".", 2)[0]


def cached_stages(cache: Path) -> list[CachedStage]:
    """Return the stages in a cache, the largest first; none where there is no such folder.

    What no stage has made is left out: it is not nasframe's to remove.

    Raises:
        DataError: the cache is a file, or cannot be read.
    """
    try:
        items = sorted(cache.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DataError(f"{cache}: cannot be read as a cache: {error.strerror}; expected a folder") from error
    found = [*_finished(items), *_unfinished(items)]
    return sorted(found, key=lambda one: (-one.bytes, one.folder.name))


def chosen_stages(
    found: Sequence[CachedStage], names: Sequence[str], *, older_than: float | None = None
) -> list[CachedStage]:
    """Return those of the stages that have one of the names, and were not used for some days.

    Args:
        found: by `cached_stages`.
        names: of folders, or of stages, which are all their folders; empty for every one.
        older_than: days.

    Raises:
        DataError: a name is not there; all of them are said.
    """
    known = {name for one in found for name in (one.name, one.stage)}
    if missing := [name for name in names if name not in known]:
        said = ", ".join(f"{name!r}{nearest(name, known)}" for name in missing)
        raise DataError(f"the cache holds no {said}; `nasframe cache` lists what it holds")
    limit = None if older_than is None else time.time() - older_than * _DAY
    return [
        one
        for one in found
        if (not names or {one.name, one.stage} & {*names}) and (limit is None or one.used < limit)
    ]


def remove_stage(one: CachedStage) -> bool:
    """Remove a stage, and return True; False where a process is at work in it, or reads from it.

    The record goes first, so that what is left after a kill in the middle is never taken for a whole stage.

    Raises:
        OSError: a file cannot be removed.
    """
    if one.lock is None:
        with kept_from_use(one.folder) as free:
            if free:
                (one.folder / STAGE_RECORD).unlink(missing_ok=True)
                shutil.rmtree(one.folder, ignore_errors=False, onerror=_already_gone)
        return free
    try:
        lock = Lock.acquire(one.lock)
    except (LockedError, RunError):
        return False
    if not lock.held:  # a file system without locks: nobody can tell who lives
        os.close(lock.descriptor)
        return False
    shutil.rmtree(one.folder, ignore_errors=False, onerror=_already_gone)
    lock.release()
    return True


def _already_gone(
    call: Callable[..., object], path: str, problem: tuple[type, BaseException, object]
) -> None:
    error = problem[1]
    if not isinstance(error, FileNotFoundError):
        raise error


def _finished(items: Sequence[Path]) -> Iterator[CachedStage]:
    for item in items:
        record = item / STAGE_RECORD
        if item.is_symlink() or not record.is_file():
            continue
        with contextlib.suppress(FileNotFoundError):  # removed meanwhile
            times, stage = record.stat(), item.name.rpartition("-")[0] or item.name
            state, made = "finished", {}
            try:
                known = read_stage(item)
                stage, made = str(known["stage"]), known.get("made", {})
                with kept_from_use(item) as free:
                    state = "finished" if free else "in use"
            except NasframeError:  # its folder says enough to remove it
                state = "damaged"
            used = max(times.st_atime, times.st_mtime)
            yield CachedStage(item, stage, state, *_size(item), used, made=made)


def _unfinished(items: Sequence[Path]) -> Iterator[CachedStage]:
    for lock in items:
        folder = lock.with_suffix(".partial")
        if BEGUN.fullmatch(lock.name) is None or folder.is_symlink():
            continue
        with contextlib.suppress(FileNotFoundError):
            stage = lock.name[1:].rsplit(".", 2)[0].rpartition("-")[0]
            yield CachedStage(folder, stage, "unfinished", *_size(folder), lock.stat().st_mtime, lock)


def _size(folder: Path) -> tuple[int, int]:
    """Return the number of files in a folder, and their bytes."""
    files = count = 0
    for place, _, names in os.walk(folder):  # does not follow links
        for name in names:
            with contextlib.suppress(OSError):  # removed meanwhile, or not ours to see
                count += (Path(place) / name).lstat().st_size
                files += 1
    return files, count
