"""A process that does cells: it is told which on its standard input, and says on its output how they
ended.

A line of JSON each: first what to load, then cell after cell. It ends when its input ends, which is when the
process that started it has ended, however that came about.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["HEARTBEAT", "main", "settings"]

HEARTBEAT = 5
"""Seconds between two signs of life of a worker."""

_LAST_SECONDS = 5.0


def settings() -> dict[str, Any]:
    """What a worker must load to know the plugins of this process: JSON-able."""
    from importlib.metadata import entry_points
    from types import ModuleType

    from nasframe.hookspecs import PROJECT
    from nasframe.plugins import manager

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


def main() -> None:
    """Do cells until there are no more."""
    # Ctrl-C is for the process that started this one; it says when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    answers = _Answers(os.dup(1))
    os.dup2(2, 1)  # what a plugin prints goes with the errors
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    with contextlib.suppress(_EndedError):
        try:
            _prepare(json.loads(lines.get()))
        except Exception as error:
            answers.say(fatal=f"{type(error).__name__}: {error}")
            return
        threading.Thread(target=answers.beat, daemon=True).start()
        _work(lines, answers)


def _main() -> None:
    main()
    # A thread waits for input, which the end of an interpreter cannot interrupt.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


class _EndedError(BaseException):
    """The process that started this one wants it to end, or has ended."""


class _Answers:
    """Lines to the process that started this one; several threads write them."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "wb")
        self._turn = threading.Lock()

    def say(self, **values: Any) -> None:
        with self._turn:
            self._file.write(json.dumps(values).encode() + b"\n")
            self._file.flush()

    def beat(self) -> None:
        while True:
            time.sleep(HEARTBEAT)
            try:
                self.say(beat=True)
            except OSError:  # there is nobody to hear it; `_read` sees to the rest
                return


def _end(*_: object) -> None:
    raise _EndedError


def _read(lines: queue.SimpleQueue[bytes]) -> None:
    for line in sys.stdin.buffer:
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
    from nasframe.studies.cells import Cell, do_cell
    from nasframe.studies.failures import StopStudyError
    from nasframe.threads import one_thread

    with one_thread():
        while True:
            answers.say(ready=True)
            given = json.loads(lines.get())
            cell = Cell(**{**given, "folder": Path(given["folder"])})
            try:
                outcome = do_cell(cell)
            except StopStudyError as error:
                answers.say(stop=str(error))
                return
            answers.say(cell=cell.name, status=outcome.status, error=outcome.error, seconds=outcome.seconds)


if __name__ == "__main__":
    _main()
