"""Programs of Python that start at once: forked from a server that has imported what they import.

A start of `nasframe` takes seconds of a processor for imports alone. A program from here has its own process,
working folder, environment, arguments, streams and exit status all the same. It is not for tests of what a
start does: which modules are imported when, which from where, with which warnings.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

__all__ = ["ForkedProgram", "ForkingServer"]

SERVER = Path(__file__).with_name("forking_server.py")
OWN = ("PYTHONPATH", "PYTHONSAFEPATH", "PYTHONUNBUFFERED")
"""Variables about Python that a program may have and its server has not."""


class ForkedProgram:
    """A process of a `ForkingServer`, with the part of `subprocess.Popen[str]` that tests use.

    Attributes:
        pid: of the process.
        returncode: None before it has ended, as far as one of the methods has seen.
        stdout, stderr: what it writes.
    """

    def __init__(self, pid: int, end: IO[str], stdout: IO[str], stderr: IO[str]) -> None:
        self.pid, self._end = pid, end
        self.returncode: int | None = None
        self.stdout, self.stderr = stdout, stderr

    def poll(self) -> int | None:
        """The exit status, None while it lives."""
        if self.returncode is None and select.select([self._end], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self) -> int:
        """The exit status, once it has ended."""
        if self.returncode is None:
            # nothing is told where the server has ended, which kills its programs
            self.returncode = int(self._end.readline() or -signal.SIGKILL)
            self._end.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """All that it writes until it ends.

        Raises:
            subprocess.TimeoutExpired: it writes on after so many seconds.
        """
        errors: list[str] = []
        reader = threading.Thread(target=lambda: errors.append(self.stderr.read()), daemon=True)
        reader.start()
        killer = threading.Timer(timeout or threading.TIMEOUT_MAX, self.kill)
        killer.daemon = True
        killer.start()
        said = self.stdout.read()
        reader.join()
        timed_out = not killer.is_alive()
        killer.cancel()
        self.wait()
        self.close()
        if timed_out:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return said, errors[0]

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Kill it, if it has not ended, and close the files."""
        self.kill()
        self.wait()
        self.stdout.close()
        self.stderr.close()


class ForkingServer:
    """A process that has imported modules and forks for each program; it ends with the block.

    Args:
        modules: that it imports; `name.*` are all that are in a package.
        python: of the environment in which the programs run.
        environment: of the server. Programs have variables of Python from it alone, but for `PYTHONPATH`.
    """

    def __init__(
        self,
        modules: Sequence[str],
        python: str | Path = sys.executable,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        found = os.environ if environment is None else environment
        self.python, self.modules = str(python), modules
        self.environment = {name: value for name, value in found.items() if name not in OWN}
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None

    def __enter__(self) -> ForkingServer:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server, and with it all of its programs."""
        if self._process is not None and self._requests is not None:
            self._requests.shutdown(socket.SHUT_RDWR)  # a process that was forked meanwhile may hold it too
            self._requests.close()
            self._process.wait()

    def start(
        self,
        words: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdout: Path | None = None,
    ) -> ForkedProgram:
        """Start `python WORDS…`: a script, `-m` and a module, or `-c` and code; in a session of its own.

        It has nothing to read, and hears SIGINT and SIGHUP even where the tests run in the background.

        Args:
            stdout: a file, in place of a pipe, that its results go to.

        Raises:
            ValueError: the environment says something about Python that its server has not heard.
        """
        env = {**(os.environ if env is None else env)}
        known = {name: value for name, value in self.environment.items() if name.startswith("PYTHON")}
        wanted = {name: value for name, value in env.items() if name.startswith("PYTHON") and name not in OWN}
        if wanted != known:
            raise ValueError(f"a forked program has the settings of its server, {known}, found {wanted}")
        order = {"words": [*words], "cwd": str(cwd or Path.cwd()), "env": env}
        read, write = map(list, zip(os.pipe(), os.pipe(), os.pipe(), strict=True))
        if stdout is not None:
            os.close(write[0])
            write[0] = os.open(stdout, os.O_WRONLY | os.O_CREAT)
        try:
            text = json.dumps(order).encode() + b"\n"
            sent = socket.send_fds(self._server(), [text], write)
            self._server().sendall(text[sent:])
        finally:
            for number in write:
                os.close(number)
        out, err, end = (os.fdopen(number, encoding="utf-8") for number in read)
        first = end.readline()
        assert first, "the server of forked programs has ended"
        return ForkedProgram(int(first), end, out, err)

    def run(
        self,
        words: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdout: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Start `python WORDS…`, as `start` does, and wait for its end."""
        program = self.start(words, cwd=cwd, env=env, stdout=stdout)
        said, errors = program.communicate()
        return subprocess.CompletedProcess([self.python, *words], program.wait(), said, errors)

    def _server(self) -> socket.socket:
        """Its socket; it is started for the first program."""
        if self._requests is None:
            self._requests, other = socket.socketpair()
            with other:
                self._process = subprocess.Popen(
                    [self.python, str(SERVER), str(other.fileno()), *self.modules],
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,  # a program has its own
                    pass_fds=[other.fileno()],
                    start_new_session=True,
                )
        return self._requests
