"""A worker process: it receives trials on a connection and sends back their outcomes.

Each message is a line of JSON: first the plugins to load, then trial after trial. The worker ends when the
connection ends, that is, when the process at the other end has ended for whatever reason.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["HEARTBEAT", "EndedError", "end", "settings", "work"]

HEARTBEAT = 5
"""Seconds between two signs of life of a worker."""

_LAST_SECONDS = 5.0


def settings() -> dict[str, Any]:
    """Return what a worker must load to know the plugins of this process; JSON-able."""
    from importlib.metadata import entry_points
    from types import ModuleType

    from nasframe.plugins import PROJECT, manager

    plugins, points = manager(), {point.name for point in entry_points(group=PROJECT)}
    others = {name: plugins.module(name) for name in plugins.names if name not in points | set(plugins.files)}
    return {
        "path": sys.path,
        "files": [str(file.resolve()) for file in plugins.files.values()],
        "modules": {
            name: module.__name__
            for name, module in others.items()
            if isinstance(module, ModuleType) and sys.modules.get(module.__name__) is module
        },
    }


class EndedError(BaseException):
    """The process at the other end wants this one to end, or has ended."""


def end(*_: object) -> None:
    """Handle the signal to end: raise `EndedError`, and ignore further signals."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise EndedError


def work(connection: socket.socket) -> None:
    """Do trials until the connection ends. The whole process serves this one call."""
    signal.signal(signal.SIGTERM, end)
    answers = _Answers(connection)
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(connection, lines), daemon=True).start()
    with contextlib.suppress(EndedError):
        try:
            _prepare(json.loads(lines.get()))
        except Exception as error:
            answers.send(fatal=f"{type(error).__name__}: {error}")
            return
        threading.Thread(target=answers.beat, daemon=True).start()
        _work(lines, answers)


class _Answers:
    """The messages to the process at the other end; several threads send them."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._turn = threading.Lock()

    def send(self, **values: Any) -> None:
        with self._turn:
            self._connection.sendall(json.dumps(values).encode() + b"\n")

    def beat(self) -> None:
        while True:
            time.sleep(HEARTBEAT)
            try:
                self.send(beat=True)
            except OSError:  # the other end has gone; `_read` ends this process
                return


def _read(connection: socket.socket, lines: queue.SimpleQueue[bytes]) -> None:
    with contextlib.suppress(OSError), connection.makefile("rb") as file:
        for line in file:
            lines.put(line)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_LAST_SECONDS)
    os._exit(1)


def _prepare(loaded: Mapping[str, Any]) -> None:
    sys.path += [folder for folder in loaded["path"] if folder and folder not in sys.path]
    from nasframe.plugins import manager

    for name, module in loaded["modules"].items():
        manager().register(importlib.import_module(module), name)
    for file in loaded["files"]:
        manager().load_file(file)


def _work(lines: queue.SimpleQueue[bytes], answers: _Answers) -> None:
    from nasframe.jobs.failures import StopTrialsError
    from nasframe.jobs.trial import Trial, do_trial
    from nasframe.runtime import one_thread

    with one_thread():
        while True:
            answers.send(ready=True)
            given = json.loads(lines.get())
            trial = Trial(**{**given, "folder": Path(given["folder"])})
            try:
                outcome = do_trial(trial)
            except StopTrialsError as error:
                answers.send(stop=str(error))
                return
            answers.send(
                trial=trial.name, status=outcome.status, error=outcome.error, seconds=outcome.seconds
            )
