"""A fork server: a process that imports the modules that workers need, and forks workers on request.

To import torch takes seconds of a processor. The server does it once for all workers, while the process that
started it prepares the work; a worker that must be replaced is there at once. The server loads no plugin:
threads or a GPU that a plugin starts when it is imported would not survive a fork.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from nasframe.jobs.worker import EndedError, end, work

__all__ = ["ForkServer", "drop_server", "exit_description", "started_server", "take_server"]

_PATIENCE = 5.0  # seconds in which workers must end after the signal to end

_REQUEST = struct.Struct("=cI")  # the action, and the number of a process
_FORK, _KILL = b"f", b"k"


class ForkServer:
    """The server, as the process that started it sees it.

    A worker ends when the process at the other end of its connection ends.
    """

    def __init__(self, preload: Sequence[str] = ()) -> None:
        """Start the server; it imports while this process goes on.

        Args:
            preload: names of the modules that it imports.

        Raises:
            OSError: no process can be started.
        """
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - until `close`
        self._socket, far = socket.socketpair()
        with far:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-u", "-m", __name__, str(far.fileno()), *preload],
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                env={**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
                pass_fds=(far.fileno(),),
            )
        self._pending = b""
        self._gone = False
        self._ended: dict[int, int] = {}

    def fileno(self) -> int:
        """Return a descriptor that is readable when a worker or the server itself has ended."""
        return self._socket.fileno()

    def fork(self, log: int, lock: int | None) -> socket.socket:
        """Start a worker.

        Args:
            log: descriptor of the file for its output.
            lock: descriptor that it holds until it ends.

        Returns:
            The connection with it. Its first message is the number of the worker's process, or the reason why
            there is no worker. It is closed where the server has ended.
        """
        near, far = socket.socketpair()
        descriptors = [far.fileno(), log, *([] if lock is None else [lock])]
        with far:
            try:
                socket.send_fds(self._socket, [_REQUEST.pack(_FORK, 0)], descriptors)
            except OSError:
                self._gone = True
        return near

    def kill(self, process: int) -> None:
        """Kill a worker, through the server: only it knows whether the number is still the worker's."""
        try:
            self._socket.sendall(_REQUEST.pack(_KILL, process))
        except OSError:
            self._gone = True
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def read(self, seconds: float = 0.0) -> bool:
        """Wait so long for news of workers that have ended; return False where the server has ended."""
        self._socket.settimeout(seconds)
        try:
            found = self._socket.recv(1 << 12)
        except (TimeoutError, BlockingIOError):
            return True
        except OSError:
            found = b""
        if not found:
            self._gone = True
            return False
        *lines, self._pending = (self._pending + found).split(b"\n")
        self._ended |= {line["ended"]: line["status"] for line in map(json.loads, lines)}
        return True

    def has_ended(self, process: int | None) -> bool:
        """Return True where a worker has ended and its `status` has not been read."""
        return process in self._ended

    def status(self, process: int) -> int | None:
        """Return the exit status of a worker that has ended: below 0 for a signal, None if unknown."""
        deadline = time.monotonic() + _PATIENCE
        while process not in self._ended and (left := deadline - time.monotonic()) > 0:
            if not self.read(left):
                break
        return self._ended.pop(process, None)

    def death(self) -> str:
        """Return a description of the end of the server, with its last output; empty while it lives."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE if self._gone else 0)
        if self._process.returncode is None:
            return ""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return (
            f"the process that forks them {exit_description(self._process.returncode)}{last and f': {last}'}"
        )

    def close(self) -> None:
        """End the server and all its workers."""
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(2 * _PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()


def exit_description(status: int | None) -> str:
    """Return a description of the end of a process, given its exit status."""
    if status is None:
        return "has ended"
    if status >= 0:
        return f"ended with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"was ended by {name}{' (is there enough memory?)' if name == 'SIGKILL' else ''}"


_started: list[ForkServer] = []
"""The server that was started before it was needed, if there is one."""


@contextmanager
def started_server(workers: int, preload: Sequence[str] = ()) -> Iterator[None]:
    """Start a server at once, for use in the block, if it will need several workers.

    Args:
        workers: number of processes that the block will need.
        preload: names of the modules that the server imports.
    """
    if workers < 2 or _started:
        yield
        return
    with contextlib.suppress(OSError):  # it may not be needed
        _started.append(ForkServer(preload))
    try:
        yield
    finally:
        drop_server()


def take_server(preload: Sequence[str] = ()) -> ForkServer:
    """Return the server of `started_server`, or a new one that imports `preload`; the caller closes it.

    Raises:
        OSError: no process can be started.
    """
    while _started:
        server = _started.pop()
        if not server.death():
            return server
        server.close()
    return ForkServer(preload)


def drop_server() -> None:
    """End the server of `started_server`, because it is not needed."""
    while _started:
        _started.pop().close()


def _main(connection: socket.socket, preload: Sequence[str]) -> None:
    # Ctrl-C is for the process that started this one, which then ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    fatal = ""
    try:
        for name in preload:
            importlib.import_module(name)
    except Exception as error:
        fatal = f"{type(error).__name__}: {error}"
    gc.collect()
    gc.freeze()  # so that a worker shares the pages of what is there
    with contextlib.suppress(EndedError):
        signal.signal(signal.SIGTERM, end)
        _Server(connection, fatal).serve()


class _Server:
    """The server itself: forks and kills workers on request, and reports how each of them ended."""

    def __init__(self, connection: socket.socket, fatal: str) -> None:
        """Make a server; a `fatal` that is not empty is the reason why it cannot have workers."""
        self._connection, self._fatal = connection, fatal
        self._woken, self._wake = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector = selectors.DefaultSelector()
        self._selector.register(connection, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._children: set[int] = set()

    def serve(self) -> None:
        """Serve until the other end of the connection has gone."""
        try:
            while self._answer([key.fileobj for key, _ in self._selector.select()]):
                pass
        finally:
            self._end_all()

    def _answer(self, ready: list[Any]) -> bool:
        if self._woken in ready:
            self._woken.recv(1 << 12)
            self._reap()
        if self._connection in ready:
            request, descriptors, _, _ = socket.recv_fds(self._connection, _REQUEST.size, 3)
            if not request:
                return False
            what, process = _REQUEST.unpack(request)
            if what == _KILL and process in self._children:
                os.kill(process, signal.SIGKILL)
            elif what == _FORK and descriptors:
                self._fork(descriptors)
        return True

    def _fork(self, descriptors: list[int]) -> None:
        """Fork a worker, and send its number, or the reason why there is none, on its connection."""
        message: dict[str, Any] = {"fatal": self._fatal}
        if not self._fatal:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
            try:
                process = os.fork()
            except OSError as error:
                message = {"fatal": str(error)}
            else:
                if not process:
                    self._become_worker(descriptors)
                self._children.add(process)
                message = {"process": process}
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        with socket.socket(fileno=descriptors.pop(0)) as worker, contextlib.suppress(OSError):
            worker.sendall(json.dumps(message).encode() + b"\n")
        for descriptor in descriptors:
            os.close(descriptor)

    def _become_worker(self, descriptors: list[int]) -> NoReturn:
        status = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.set_wakeup_fd(-1)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
            self._selector.close()
            for each in (self._connection, self._woken, self._wake):
                each.close()
            for descriptor in descriptors:
                os.set_inheritable(descriptor, False)  # not for programs that a trial starts
            connection, log, *_ = descriptors
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.close(log)
            work(socket.socket(fileno=connection))
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            # A return would run the code of the server. And the interpreter cannot end while a thread waits
            # for input.
            os._exit(status)

    def _reap(self) -> None:
        for process in [*self._children]:
            found, status = os.waitpid(process, os.WNOHANG)
            if found:
                self._children.discard(process)
                line = {"ended": process, "status": os.waitstatus_to_exitcode(status)}
                with contextlib.suppress(OSError):  # the other end has gone
                    self._connection.sendall(json.dumps(line).encode() + b"\n")

    def _end_all(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second signal must not interrupt this
        self._signal_all(signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE
        while self._children and time.monotonic() < deadline:
            time.sleep(0.01)
            self._reap()
        self._signal_all(signal.SIGKILL)

    def _signal_all(self, which: signal.Signals) -> None:
        for process in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, which)


if __name__ == "__main__":
    _main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
    os._exit(0)  # the usual end of the interpreter takes up to a second
