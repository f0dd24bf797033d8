"""A process that has imported what every worker needs, and becomes one as often as it is asked.

Importing torch takes seconds of a processor. The server does it once for all workers, while the process that
started it reads the experiment and prepares the data, so that both are ready at the same time; a worker that
must be replaced is there at once. It loads no plugin: what a plugin starts when it is imported (threads, a
GPU) would not survive a fork.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["ForkServer", "server_ahead", "take_server"]

_PATIENCE = 5.0  # seconds in which workers that are told to end must do so

_READY = ("nasframe.studies.runs", "nasframe.studies.trainings", "nasframe.studies.ranking")
"""Modules with what cells do."""


class ForkServer:
    """The process, seen from the one that started it. Workers that are left end with it."""

    def __init__(self) -> None:
        """Start it; it imports while this process goes on."""
        self._socket, far = socket.socketpair()
        with far:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-u", "-m", __name__, str(far.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
                pass_fds=(far.fileno(),),
            )
        self._said = b""

    def fork(self, log: int, lock: int | None) -> socket.socket:
        """Start a worker.

        Args:
            log: descriptor that its output goes to.
            lock: descriptor that it holds until it ends.

        Returns:
            The connection with it, on which it first says its number. It is closed where there is no worker.
        """
        near, far = socket.socketpair()
        descriptors = [far.fileno(), log, *([] if lock is None else [lock])]
        with far, contextlib.suppress(OSError):  # the server has ended, which the worker's end tells
            socket.send_fds(self._socket, [b"."], descriptors)
        return near

    def status(self, process: int | None) -> int | str | None:
        """How a worker ended that has ended.

        Args:
            process: its number; None of one that never said it.

        Returns:
            Its exit status, below 0 for a signal; why there was no worker; or None where nobody knows.
        """
        self._socket.settimeout(_PATIENCE)
        with contextlib.suppress(OSError):
            while True:
                line, newline, rest = self._said.partition(b"\n")
                if newline:
                    self._said = rest
                    said = json.loads(line)
                    if "fatal" in said:
                        return str(said["fatal"])
                    if said["ended"] == process:
                        return int(said["status"])
                elif found := self._socket.recv(1 << 12):
                    self._said += found
                else:
                    break
        return None

    def close(self) -> None:
        """End it and whatever workers it has."""
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(2 * _PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_ahead: list[ForkServer] = []
"""The one that was started before it was needed."""


@contextmanager
def server_ahead(workers: int) -> Iterator[None]:
    """Start a server at once where several workers will be wanted while the block runs."""
    if workers < 2 or _ahead:
        yield
        return
    _ahead.append(ForkServer())
    try:
        yield
    finally:
        while _ahead:  # nobody took it
            _ahead.pop().close()


def take_server() -> ForkServer:
    """The server that was started ahead, or a new one. Whoever takes it closes it."""
    return _ahead.pop() if _ahead else ForkServer()


class _EndedError(BaseException):
    """The process that started this one wants it to end."""


def _end(*_: object) -> None:
    raise _EndedError


def _main(connection: socket.socket) -> None:
    # Ctrl-C is for the process that started this one; it says when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for name in _READY:
            __import__(name)
    except Exception as error:
        _say(connection, fatal=f"{type(error).__name__}: {error}")
        return
    gc.collect()
    gc.freeze()  # so that a worker shares the pages of what is there
    with contextlib.suppress(_EndedError):
        signal.signal(signal.SIGTERM, _end)
        _Server(connection).serve()


class _Server:
    """Forks a worker for every byte that comes, and tells how each of them ended."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._woken, self._wake = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._children: set[int] = set()

    def serve(self) -> None:
        """Serve until whoever asks has gone."""
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._connection, selectors.EVENT_READ)
                selector.register(self._woken, selectors.EVENT_READ)
                while self._answer([key.fileobj for key, _ in selector.select()]):
                    pass
        finally:
            self._end_all()

    def _answer(self, ready: list[Any]) -> bool:
        if self._woken in ready:
            self._woken.recv(1 << 12)
            self._reap()
        if self._connection in ready:
            asked, descriptors, _, _ = socket.recv_fds(self._connection, 1, 3)
            if not asked:
                return False
            self._fork(descriptors)
        return True

    def _fork(self, descriptors: list[int]) -> None:
        try:
            process = os.fork()
        except OSError as error:
            _say(self._connection, fatal=str(error))
        else:
            if not process:
                self._become_worker(*descriptors)
            self._children.add(process)
        for descriptor in descriptors:
            os.close(descriptor)

    def _become_worker(self, connection: int, log: int, *_: int) -> None:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in (self._connection, self._woken, self._wake):
                each.close()
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.close(log)
            from nasframe.studies.worker import work

            work(socket.socket(fileno=connection))
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            # Not to where this process came from; and a thread waits for input, which the end of an
            # interpreter cannot interrupt.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _reap(self) -> None:
        for process in [*self._children]:
            found, status = os.waitpid(process, os.WNOHANG)
            if found:
                self._children.discard(process)
                _say(self._connection, ended=process, status=os.waitstatus_to_exitcode(status))

    def _end_all(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
        for process in self._children:
            os.kill(process, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE
        while self._children and time.monotonic() < deadline:
            time.sleep(0.01)
            self._reap()
        for process in self._children:
            os.kill(process, signal.SIGKILL)


def _say(connection: socket.socket, **values: Any) -> None:
    with contextlib.suppress(OSError):  # nobody hears it
        connection.sendall(json.dumps(values).encode() + b"\n")


if __name__ == "__main__":
    _main(socket.socket(fileno=int(sys.argv[1])))
    os._exit(0)  # to tidy up all that was imported would take the better part of a second
