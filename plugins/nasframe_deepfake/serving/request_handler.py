"""Requests of HTTP/1.1 are read and answered: the page, its files, `/health`, and `POST /score`."""

from __future__ import annotations

import email.errors
import http.server
import io
import json
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlsplit

from nasframe.errors import in_words
from nasframe.runtime import Cancellation, print_message, shorten
from nasframe_deepfake.serving.answer_headers import ANSWER_HEADERS
from nasframe_deepfake.serving.body import announced_size, body_pieces, has_body
from nasframe_deepfake.serving.client_reader import ClientReader, TooManyBytesError
from nasframe_deepfake.serving.clip_queue import QueueClosedError, QueueFullError
from nasframe_deepfake.serving.request_error import RequestError

if TYPE_CHECKING:
    from nasframe_deepfake.serving.request_context import RequestContext

__all__ = ["RequestHandler"]

_JSON = "application/json; charset=utf-8"
_GET = ("GET", "HEAD")
_FAILED = "the service failed; the terminal where it was started says why"
_DEFECTS = (
    email.errors.FirstHeaderLineIsContinuationDefect,
    email.errors.MalformedHeaderDefect,
    email.errors.MissingHeaderBodySeparatorDefect,
)
_RETRY = {"Retry-After": "5"}
_WHOLE_ADDRESS = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE)
_FIELDS = 8  # of a query, at most
_STILL_THERE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""An answer that every client of HTTP/1.1 reads over; one that is gone answers it with a reset."""


class RequestHandler(http.server.BaseHTTPRequestHandler):
    """Answers the requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.1"  # a line without one would be HTTP/0.9, whose answers have no status
    disable_nagle_algorithm = True
    connection: socket.socket

    @property
    def context(self) -> RequestContext:
        """The context of the request."""
        return cast("RequestContext", self.server.context)  # type: ignore[attr-defined]

    def setup(self) -> None:
        """Read through a `ClientReader`."""
        super().setup()
        self.rfile.close()
        self._reader = ClientReader(self.connection)
        self.rfile = self._buffered = io.BufferedReader(self._reader)
        self._unread = self._expects = self._begun = self._asked = False

    def finish(self) -> None:
        """Let a client that still sends read the answer first: a closed connection would take it away."""
        if self._unread:
            with suppress(OSError, TooManyBytesError):
                self.connection.shutdown(socket.SHUT_WR)
                self._reader.begin(self.context.limits.linger_seconds)
                while self._buffered.read1(1 << 16):
                    pass
        with suppress(OSError):
            super().finish()

    def handle_one_request(self) -> None:
        """Read a request and answer it."""
        limits = self.context.limits
        self.close_connection = True
        self.command, self.requestline, self.request_version = "", "", self.protocol_version
        self._unread = self._expects = self._begun = self._asked = False
        self._reader.begin(limits.head_seconds, most=limits.head)
        try:
            self.raw_requestline = self.rfile.readline(limits.head)
            if not self.raw_requestline or not self.parse_request():
                return
        except TooManyBytesError:
            self._unread = True
            self.send_error(431, "the headers are too long")
            return
        except TimeoutError:
            if self._reader.count:
                self.send_error(408, "the headers did not come in time")
            return
        except OSError:
            return
        try:
            self._answer_request()
        except (ConnectionError, TimeoutError):  # half an answer may be there, and no other may follow
            self.close_connection, self._unread = True, False
        except Exception as error:
            print_message(f"nasframe: a request failed: {in_words(error)}")
            self.close_connection = True
            if not self._begun:
                record = {"error": _FAILED, "reason": "failed"}
                with suppress(OSError):
                    self._send_record(500, record)

    def handle_expect_100(self) -> bool:
        """Ask for the body only where it is read."""
        self._expects = True
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with an error that the base class or this one found in the head of a request."""
        self.close_connection = True
        with suppress(OSError):
            self._send_record(code, {"error": message or explain or "bad request", "reason": "bad-request"})

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the names of clips are their owners' business."""

    def version_string(self) -> str:
        """Return the name of the server, without versions that would help an attacker."""
        return "nasframe"

    def _answer_request(self) -> None:
        self._unread = has_body(self.headers)
        try:
            if any(isinstance(defect, _DEFECTS) for defect in self.headers.defects):
                self._unread = True  # what follows may be anything
                raise RequestError(400, "bad-request", "a line among the headers is none")
            self.context.hosts.check(self.headers, self.connection.getsockname()[0])
            path = self._target()
            allowed, answer = self._route(path)
            if self.command not in allowed:
                words = f"{path} takes {' and '.join(allowed)}, found {shorten(self.command, 20)}"
                raise RequestError(405, "bad-method", words, {"Allow": ", ".join(allowed)})
            answer()
        except RequestError as error:
            record = {"error": str(error), "reason": error.reason}
            self._send_record(error.status, record, error.headers)

    def _target(self) -> str:
        """Return the path that is asked for; a target that has none, as it is.

        A proxy is asked by the whole address, `http://localhost:8000/health`, and every server has to
        understand that. The query stays in `self.path`, as in the usual form.

        Raises:
            RequestError: the host in the address is none of this service.
        """
        if found := _WHOLE_ADDRESS.fullmatch(self.path):
            self.context.hosts.check_name(
                found[1], self.connection.getsockname()[0], "the host in the address"
            )
            self.path = "/" + found[2].lstrip("/")
        return urlsplit(self.path).path if self.path.startswith("/") else self.path

    def _route(self, path: str) -> tuple[tuple[str, ...], Callable[[], None]]:
        """Return the methods that a path takes, and what answers it."""
        if path == "/score":
            return ("POST",), self._score
        if path == "/health":
            return _GET, lambda: self._send_record(200, {"status": "ok", **self.context.queue.counts})
        if path in self.context.files:
            kind, content = self.context.files[path]
            return _GET, lambda: self._send(200, kind, content)
        raise RequestError(404, "not-found", f"there is no {shorten(path, 80)}; POST /score scores a clip")

    def _score(self) -> None:
        context, limit = self.context, self.context.limits.body
        if self.headers.get_content_type() == "multipart/form-data":
            words = (
                "expected the bytes of the file as the body, not a form: curl --data-binary @clip.mp4, not -F"
            )
            raise RequestError(415, "a-form", words)
        size = announced_size(self.headers, limit)
        name = self._name()
        ending = PurePosixPath(name).suffix
        with _queue_in_words(), context.queue.place(), context.uploads.file(ending, size) as (path, file):
            self._receive(file.write, size)
            file.close()
            with context.queue.turn(self._is_gone):
                record = self._record(path)
        record["file"] = name
        if "error" in record:
            record["error"] = str(record["error"]).replace(str(path), name)
        self._send_record(422 if "error" in record else 200, record)

    def _record(self, path: Path) -> dict[str, Any]:
        """Return the record of a clip.

        Raises:
            ConnectionAbortedError: the client has gone away meanwhile.
            RequestError: it could not be made.
        """
        try:
            return dict(self.context.score(path, Cancellation(self._is_gone)))
        except CancelledError as error:
            raise ConnectionAbortedError from error
        except Exception as error:
            print_message(f"nasframe: a clip could not be scored: {in_words(error)}")
            raise RequestError(500, "failed", _FAILED) from error

    def _receive(self, write: Callable[[bytes], object], size: int | None) -> None:
        """Write the body.

        Raises:
            RequestError: it is too large or too slow, or breaks HTTP.
        """
        limits = self.context.limits
        if self._expects:
            self.connection.settimeout(limits.idle_seconds)
            self.send_response_only(100)
            self.end_headers()
        self._reader.begin(limits.idle_seconds, rate=limits.rate)
        try:
            for piece in body_pieces(self._buffered, size, limits.body):
                write(piece)
        except TimeoutError as error:
            raise RequestError(408, "too-slow", "the clip did not come in time") from error
        self._unread = False

    def _name(self) -> str:
        """Return the name of the clip, as the client says it: for its ending and for the answer alone.

        Raises:
            RequestError: the query has too many fields.
        """
        try:
            query = parse_qs(urlsplit(self.path).query, max_num_fields=_FIELDS)
        except ValueError as error:
            words = f"the query has more than {_FIELDS} fields; the only one that is read is name"
            raise RequestError(400, "bad-request", words) from error
        name = query.get("name", [""])[-1].replace("\\", "/").rpartition("/")[2]
        return shorten(name, 200) or "clip"

    def _is_gone(self) -> bool:
        """Return True where the client has closed the connection.

        One that has sent all may close its half and wait for the answer, which looks alike from here. So it
        is asked once: the system of a client that is gone says so.
        """
        self.connection.settimeout(0)
        try:
            if self.connection.recv(1, socket.MSG_PEEK):
                return False
            if not self._asked and self.request_version != "HTTP/1.0":
                self._asked = True
                self.connection.send(_STILL_THERE)
            return self.connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _send_record(
        self, status: int, record: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        text = json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"
        self._send(status, _JSON, text.encode("utf-8", errors="backslashreplace"), headers)

    def _send(self, status: int, kind: str, content: bytes, headers: Mapping[str, str] | None = None) -> None:
        if self._unread:  # what follows is no request
            self.close_connection = True
        self.connection.settimeout(self.context.limits.idle_seconds)
        self._begun = True
        self.send_response(status)
        own = {"Content-Type": kind, "Content-Length": str(len(content))}
        if self.close_connection:
            own["Connection"] = "close"
        for name, value in {**ANSWER_HEADERS, **own, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


@contextmanager
def _queue_in_words() -> Iterator[None]:
    """Say to a client why there is no place or no turn."""
    try:
        yield
    except QueueFullError as error:
        words = "as many clips as may wait are waiting; try again in some seconds"
        raise RequestError(503, "busy", words, _RETRY) from error
    except QueueClosedError as error:
        raise RequestError(503, "ending", "the service ends", _RETRY) from error
