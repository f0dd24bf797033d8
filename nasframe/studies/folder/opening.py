"""The folder of a study is claimed: made, continued, refused or replaced."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nasframe.errors import KeptRunInterrupt, ResumableInterrupt, RunError
from nasframe.runs import UNFINISHED, partials, require_utf8
from nasframe.runtime import noticing_removal, without_nan
from nasframe.studies.folder.folder_lock import locked
from nasframe.studies.folder.layout import LOCK, RECORD
from nasframe.studies.folder.record import is_unbegun, read_study
from nasframe.studies.folder.refusals import check_folder
from nasframe.studies.folder.study_folder import StudyFolder

__all__ = ["open_study"]


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
            in it; or it was removed while the block ran.
    """
    folder = Path(path)
    require_utf8(folder)
    plain = json.loads(json.dumps(without_nan(plan), default=str))
    is_new = not folder.exists()
    check_folder(folder, kind, plain, overwrite, files)
    try:
        with locked(folder) as lock:
            check_folder(folder, kind, plain, overwrite, files)
            if lock.held:
                for item in partials(folder):
                    item.unlink(missing_ok=True)
            with _resumable(folder):
                study = StudyFolder(folder, kind, plain, overwrite, lock, files, call)
                with noticing_removal(folder / LOCK, "study"), _recording_failure(study):
                    yield study
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


@contextmanager
def _recording_failure(study: StudyFolder) -> Iterator[None]:
    """Record the error that ends a call which has begun; where even that fails, its own error is told."""
    try:
        yield
    except Exception as error:
        with contextlib.suppress(OSError, RunError):
            study.note_failure(error)
        raise


def _is_ctrl_c(error: BaseException) -> bool:
    return isinstance(error, KeyboardInterrupt) and not isinstance(error, KeptRunInterrupt)
