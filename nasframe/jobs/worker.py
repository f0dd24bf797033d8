"""A worker process: it does one call after the other, and says how each of them ended.

A call is a pickled pair of a function and its argument; the function gets a `Progress` too. An answer is a
pickled pair of a word and a value. The worker ends when its connection ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import io
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import ModuleType
from typing import Any

from nasframe.errors import NasframeError, RunError
from nasframe.jobs.server import end_with_parent
from nasframe.jobs.starting import ONE_THREAD
from nasframe.plugins import PROJECT, error_message, keep_error_source, manager
from nasframe.runtime import Progress, offered, offering, one_thread

__all__ = ["settings", "work"]

_PAUSE = 0.5  # seconds between two signs of life, at least


def settings(log: Path | None, device: str | None, initializer: Callable[[], None] | None) -> dict[str, Any]:
    """Return the state of this process that a worker takes over.

    Args:
        log: file for its output; None leaves it where that of this process goes.
        device: the only GPU that it sees, as `CUDA_VISIBLE_DEVICES` names it; None for all.
        initializer: a function that it calls first.
    """
    from importlib.metadata import entry_points

    plugins, points = manager(), {point.name for point in entry_points(group=PROJECT)}
    others = {name: plugins.module(name) for name in plugins.names if name not in points | set(plugins.files)}
    own = {} if device is None else {"CUDA_VISIBLE_DEVICES": device}
    return {
        "environment": {**os.environ, **ONE_THREAD, **own},
        "log": log,
        "modules": {
            name: module.__name__
            for name, module in others.items()
            if isinstance(module, ModuleType) and sys.modules.get(module.__name__) is module
        },
        "files": [file.resolve() for file in plugins.files.values()],
        "offered": offered(),
        "code": {name: plugins.code_of(name) for name in plugins.names},
        "initializer": pickle.dumps(initializer),  # which may be a plugin's
    }


def work(connection: Connection, given: Mapping[str, Any], lock: Connection | None) -> None:
    """Do calls until the connection ends. The whole process serves this one function.

    Args:
        connection: with the process that wants the calls.
        given: `settings` of that process.
        lock: holds a descriptor of a lock open for as long as this process lives.
    """
    _end_with_the_command()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it means here what Ctrl-C means elsewhere
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    gc.freeze()  # the memory of what the fork server has imported stays shared
    gc.enable()  # which the server does without
    answers = _Answers(connection)
    with contextlib.suppress(KeyboardInterrupt, EOFError, OSError), offering(given["offered"]):
        try:
            _take_over(given)
        except (Exception, SystemExit) as error:
            answers.send("fatal", error_message(error))
            return
        with one_thread():
            answers.send("ready", None)
            while True:
                call = connection.recv_bytes()
                try:
                    function, argument = pickle.loads(call)
                    answers.send("began", None)
                    answers.send("done", function(argument, answers))
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # a plugin may raise anything
                    answers.send("raised", _portable(error))


class _Answers(Progress):
    """The messages to the process at the other end; all that it hears of progress is a sign of life."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._turn, self._spoke = connection, threading.Lock(), 0.0

    def send(self, word: str, value: Any) -> None:
        # Not `Connection.send`: with torch's own rules a tensor would stay in the memory of this process.
        message = pickle.dumps((word, value))
        with self._turn:
            self._connection.send_bytes(message)

    def say(self, message: str) -> None:
        if time.monotonic() - self._spoke > _PAUSE:
            self._spoke = time.monotonic()
            self.send("spoke", None)

    @contextmanager
    def task(self, description: str, total: int | None) -> Iterator[Callable[[int], None]]:
        self.say(description)
        yield lambda steps: self.say(description)


def _end_with_the_command() -> None:
    """Let this process end when the one that wants its calls has ended, whatever it is doing then.

    A thread ends it. One that is stopped, or computes and lets no thread run, is killed by the kernel when
    the fork server has ended.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None
    sentinel = parent.sentinel
    server = os.getppid()
    if server != parent.pid:
        end_with_parent(server)

    def watch() -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _take_over(given: Mapping[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(given["environment"])
    _write_at_once(given["log"])
    import torch  # noqa: F401 - an error of its import is told as any other

    for name, module in given["modules"].items():
        manager().register(importlib.import_module(module), name)
    manager().load_files(given["files"])
    _require_same_code(given["code"])
    if (first := pickle.loads(given["initializer"])) is not None:
        first()


def _require_same_code(given: Mapping[str, str | None]) -> None:
    """Refuse to work with other code of a plugin than the process that wants the calls.

    Raises:
        RunError: a file was changed after that process had loaded it.
    """
    plugins = manager()
    here = {*plugins.names}
    changed = [name for name, code in given.items() if name in here and plugins.code_of(name) != code]
    if changed:
        raise RunError(
            f"the code of {', '.join(changed)} has changed since this command began, and a new worker would "
            "run it as it is now; give the command again, or put that back"
        )


def _write_at_once(log: Path | None) -> None:
    """Let output go to a file, unbuffered: that of Python, of C, and of programs."""
    if log is not None:
        with log.open("ab", buffering=0) as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
    for name, number in (("stdout", 1), ("stderr", 2)):
        raw = io.FileIO(number, "w", closefd=False)
        setattr(sys, name, io.TextIOWrapper(raw, "utf-8", "backslashreplace", write_through=True))
    with contextlib.suppress(OSError, AttributeError, ValueError, TypeError):  # no C library of this kind
        library, unbuffered = ctypes.CDLL(None), 2
        library.setvbuf(ctypes.c_void_p.in_dll(library, "stdout"), None, unbuffered, 0)


def _portable(error: BaseException) -> BaseException:
    """Return an error that can be sent, with its traceback as a note."""
    note = "".join(traceback.format_exception(error))
    keep_error_source(error)
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = NasframeError(error_message(error))
    error.add_note(note)
    return error
