"""A pool of worker processes: it starts them, gives them calls, replaces dead ones, and ends them.

The processes are those of `multiprocessing`. Its `ProcessPoolExecutor` gives up altogether when one of them
dies; here the call is tried again, and one that is silent too long is ended.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing.process
import os
import pickle
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any

from attrs import define, field

from nasframe.jobs.descendants import descendants
from nasframe.jobs.executor import ATTEMPTS
from nasframe.jobs.failures import StopTrialsError
from nasframe.jobs.starting import start_process
from nasframe.jobs.worker import settings, work

__all__ = ["Pool"]

_LAST_SECONDS = 5.0  # in which workers must end when they are told to


@define(eq=False)
class _Worker:
    process: Any
    connection: Connection
    device: str | None
    key: Any
    is_idle: bool = False
    has_begun: bool = False


@define(eq=False)
class Pool:
    """Worker processes, started when they are needed. Each does one call at a time.

    Attributes:
        size: the most processes.
        preload: names of modules that are imported once for all of them.
        log: file for their output; None leaves it where that of this process goes.
        lock: descriptor of a lock that each worker holds until it ends.
        devices: GPUs, of which each worker sees one.
        initializer: a function of a module that every worker calls first.
    """

    size: int
    preload: Sequence[str]
    log: Path | None = None
    lock: int | None = None
    devices: Sequence[str] = ()
    initializer: Callable[[], None] | None = None
    _workers: list[_Worker] = field(init=False, factory=list)
    _died_early: int = field(init=False, default=0)

    def give(self, key: Any, function: Callable[..., Any], argument: Any) -> None:
        """Start a call, `function(argument, progress)`, under a key; fewer than `size` may be under way.

        Raises:
            RunError: no worker can be started.
        """
        worker = next((worker for worker in self._workers if worker.is_idle), None) or self._start()
        worker.key, worker.is_idle = key, False
        with contextlib.suppress(OSError):  # it has died: `answers` will find that
            worker.connection.send_bytes(pickle.dumps((function, argument)))

    def answers(self, seconds: float | None) -> list[tuple[Any, str, Any]]:
        """Return the news of calls; wait so long for the first (None: for ever).

        Each is a key, a word and a value: `ready`, of a new process; `began`, when it has imported the
        function; `spoke`; `done`, with the result; `died`, with a description of the end of the process.

        Raises:
            RunError: no worker can be started.
            Exception: a call raised it.
        """
        connections = [worker.connection for worker in self._workers]
        wait([*connections, *(worker.process.sentinel for worker in self._workers)], seconds)
        return [answer for worker in [*self._workers] for answer in self._hear(worker)]

    def end(self, key: Any) -> None:
        """Kill the worker that does a call, with all that it has started; nothing more is heard of that."""
        for worker in [worker for worker in self._workers if worker.key == key and not worker.is_idle]:
            self._forget(worker)

    def close(self) -> None:
        """End all workers: those at work as Ctrl-C would, and after some seconds by force."""
        for worker in self._workers:
            worker.connection.close()
            if not worker.is_idle:
                worker.process.terminate()
        deadline = time.monotonic() + _LAST_SECONDS
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
        for worker in [*self._workers]:
            self._forget(worker)
        atexit.unregister(self.close)
        if self.log is not None and self.output is None:
            self.log.unlink(missing_ok=True)

    @property
    def output(self) -> Path | None:
        """The file of the workers' output; None where there is no output."""
        has_any = self.log is not None and self.log.exists() and self.log.stat().st_size
        return self.log if has_any else None

    def _start(self) -> _Worker:
        atexit.register(self.close)  # called before the interpreter would wait for workers
        devices = [worker.device for worker in self._workers]
        device = min(self.devices, key=devices.count, default=None)
        given = settings(self.log, device, self.initializer)
        near, far = Pipe()
        with far, contextlib.ExitStack() as stack:
            lock = None if self.lock is None else stack.enter_context(Connection(os.dup(self.lock)))
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    process = start_process(work, (far, given, lock), self.preload)
                    break
                except (OSError, EOFError) as error:  # the fork server has ended; the next try starts another
                    if attempt == ATTEMPTS:
                        why = str(error) or type(error).__name__
                        raise StopTrialsError(f"no worker can be started: {why}") from error
        self._workers.append(_Worker(process, near, device, None))
        return self._workers[-1]

    def _hear(self, worker: _Worker) -> Iterator[tuple[Any, str, Any]]:
        lives, messages = worker.process.is_alive(), []  # asked before its last messages are read
        try:
            while worker.connection.poll():
                messages.append(pickle.loads(worker.connection.recv_bytes()))
        except (EOFError, ConnectionError):
            lives = False
        for word, value in messages:
            if word == "fatal":
                raise StopTrialsError(f"no worker can be started: {value}")
            worker.has_begun, self._died_early = True, 0
            worker.is_idle = word in ("done", "raised")
            if word == "raised":
                raise value
            yield worker.key, word, value
        if not lives:
            worker.process.join(_LAST_SECONDS)
            how = _exit_description(self._forget(worker))
            self._died_early += not worker.has_begun
            if self._died_early == ATTEMPTS:
                where = "" if self.output is None else f"; {self.output} holds its output"
                raise StopTrialsError(f"no worker can be started: it {how}{where}")
            if not worker.is_idle:
                yield worker.key, "died", how

    def _forget(self, worker: _Worker) -> int | None:
        """Kill a worker where it lives, forget it, and return its exit status; None where it cannot end."""
        self._workers.remove(worker)
        worker.connection.close()
        _kill(worker.process)
        worker.process.join(_LAST_SECONDS)
        if worker.process.is_alive():  # within a call of the system, such as for a disk that is not there
            _children().discard(worker.process)  # or the interpreter would wait for it when it ends
            return None
        status: int | None = worker.process.exitcode
        worker.process.close()
        return status


def _children() -> set[Any]:
    # looked up each time: a process that is started has another set than its parent
    found: set[Any] = multiprocessing.process._children  # type: ignore[attr-defined]
    return found


def _kill(process: Any) -> None:
    """Kill a process, and what it has started."""
    below = descendants(process.pid) if process.is_alive() else []
    process.kill()
    for number in below:
        with contextlib.suppress(OSError):
            os.kill(number, signal.SIGKILL)


def _exit_description(status: int | None) -> str:
    """Return a description of the end of a process, given its exit status."""
    if status is None or status >= 0:
        return "has ended" if status is None else f"ended with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"was ended by {name}{' (is there enough memory?)' if name == 'SIGKILL' else ''}"
