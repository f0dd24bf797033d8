"""Worker processes: started, given cells, watched, replaced when they die, and ended."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from attrs import define

from nasframe.studies.cells import Cell, Outcome
from nasframe.studies.failures import StopStudyError
from nasframe.studies.forkserver import take_server, told
from nasframe.studies.queue import ATTEMPTS, CellQueue
from nasframe.studies.worker import HEARTBEAT, settings

__all__ = ["LOG", "Crew"]

LOG = "workers.log"


@define(eq=False)
class _Worker:
    connection: socket.socket
    process: int | None = None
    cell: str | None = None
    pending: bytes = b""

    def give(self, line: Mapping[str, Any]) -> None:
        with contextlib.suppress(OSError):  # it has died, which the end of the connection will tell
            self.connection.sendall(json.dumps(line).encode() + b"\n")

    def lines(self) -> list[dict[str, Any]]:
        """What it has said since; last of all that it has died."""
        try:
            found = self.connection.recv(1 << 16)
        except OSError:
            found = b""
        *whole, self.pending = (self.pending + found).split(b"\n")
        return [json.loads(line) for line in whole] if found else [{"died": True}]


class Crew:
    """Processes that do the cells of a queue. As a context, none of them outlives it."""

    def __init__(
        self, cells: Mapping[str, Cell], queue: CellQueue, folder: Path, size: int, lock: int | None
    ) -> None:
        """A crew of `size` workers.

        Args:
            cells: by name.
            queue: of their names.
            folder: of the study, for what the workers print.
            size: number of processes.
            lock: descriptor of a lock that is to be held until the last of them has ended.
        """
        self._cells, self._queue, self._lock = cells, queue, lock
        self._log = folder / LOG
        self._size = size
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._died_early = 0
        self._settings = settings()
        try:
            self._server = take_server()
        except OSError as error:
            raise StopStudyError(f"no worker can be started: {error}") from error
        self._selector.register(self._server, selectors.EVENT_READ)

    def __enter__(self) -> Crew:
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

    def work(self, ended: Callable[[str, Outcome], None], tick: Callable[[], None]) -> None:
        """Do all cells.

        Args:
            ended: called with name and outcome of each.
            tick: called about once a second.

        Raises:
            StopStudyError: the disk is full, or no worker can be started.
        """
        idle: list[_Worker] = []
        left, checked = len(self._cells), time.monotonic()
        while left:
            while len(self._workers) < min(self._size, left):
                self._start()
            for key, _ in self._selector.select(timeout=1.0):
                if key.data is None:
                    self._hear_server()
                    continue
                worker: _Worker = key.data
                for line in worker.lines():
                    if "process" in line:
                        worker.process = line["process"]
                    elif "ready" in line:
                        idle.append(worker)
                        self._died_early = 0
                    elif "beat" in line and worker.cell is not None:
                        self._queue.beat(worker.cell)
                    elif "cell" in line:
                        worker.cell = None
                        outcome = Outcome(line["status"], line["error"], line["seconds"])
                        self._queue.ended(line["cell"], outcome)
                        ended(line["cell"], outcome)
                        left -= 1
                    elif "stop" in line or "fatal" in line:
                        raise StopStudyError(line.get("stop") or f"no worker can be started: {line['fatal']}")
                    elif "died" in line:
                        idle = [other for other in idle if other is not worker]
                        left -= self._bury(worker, ended)
            while idle and (name := self._queue.take()) is not None:
                worker = idle.pop(0)
                worker.cell = name
                cell = self._cells[name]
                worker.give(
                    {
                        "name": cell.name,
                        "folder": str(cell.folder),
                        "work": cell.work,
                        "arguments": dict(cell.arguments),
                    }
                )
            if time.monotonic() - checked > HEARTBEAT:
                checked = time.monotonic()
                silent = self._queue.silent()
                for worker in [*self._workers]:
                    if worker.cell in silent and worker.process is not None:
                        self._server.kill(worker.process)
                        left -= self._bury(worker, ended)
            tick()

    def _start(self) -> None:
        with self._log.open("ab") as log:
            worker = _Worker(self._server.fork(log.fileno(), self._lock))
        self._workers.append(worker)
        self._selector.register(worker.connection, selectors.EVENT_READ, worker)
        worker.give(self._settings)

    def _hear_server(self) -> None:
        """See to workers that have ended, although a program that one of them started may keep its connection
        open."""
        ended = self._server.read()
        if ended is None:  # its workers go on; who needs a new one will be told
            self._selector.unregister(self._server)
        for worker in self._workers:
            if worker.process in (ended or ()):
                with contextlib.suppress(OSError):
                    worker.connection.shutdown(socket.SHUT_RD)  # what it said last is still read

    def _bury(self, worker: _Worker, ended: Callable[[str, Outcome], None]) -> int:
        """Forget a worker that has died; the number of cells, 0 or 1, that were given up with it."""
        self._forget(worker)
        how = told(None if worker.process is None else self._server.status(worker.process))
        if worker.cell is None:
            self._died_early += 1
            if death := self._server.death():
                raise StopStudyError(f"no worker can be started: {death}")
            if self._died_early >= ATTEMPTS:
                raise StopStudyError(f"no worker can be started: it {how}; {self._log} holds what it printed")
            return 0
        if self._queue.lost(worker.cell):
            return 0
        outcome = Outcome("failed", f"its process {how}, {ATTEMPTS} times; {self._log} holds what it printed")
        ended(worker.cell, outcome)
        return 1

    def _forget(self, worker: _Worker) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(worker.connection)
        worker.connection.close()
        self._workers = [other for other in self._workers if other is not worker]
