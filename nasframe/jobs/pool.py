"""A pool of worker processes: it starts them, gives them trials, replaces dead ones, and ends them."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from attrs import define

from nasframe.jobs.failures import StopTrialsError
from nasframe.jobs.forkserver import exit_description, take_server
from nasframe.jobs.queue import ATTEMPTS, TrialQueue
from nasframe.jobs.trial import Outcome, Trial
from nasframe.jobs.worker import HEARTBEAT, settings

__all__ = ["LOG_FILE", "Pool"]

LOG_FILE = "workers.log"


@define(eq=False)
class _Worker:
    connection: socket.socket
    process: int | None = None
    trial: str | None = None
    is_idle: bool = False
    pending: bytes = b""

    def give(self, line: Mapping[str, Any]) -> None:
        with contextlib.suppress(OSError):  # it has died: `lines` will find the end of the connection
            self.connection.sendall(json.dumps(line).encode() + b"\n")

    def lines(self) -> list[dict[str, Any]]:
        """Return the messages that have arrived; the last one of a dead worker is that it has died."""
        try:
            found = self.connection.recv(1 << 16)
        except OSError:
            found = b""
        *whole, self.pending = (self.pending + found).split(b"\n")
        return [json.loads(line) for line in whole] if found else [{"died": True}]


class Pool:
    """Processes that do the trials of a queue. They end with the `with` block."""

    def __init__(
        self,
        trials: Mapping[str, Trial],
        queue: TrialQueue,
        folder: Path,
        size: int,
        lock: int | None,
        ended: Callable[[str, Outcome], None],
        preload: Sequence[str] = (),
    ) -> None:
        """Make a pool of `size` workers, without starting them.

        Args:
            trials: by name.
            queue: of their names.
            folder: the folder in which the output of the workers is kept.
            size: number of processes.
            lock: descriptor of a lock that each worker holds until it ends.
            ended: called with name and outcome of each trial.
            preload: names of modules for `ForkServer`.
        """
        self._trials, self._queue, self._lock, self._ended = trials, queue, lock, ended
        self._left = len(trials)
        self._log = folder / LOG_FILE
        self._size = size
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._died_early = 0
        self._settings = settings()
        try:
            self._server = take_server(preload)
        except OSError as error:
            raise StopTrialsError(f"no worker can be started: {error}") from error
        self._selector.register(self._server, selectors.EVENT_READ)

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in [*self._workers]:
            self._forget(worker)
        self._server.close()
        self._selector.close()
        with contextlib.suppress(OSError):
            if not self._log.stat().st_size:
                self._log.unlink()

    def work(self, tick: Callable[[], None]) -> None:
        """Do all trials.

        Args:
            tick: called about once a second.

        Raises:
            StopTrialsError: the disk is full, or no worker can be started.
        """
        checked = time.monotonic()
        while self._left:
            while len(self._workers) < min(self._size, self._left):
                self._start()
            for key, _ in self._selector.select(timeout=1.0):
                if key.data is not None:
                    self._receive(key.data)
                elif not self._server.read():  # its running workers go on
                    self._selector.unregister(self._server)
            self._close_dead_connections()
            self._give()
            if time.monotonic() - checked > HEARTBEAT:
                checked = time.monotonic()
                self._end_silent()
            tick()

    def _start(self) -> None:
        with self._log.open("ab") as log:
            worker = _Worker(self._server.fork(log.fileno(), self._lock))
        self._workers.append(worker)
        self._selector.register(worker.connection, selectors.EVENT_READ, worker)
        worker.give(self._settings)

    def _receive(self, worker: _Worker) -> None:
        for line in worker.lines():
            if "process" in line:
                worker.process = line["process"]
            elif "ready" in line:
                worker.is_idle = True
                self._died_early = 0
            elif "beat" in line and worker.trial is not None:
                self._queue.beat(worker.trial)
            elif "trial" in line:
                worker.trial = None
                outcome = Outcome(line["status"], line["error"], line["seconds"])
                self._queue.ended(line["trial"], outcome)
                self._record(line["trial"], outcome)
            elif "stop" in line or "fatal" in line:
                raise StopTrialsError(line.get("stop") or f"no worker can be started: {line['fatal']}")
            elif "died" in line:
                self._replace_dead(worker)

    def _give(self) -> None:
        """Give a trial to each idle worker, as long as there are any."""
        for worker in self._workers:
            if not worker.is_idle or (name := self._queue.take()) is None:
                continue
            worker.trial, worker.is_idle, trial = name, False, self._trials[name]
            worker.give(
                {
                    "name": trial.name,
                    "folder": str(trial.folder),
                    "work": trial.work,
                    "arguments": dict(trial.arguments),
                }
            )

    def _close_dead_connections(self) -> None:
        """Close the connections of dead workers: programs that they started may keep them open."""
        for worker in self._workers:
            if self._server.has_ended(worker.process):
                with contextlib.suppress(OSError):
                    worker.connection.shutdown(socket.SHUT_RD)  # its last messages are still read

    def _end_silent(self) -> None:
        """Kill the workers that gave no sign of life for too long."""
        silent = self._queue.silent()
        for worker in [*self._workers]:
            if worker.trial in silent and worker.process is not None:
                self._server.kill(worker.process)
                self._replace_dead(worker)

    def _replace_dead(self, worker: _Worker) -> None:
        """Forget a worker that has died; its trial is done again, or given up."""
        self._forget(worker)
        how = exit_description(None if worker.process is None else self._server.status(worker.process))
        if worker.trial is None:
            self._died_early += 1
            if death := self._server.death():
                raise StopTrialsError(f"no worker can be started: {death}")
            if self._died_early >= ATTEMPTS:
                raise StopTrialsError(f"no worker can be started: it {how}; {self._log} holds its output")
        elif not self._queue.lost(worker.trial):
            error = f"its process {how}, {ATTEMPTS} times; {self._log} holds its output"
            self._record(worker.trial, Outcome("failed", error))

    def _record(self, name: str, outcome: Outcome) -> None:
        self._left -= 1
        self._ended(name, outcome)

    def _forget(self, worker: _Worker) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(worker.connection)
        worker.connection.close()
        self._workers = [other for other in self._workers if other is not worker]
