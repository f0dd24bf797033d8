"""One process at a time works in a run folder."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nasframe.errors import KeptRunInterrupt, NasframeError, ResumableInterrupt, RunError
from nasframe.plugins import record_names
from nasframe.runs.failure import FAILURE, on_one_line
from nasframe.runs.folder import LOCK, RECORD, begin, holds_run, is_begun, partials, read_record
from nasframe.runs.plugin_record import plugin_record
from nasframe.runs.unfinished import (
    UNFINISHED,
    Command,
    unfinished_commands,
    with_command,
    without_command,
)
from nasframe.runtime import Lock, LockedError, advised, noticing_removal, write_json

__all__ = ["beginning", "claimed", "command_at_work"]


_for_steps: set[tuple[int, int, str]] = set()
"""Claims that the next step may enter: process, thread, folder. A forked process has another number."""

_commands: dict[tuple[int, int, str], Command] = {}
"""Claim → the command for which it is held."""

_at_work: set[tuple[int, int, str]] = set()
"""Claims whose command has begun to write, so that an error is a failure of the run and no refusal."""


@contextmanager
def claimed(
    path: Path, experiment: str | None = None, *, for_steps: bool = False, command: Command | None = None
) -> Iterator[None]:
    """Keep everybody else out of a run folder, or of the place for one, while the block runs.

    The lock ends with the process, however it ends. Where nothing came of the outermost block, a folder that
    was not there before is not there after it. Without locks in the file system, nobody is kept out.

    Args:
        path: of the folder.
        experiment: the resolved experiment of the run that is to be made there.
        for_steps: the block is a sequence of steps, each of which claims the folder for itself. So the same
            thread may enter the claim again, once at a time; all that such a step calls is refused, as
            other threads and processes are.
        command: for which the block works. A new folder records it at once, a run in it when it goes on with
            its work; it is taken out when the block has ended without an error. An error of a command that
            had begun to write is recorded, in one line.

    Raises:
        RunError: the folder holds something else than a run, or somebody else works in it; or it was removed
            while the block ran.
        ResumableInterrupt: in place of a KeyboardInterrupt, where the run holds an unfinished command.
    """
    claim = _claim(path)
    if claim in _for_steps:
        _for_steps.discard(claim)
        try:
            yield
        finally:
            _for_steps.add(claim)
        return
    with (
        _resumable(path),
        _locked(path, experiment, command),
        noticing_removal(path / LOCK, "run"),
    ):
        if for_steps:
            _for_steps.add(claim)
        if command is not None:
            _commands[claim] = command
        try:
            yield
            _end(path, command)
        except Exception as error:
            if claim in _at_work:
                _fail(path, error)
            raise
        finally:
            _for_steps.discard(claim)
            _at_work.discard(claim)
            _commands.pop(claim, None)


def command_at_work(path: Path) -> Command | None:
    """Return the command for which this thread has claimed a folder, and which writes in it from now on.

    None where there is none.
    """
    claim = _claim(path)
    if claim in _commands:
        _at_work.add(claim)
    return _commands.get(claim)


def _claim(path: Path) -> tuple[int, int, str]:
    return os.getpid(), threading.get_ident(), os.path.realpath(path)


def beginning(
    experiment: str | None,
    command: Command | None,
    plugins: Mapping[str, Any] | None = None,
    names: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what the record of a run holds, before there is one, to go on after a kill.

    Args:
        experiment: the resolved one.
        command: the one that makes the run.
        plugins, names: of the record, where they are known.
    """
    if command is None:
        return {}
    return {
        UNFINISHED: with_command({}, command),
        "toml": experiment,
        "plugins": plugin_record() if plugins is None else plugins,
        "names": record_names().to_dict()["names"] if names is None else names,
    }


def _end(path: Path, command: Command | None) -> None:
    """Take a command that has ended out of the record."""
    if command is None:
        return
    record = read_record(path)
    left = without_command(record, command)
    if left != unfinished_commands(record):
        known = {key: value for key, value in record.items() if key != FAILURE or left}
        write_json(path / RECORD, {**known, UNFINISHED: left})


def _fail(path: Path, error: Exception) -> None:
    """Record why a command failed; where even that fails, its own error is the one that is told."""
    with contextlib.suppress(OSError, NasframeError):
        write_json(path / RECORD, {**read_record(path), FAILURE: on_one_line(error)})


@contextmanager
def _resumable(path: Path) -> Iterator[None]:
    """Turn Ctrl-C into one that names the folder, where there is something in it to go on with."""
    try:
        yield
    except KeptRunInterrupt:
        raise
    except KeyboardInterrupt as error:
        with contextlib.suppress(RunError):
            if unfinished_commands(read_record(path)):
                raise ResumableInterrupt(path) from error
        raise


@contextmanager
def _locked(path: Path, experiment: str | None, command: Command | None) -> Iterator[None]:
    is_new = not path.exists()
    holds_run(path, experiment)
    lock = _acquire(path)
    owner = os.getpid()
    try:
        if not (path / RECORD).exists():
            begin(path, beginning(experiment, command))
        yield
    finally:
        if os.getpid() == owner:  # a process that was forked inside the block leaves the folder alone
            _leave(path, lock, is_new)


def _leave(path: Path, lock: Lock, is_new: bool) -> None:
    with contextlib.suppress(OSError, RunError):
        if {item.name for item in path.iterdir()} == {RECORD, LOCK} and is_begun(read_record(path)):
            (path / RECORD).unlink()
    lock.release()
    if is_new:
        with contextlib.suppress(OSError):  # it is not empty
            path.rmdir()


def _acquire(path: Path) -> Lock:
    try:
        lock = Lock.acquire(path / LOCK)
    except LockedError as error:
        problem = f"{path}: {error} is at work in this run"
        raise RunError(advised(problem, "wait until it has ended", "choose another --out")) from None
    if lock.held:
        for item in partials(path):  # nobody writes them now
            item.unlink(missing_ok=True)
    return lock
