"""A service in a thread, with a stand-in for the detector that tests hold up and let go on."""

from __future__ import annotations

import json
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve, field

from nasframe.runtime import Cancellation
from nasframe_deepfake.serving import (
    ClipQueue,
    ClipServer,
    HostCheck,
    RequestContext,
    RequestLimits,
    UploadFolder,
    page_files,
)

PATIENCE = 60.0
"""Seconds for what comes at once on a quiet machine."""

LIMIT = 1 << 20


def record(path: Path) -> dict[str, Any]:
    """An answer as the detector gives it; for a file that says so a refusal, or one of the pictures alone."""
    content = path.read_bytes()
    if content.startswith(b"refused"):
        return {"file": str(path), "reason": "no-face", "error": f"{path}: no face was found"}
    pictures_alone = {
        "score": 0.3,
        "decision": "real",
        "leaned_on": "pictures",
        "score_of_pictures": 0.3,
        "score_of_sound": None,
    }
    return {
        "file": str(path),
        "score": 0.9,
        "threshold": 0.5,
        "decision": "fake",
        "leaned_on": "sound",
        "bytes": len(content),
        "ending": path.suffix,
        "suspicious": [{"start": 1.0, "end": 2.6, "score": 0.95}],
        "seconds": [
            {"start": 0.0, "end": 1.0, "score": 0.2},
            {"start": 1.0, "end": 2.0, "score": 0.9},
            {"start": 2.0, "end": 3.0, "score": 0.8},
        ],
        "left_out": [{"start": 3.0, "end": 4.0, "reason": "no-face"}],
        "notes": ["This detector is a stand-in."],
        **(pictures_alone if content.startswith(b"pictures alone") else {}),
    }


@define
class Detector:
    """Scores at once, or, where `holds`, when it is let go on.

    Attributes:
        begun: the files, in the order in which their scoring began.
    """

    holds: bool = False
    begun: list[Path] = field(factory=list)
    fails: bool = False
    _goes_on: threading.Event = field(factory=threading.Event)
    _changed: threading.Condition = field(factory=threading.Condition)

    def score(self, path: Path, cancellation: Cancellation) -> dict[str, Any]:
        with self._changed:
            self.begun.append(path)
            self._changed.notify_all()
        if self.holds:
            for _ in range(round(PATIENCE / 0.01)):
                cancellation.check()
                if self._goes_on.wait(0.01):
                    break
            else:
                raise AssertionError("it was not let go on")
        if self.fails:
            raise RuntimeError("of the stand-in")
        return record(path)

    def go_on(self) -> None:
        self._goes_on.set()

    def wait_for(self, count: int) -> None:
        """Wait until the scoring of so many files has begun."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.begun) >= count, PATIENCE)


@define
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Connection:
    """A client that sends what it is told, right or wrong."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._file = self._socket.makefile("rb")

    def send(self, *parts: bytes) -> Connection:
        for part in parts:
            self._socket.sendall(part)
        return self

    def post(self, size: object = None, *more: str, target: str = "/score", body: bytes = b"") -> Connection:
        """Send the head of a request, and a body."""
        lines = [f"POST {target} HTTP/1.1", "Host: localhost", *more]
        lines += [f"Content-Length: {size}"] if size is not None else []
        return self.send("\r\n".join([*lines, "", ""]).encode(), body)

    def get(self, target: str, *more: str, method: str = "GET", host: str = "localhost") -> Answer:
        lines = [f"{method} {target} HTTP/1.1", *([f"Host: {host}"] if host else []), *more, "", ""]
        return self.send("\r\n".join(lines).encode("latin-1")).answer(body=method != "HEAD")

    def answer(self, body: bool = True) -> Answer:
        status = int(self._file.readline().split()[1])
        headers: dict[str, str] = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(": ")
            headers[name] = value
        if status == 100:
            return Answer(status, headers, b"")
        return Answer(status, headers, self._file.read(int(headers["Content-Length"])) if body else b"")

    @property
    def is_closed(self) -> bool:
        """Wait for something from the service: True where that is the end."""
        try:
            return not self._file.read(1)
        except ConnectionResetError:
            return True

    def has_answer(self, seconds: float) -> bool:
        """Wait so long for the first byte of an answer."""
        return bool(select.select([self._socket], [], [], seconds)[0])

    def end_sending(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def go_away(self) -> None:
        with suppress(OSError):
            self._file.close()
        self._socket.close()


@define
class Running:
    """A service that runs, and its clients."""

    detector: Detector
    server: ClipServer
    clients: list[Connection] = field(factory=list)

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def client(self) -> Connection:
        self.clients.append(Connection(self.port))
        return self.clients[-1]

    @property
    def uploads(self) -> list[Path]:
        """The clips on disk."""
        return list(self.server.context.uploads.parent.glob("*/clip-*"))

    @staticmethod
    def wait_until(condition: Callable[[], bool]) -> None:
        pause = threading.Event()
        for _ in range(round(PATIENCE / 0.02)):
            if condition():
                return
            pause.wait(0.02)
        raise AssertionError("it has not come to that")

    def wait_until_empty(self) -> None:
        """Wait until no clip has a place, and none is on disk."""
        self.wait_until(lambda: self.server.context.queue.counts == {"scoring": 0, "waiting": 0})
        assert self.uploads == []


Serving = Callable[..., Running]
Connect = Callable[[int], Connection]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connect to a port: `connect(port)`."""
    clients: list[Connection] = []

    def connect(port: int) -> Connection:
        clients.append(Connection(port))
        return clients[-1]

    yield connect
    for client in clients:
        client.go_away()


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """Start a service: `serving(workers=…, waiting=…, **limits)`."""
    started: list[Running] = []

    def start(
        *, workers: int = 2, waiting: int = 4, names: tuple[str, ...] = (), holds: bool = False, **limits: Any
    ) -> Running:
        folder = tmp_path / "uploads"
        folder.mkdir()
        detector = Detector(holds)
        server = ClipServer("127.0.0.1", 0)
        context = RequestContext(
            detector.score,
            page_files(meaning="score: of a stand-in", endings=".mp4,.mkv", limit=LIMIT),
            HostCheck(names),
            evolve(RequestLimits(LIMIT, linger_seconds=5), **limits),
            ClipQueue(workers, waiting),
            UploadFolder(folder),
        )
        context.uploads.open()
        thread = threading.Thread(target=server.answer, args=(context, 0.02))
        thread.start()
        started.append(Running(detector, server))
        started[-1].wait_until(lambda: hasattr(server, "context"))
        return started[-1]

    yield start
    for running in started:
        running.detector.go_on()
        running.server.shutdown()
        running.server.server_close()
        running.server.context.queue.close(PATIENCE)
        running.server.close_connections()
        running.server.context.uploads.close()
        for client in running.clients:
            client.go_away()
        assert list(running.server.context.uploads.parent.iterdir()) == []
