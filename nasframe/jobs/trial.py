"""A trial: a piece of work with a folder of its own, and its outcome."""

from __future__ import annotations

import functools
import importlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from attrs import field, frozen

from nasframe.jobs.failures import StopTrialsError, full_disk_stops
from nasframe.plugins import error_message
from nasframe.runtime import SILENT, Progress

__all__ = ["Needs", "Outcome", "Trial", "do_trial", "is_done"]


@frozen
class Needs:
    """All that a trial reads beside its own folder, for an executor whose machines do not see the caller's.

    Attributes:
        handed_over: names of arguments that are None or the path of a file or folder. The executor brings
            it to the machine, and the argument is its place there.
        visible: names of arguments that are None or the path of the user's own data, which every machine has
            to see under this path: it may be larger than any memory.
        cache: the folder of prepared data, absolute; None where the trial reads none.
        prepared: names of the folders in it that the trial reads.
    """

    handed_over: Sequence[str] = ()
    visible: Sequence[str] = ()
    cache: Path | None = None
    prepared: Sequence[str] = ()


@frozen
class Trial:
    """A piece of work that any process can do. Done again, it skips the parts that are done.

    Attributes:
        name: unique among the trials of a call; shown to the user.
        folder: its own, in which it writes.
        work: `"module:function"`, called with the folder, the arguments and a `Progress`, which hears of
            every epoch: a trial that says nothing for long is ended.
        arguments: JSON-able.
        done: `"module:function"`, called with the folder and the arguments; it is cheap, and returns True
            where nothing is left to do. Without it the work itself finds out.
        needs: what it reads beside its folder.
        shares_folder: other trials write in the folder too, each files of its own; what is there stays.
    """

    name: str
    folder: Path
    work: str
    arguments: Mapping[str, Any] = field(factory=dict)
    done: str = ""
    needs: Needs = Needs()
    shares_folder: bool = False


@frozen
class Outcome:
    """The outcome of a trial.

    Attributes:
        status: `done`; `failed`, with the message in `error`; `open`, where it did not finish.
        error: for the user, without a traceback.
        seconds: duration of the last attempt; None where the trial was done before.
    """

    status: Literal["done", "failed", "open"]
    error: str = ""
    seconds: float | None = None


def is_done(trial: Trial) -> bool:
    """Return True where the `done` of a trial says that nothing is left to do."""
    return bool(trial.done and _load(trial.done)(trial.folder, trial.arguments))


def do_trial(trial: Trial, progress: Progress = SILENT) -> Outcome:
    """Do a trial in this process and return its outcome; an error in it is a failed outcome.

    Raises:
        RunError: the disk is full, so that no other trial can be done either.
    """
    started = time.monotonic()
    try:
        with full_disk_stops(trial.folder):
            _load(trial.work)(trial.folder, trial.arguments, progress)
    except StopTrialsError:
        raise
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # of the user's plugins, too
        return Outcome("failed", error_message(error), time.monotonic() - started)
    return Outcome("done", "", time.monotonic() - started)


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return functools.reduce(getattr, name.split("."), importlib.import_module(module))
