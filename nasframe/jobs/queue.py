"""The queue of trials: a grid over them, in an Optuna study on SQLite."""

from __future__ import annotations

import sqlite3
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.samplers import GridSampler
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.trial import Trial as Attempt
from optuna.trial import TrialState
from sqlalchemy.exc import SQLAlchemyError

from nasframe.errors import RunError
from nasframe.jobs.failures import StopTrialsError, full_disk_stops, is_disk_full, sqlite_codes
from nasframe.jobs.trial import Outcome
from nasframe.jobs.worker import HEARTBEAT
from nasframe.runtime import Progress

__all__ = ["ATTEMPTS", "QUEUE_FILE", "TrialQueue"]

QUEUE_FILE = "study.sqlite3"

ATTEMPTS = 3
"""The most attempts at a trial whose process is killed."""

_PARAMETER = "cell"  # the name of the grid's parameter in the file
_DENIED = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_GRACE = 120  # a worker without a sign of life for so many seconds counts as dead


class TrialQueue:
    """The trials of one call: each is taken once, and again where the process that did it has died.

    Every call makes an Optuna study of its own in the file, for the folders of the trials tell which are
    done. Those of earlier calls stay, as a record.
    """

    def __init__(self, file: Path, names: Sequence[str], progress: Progress) -> None:
        """Make a queue of trials of these names.

        Raises:
            RunError: the file cannot be written. A damaged file is moved aside.
        """
        self._file, self._names = file, list(names)
        self._waiting = len(self._names)
        self._attempts: dict[str, Attempt] = {}
        self._beats: dict[str, float] = {}
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        with self._errors():
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.exists() and not _is_sound(file):
                _move_aside(file, progress)
            try:
                self._study = self._open()
            except (SQLAlchemyError, RuntimeError) as error:  # tables of another program or Optuna
                if is_disk_full(error, file) or _is_denied(error):
                    raise
                _move_aside(file, progress)
                self._study = self._open()

    def take(self) -> str | None:
        """Return the name of a trial that no process does; None where there is none at the moment."""
        if not self._waiting:
            return None
        with self._errors(), _no_warnings():
            attempt = self._study.ask()
            name = self._names[attempt.suggest_int(_PARAMETER, 0, len(self._names) - 1)]
            attempt.set_user_attr("name", name)
        self._waiting -= 1
        self._attempts[name] = attempt
        self.beat(name)
        return name

    def beat(self, name: str) -> None:
        """Record that the process that does a trial lives."""
        if time.monotonic() - self._beats.get(name, -HEARTBEAT) >= HEARTBEAT and name in self._attempts:
            self._beats[name] = time.monotonic()
            with self._errors():
                self._storage.record_heartbeat(self._attempts[name]._trial_id)

    def ended(self, name: str, outcome: Outcome) -> None:
        """Record the outcome of a trial that was taken."""
        attempt = self._attempts.pop(name)
        self._beats.pop(name, None)
        with self._errors():
            if outcome.status == "done":
                self._study.tell(attempt, outcome.seconds, skip_if_finished=True)
                return
            attempt.set_user_attr("error", outcome.error)
            self._study.tell(attempt, state=TrialState.FAIL, skip_if_finished=True)

    def lost(self, name: str) -> bool:
        """Record that the process that did a trial has died; return True where it will be taken again."""
        attempt = self._attempts.pop(name)
        self._beats.pop(name, None)
        with self._errors():
            if self._state(attempt) == TrialState.RUNNING:  # else its heartbeat was missed
                self._study.tell(attempt, state=TrialState.FAIL)
                self._retry(self._study, self._storage.get_trial(attempt._trial_id))
            waiting = self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
            again = any(attempt.number in other.system_attrs["retry_history"] for other in waiting)
        self._waiting += again
        return again

    def silent(self) -> list[str]:
        """Return the trials whose process gave no sign of life for too long. The caller then calls `lost`."""
        with self._errors():
            with _no_warnings():
                fail_stale_trials(self._study)
            return [
                name for name, attempt in self._attempts.items() if self._state(attempt) != TrialState.RUNNING
            ]

    def close(self) -> None:
        """Close the file."""
        self._storage.engine.dispose()

    def _open(self) -> optuna.Study:
        with _no_warnings():
            self._retry = RetryHeartbeatStaleTrialCallback(max_retry=ATTEMPTS - 1)
            self._storage = RDBStorage(
                f"sqlite:///{self._file.absolute()}",
                engine_kwargs={"connect_args": {"factory": _Connection}},
                heartbeat_interval=HEARTBEAT,
                grace_period=_GRACE,
                heartbeat_stale_trial_callback=self._retry,
            )
        number = len(optuna.get_all_study_names(self._storage)) + 1
        sampler = _Grid({_PARAMETER: list(range(len(self._names)))}, seed=0)
        return optuna.create_study(storage=self._storage, sampler=sampler, study_name=f"command {number}")

    def _state(self, attempt: Attempt) -> TrialState:
        return self._storage.get_trial(attempt._trial_id).state

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with full_disk_stops(self._file):
                yield
        except (SQLAlchemyError, sqlite3.Error, OSError, optuna.exceptions.StorageInternalError) as error:
            why = " ".join(str(error.__cause__ or error).partition("\n")[0].split())
            raise StopTrialsError(
                f"{self._file}: {why}; nothing but the order of work is in this file, and finished trials "
                "are kept in their folders: remove it and give the command again"
            ) from error


class _Connection(sqlite3.Connection):
    """A connection that does not wait for the disk.

    The file survives the end of the process. A power failure may damage it, and it can be made anew.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.execute("PRAGMA synchronous = OFF")


class _Grid(GridSampler):
    """A grid that does not stop the Optuna study when all trials were taken once; some are taken again."""

    def after_trial(self, *_: Any) -> None:
        pass


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Silence the warnings about the heartbeat: that it is experimental, and that we must record it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        warnings.filterwarnings("ignore", "Heartbeat of storage", UserWarning)
        yield


def _is_sound(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as database:
            found: tuple[str] = database.execute("PRAGMA quick_check").fetchone()
            return found == ("ok",)
    except sqlite3.OperationalError:  # locked or read-only, which is not damaged
        return True
    except sqlite3.DatabaseError:
        return False


def _is_denied(error: Exception) -> bool:
    """Return True where SQLite could not use the file, which may be sound."""
    return not _DENIED.isdisjoint(sqlite_codes(error))


def _move_aside(file: Path, progress: Progress) -> None:
    if file.is_dir():
        raise RunError(f"{file}: is a folder; expected a file, which holds the order of work")
    aside = file.with_name(f"{file.name}.damaged")
    file.replace(aside)
    for ending in ("-journal", "-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    progress.say(
        f"{file}: is damaged; moved to {aside.name} and made anew. It holds nothing but the order of work: "
        "finished trials are kept in their folders"
    )
