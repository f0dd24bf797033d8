"""The folder of a study: claimed, made, continued, refused or replaced. One process at a time works in it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from nasframe import __version__
from nasframe.errors import KeptRunInterrupt, ResumableInterrupt, RunError
from nasframe.jobs import LOG_FILE, full_disk_stops
from nasframe.runs import UNFINISHED, Run, partials, refuse_links_outside, require_utf8
from nasframe.runtime import (
    ANYTHING,
    Each,
    Fields,
    Lock,
    LockedError,
    Nullable,
    Text,
    check_shape,
    format_names,
    read_json,
    remove_path,
    without_nan,
    write_json,
)

__all__ = ["RECORD", "TENSORS", "StudyFolder", "is_unbegun", "open_study", "read_study"]

FORMAT = 1
RECORD = "study.json"
TRIALS = "trials"
TENSORS = "tensors.safetensors"

_OLD_TRIALS = "cells"  # the name that the folder of an older study has, and keeps
_OLD_KINDS = {"census": "table"}

_LOCK, _WORKERS_LOCK = "study.lock", "workers.lock"
_LOCKS = (_LOCK, _WORKERS_LOCK)
_FILES = (
    *(RECORD, *_LOCKS, LOG_FILE, TENSORS, "report.html"),
    # the queue of earlier versions: nothing writes it, and it goes when a study is replaced
    *("study.sqlite3", "study.sqlite3-journal", "study.sqlite3-wal", "study.sqlite3-shm"),
    "study.sqlite3.damaged",
)
_STUDY = Fields(
    {"kind": Text(), "plan": Nullable(Each(ANYTHING))},  # null: its data is being prepared
    {"nasframe": Text(), "names": Each(Each(Text())), "packages": Each(Nullable(Text()))},
)
_PATIENCE = 15.0  # seconds in which the workers of a killed command must end


@frozen
class StudyFolder:
    """The folder of a study that this process has claimed.

    ```
    study.json            format version, kind, version of nasframe, plan, the plugin of every name
    trials/NAME/          the folder of a trial, such as a run; `cells/NAME/` in studies of older versions
    tensors.safetensors   the tensors of an experiment that was made in Python
    KIND.json             the results
    report.html           the results on one page
    workers.log           the output of worker processes, where there is any
    ```

    Attributes:
        path: of the folder.
        kind: `comparison`, `sweep` or `table`.
        plan: values that must be the same when the study is continued.
        replaces: the study that is there is to be replaced.
        lock: that workers hold too, for as long as they live.
        files: names of other files and folders that a study of this kind writes.
        call: the one that makes the study, by which it goes on after a kill; None where no command could.
    """

    path: Path
    kind: str
    plan: Mapping[str, Any]
    replaces: bool
    lock: Lock
    files: Collection[str] = ()
    call: Mapping[str, Any] | None = None

    @property
    def record(self) -> dict[str, Any]:
        """The content of `study.json`; empty where the study has not begun, or is to be replaced."""
        if self.replaces or not (self.path / RECORD).exists():
            return {}
        found = read_study(self.path)
        return {} if is_unbegun(found) else found

    def record_call(self, names: Mapping[str, Any]) -> None:
        """Record the call in a folder that is new or goes on: from now on, a kill leaves it there."""
        if self.replaces:
            return
        there = self.record
        head = {"format": FORMAT, "nasframe": __version__, "kind": self.kind, "plan": None}
        write_json(self.path / RECORD, without_nan({**(there or {**head, **names}), **self._unfinished}))

    def end(self) -> None:
        """Record that the call has ended."""
        write_json(self.path / RECORD, {**self.record, UNFINISHED: {}})

    @property
    def _unfinished(self) -> dict[str, Any]:
        return {UNFINISHED: self.call}

    def begin(self, names: Mapping[str, Any] | None = None) -> None:
        """Write `study.json`; remove the study that is there where it is to be replaced.

        Args:
            names: `names` and `packages` as `RecordedNames.to_dict` returns them.
        """
        there = self.record
        if self.replaces:
            for name in (*_written(self.kind, self.files), TRIALS, _OLD_TRIALS):
                if name not in _LOCKS:
                    remove_path(self.path / name)
        if there.get("kind") != self.kind:
            there = {"format": FORMAT, "nasframe": __version__, "kind": self.kind, "plan": self.plan}
        record = without_nan({**there, **(names or {}), **self._unfinished})
        if record != self.record:
            write_json(self.path / RECORD, record)

    def trial_folder(self, name: str) -> Path:
        """Return the folder in which a trial writes."""
        is_old = not self.replaces and (self.path / _OLD_TRIALS).is_dir()
        return self.path / (_OLD_TRIALS if is_old else TRIALS) / name

    def save(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """Write `KIND.json` and return its content."""
        plain: dict[str, Any] = without_nan(result)
        with full_disk_stops(self.path):
            write_json(self.path / f"{self.kind}.json", plain)
        return plain


@contextmanager
def open_study(
    path: str | Path,
    kind: str,
    plan: Mapping[str, Any],
    *,
    overwrite: bool = False,
    files: Collection[str] = (),
    call: Mapping[str, Any] | None = None,
) -> Iterator[StudyFolder]:
    """Claim a folder for a study while the block runs; the folder may be empty or missing.

    Nothing is written or replaced before `StudyFolder.begin`.

    Args:
        path: of the folder.
        kind: `comparison`, `sweep` or `table`.
        plan: values that must be the same when the study is continued; JSON-able.
        overwrite: replace a study that is there; only what a study writes is removed.
        files: names of other files and folders that a study of this kind writes.
        call: see `StudyFolder`.

    Raises:
        RunError: the folder holds something else, or a study with another plan (the message shows the
            difference), or, where it is to be replaced, files that no study writes; or another process works
            in it.
    """
    folder = Path(path)
    require_utf8(folder)
    plain = json.loads(json.dumps(without_nan(plan), default=str))
    is_new = not folder.exists()
    _check(folder, kind, plain, overwrite, files)
    try:
        with _locked(folder) as lock:
            _check(folder, kind, plain, overwrite, files)
            if lock.held:
                for item in partials(folder):
                    item.unlink(missing_ok=True)
            with _resumable(folder):
                yield StudyFolder(folder, kind, plain, overwrite, lock, files, call)
    finally:
        if is_new:
            with contextlib.suppress(OSError):  # it is not empty
                folder.rmdir()


@contextmanager
def _resumable(path: Path) -> Iterator[None]:
    """Take the record away again where nothing was begun; else let Ctrl-C name the folder."""
    try:
        yield
    except BaseException as error:
        with contextlib.suppress(OSError, RunError):
            record = read_study(path)
            if is_unbegun(record):
                (path / RECORD).unlink()
            elif _is_ctrl_c(error) and record.get(UNFINISHED):
                raise ResumableInterrupt(path) from error
        raise


def _is_ctrl_c(error: BaseException) -> bool:
    return isinstance(error, KeyboardInterrupt) and not isinstance(error, KeptRunInterrupt)


def is_unbegun(record: Mapping[str, Any]) -> bool:
    """Return True for the record of a study whose data was being prepared."""
    return record.get("plan", {}) is None


def read_study(path: Path) -> dict[str, Any]:
    """Return the content of a folder's `study.json`.

    Raises:
        RunError: there is none, or nasframe did not write it.
    """
    if not (path / RECORD).exists():
        raise RunError(f"{path}: is no study folder: it has no {RECORD}")
    content = read_json(path / RECORD)
    if not (isinstance(content, dict) and {"format", "kind", "plan"} <= content.keys()):
        raise RunError(f"{path}: is no study folder: its {RECORD} is none of nasframe's")
    if content["format"] != FORMAT:
        found = content["format"]
        raise RunError(f"{path}: study format {found!r} cannot be read; this version reads {FORMAT}")
    check_shape(content, _STUDY, str(path / RECORD))
    return content


def _check(path: Path, kind: str, plan: Mapping[str, Any], overwrite: bool, files: Collection[str]) -> None:
    if path.is_symlink() and not path.exists():
        raise RunError(f"{path}: is a link to nothing; choose another --out")
    if not path.exists():
        return
    if not path.is_dir():
        raise RunError(f"{path}: is a file and is no study folder; choose another --out")
    if (path / _LOCK).is_symlink():  # what is locked is emptied
        raise RunError(f"{path / _LOCK}: is a link, and no study makes one; remove it")
    for place in (path, path / TRIALS, path / _OLD_TRIALS):
        if place.is_dir():
            refuse_links_outside(place, deep=False)
    if not (path / RECORD).exists():
        others = sorted(item.name for item in path.iterdir() if item.name not in _LOCKS)
        others = [name for name in others if not (name.startswith(".") and name.endswith(".partial"))]
        if others:
            raise RunError(
                f"{path}: is there already and is no study folder (it holds {format_names(others)}); "
                "choose another --out"
            )
        return
    there = read_study(path)
    found = _OLD_KINDS.get(there["kind"], there["kind"])
    if found != kind:
        raise RunError(f"{path}: holds a {found}, not a {kind}; choose another --out")
    if (path / TRIALS).exists() and (path / _OLD_TRIALS).exists():
        raise RunError(
            f"{path}: holds {TRIALS}/ and, as studies of older versions do, {_OLD_TRIALS}/, so it is not "
            "known which trials belong to the study; move one of the two away, or choose another --out"
        )
    if overwrite:
        _refuse_strange(path, kind, files)
        return
    if is_unbegun(there):
        return
    different = list(_differences(there["plan"], plan))
    if different:
        lines = "".join(f"\n  {line}" for line in different[:10])
        more = f"\n  and {len(different) - 10} more" if len(different) > 10 else ""
        raise RunError(
            f"{path}: holds a {kind} of another experiment:{lines}{more}\n"
            "  choose another --out, or say --overwrite to replace it"
        )


def _differences(there: Any, now: Any, key: str = "") -> Iterator[str]:
    """Yield a line for each difference between two plans."""
    if isinstance(there, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys([*there, *now]):
            inner = f"{key}.{name}" if key else name
            yield from _differences(there.get(name), now.get(name), inner)
    elif there != now:
        yield f"{key.removeprefix('experiment.')}: there {_shown(there)}, now {_shown(now)}"


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)


def _written(kind: str, files: Collection[str]) -> tuple[str, ...]:
    return (*_FILES, f"{kind}.json", *files)


def _refuse_strange(path: Path, kind: str, files: Collection[str]) -> None:
    """Refuse to replace a study whose folder holds files that no study writes."""
    ours = {*_written(kind, files), *(item.name for item in partials(path))}
    found = [item for item in path.iterdir() if item.name not in ours]
    places = [path / name for name in (TRIALS, _OLD_TRIALS)]
    places = [place for place in places if place.is_dir() and not place.is_symlink()]
    found = [item for item in found if item not in places]
    found += [item for place in places for item in place.iterdir() if not item.is_dir() or item.is_symlink()]
    if found:
        names = format_names(sorted(item.relative_to(path).as_posix() for item in found))
        raise RunError(
            f"{path}: holds {names}, which no study writes; nothing was removed. "
            "Move it away, or choose another --out"
        )
    for record in (file for place in places for file in place.glob("*/run.json")):
        Run.check_replaceable(record.parent)


@contextmanager
def _locked(path: Path) -> Iterator[Lock]:
    """Hold the lock of the folder, and yield that of its workers.

    Those of a killed command may hold theirs for a moment longer.

    Raises:
        RunError: another command holds the first, or the second is not free after some seconds.
    """
    deadline = time.monotonic() + _PATIENCE
    with _refusing(path):
        lock = Lock.acquire(path / _LOCK)
    try:
        workers = None
        while workers is None:
            with contextlib.suppress(LockedError) if time.monotonic() < deadline else _refusing(path):
                workers = Lock.acquire(path / _WORKERS_LOCK)
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
        raise RunError(
            f"{path}: {error} is at work in this study; wait until it has ended, or choose another --out"
        ) from None
