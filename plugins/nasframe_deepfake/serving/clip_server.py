"""The server: a socket, a thread for each connection, and a bound on their number."""

from __future__ import annotations

import json
import os
import socket
import socketserver
import sys
import threading
from contextlib import suppress
from typing import Any

from nasframe.errors import in_words
from nasframe.runtime import print_message
from nasframe_deepfake.serving.answer_headers import ANSWER_HEADERS
from nasframe_deepfake.serving.request_context import RequestContext
from nasframe_deepfake.serving.request_handler import RequestHandler

__all__ = ["ClipServer"]


def _busy() -> bytes:
    record = {"error": "as many connections are open as may be; try again in some seconds", "reason": "busy"}
    content = json.dumps(record).encode() + b"\n"
    own = {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(content)),
        "Connection": "close",
        "Retry-After": "5",
    }
    lines = ["HTTP/1.1 503 Service Unavailable", *(f"{k}: {v}" for k, v in {**ANSWER_HEADERS, **own}.items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


_BUSY = _busy()
"""The answer to a connection too many, whose request is not read."""


class ClipServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens at an address, from its making on.

    Args:
        host: name or address of this machine.
        port: 0 for one that is free.

    Raises:
        OSError: the address is taken, not this machine's, or not allowed.
    """

    allow_reuse_address = os.name == "posix"  # on Windows, a second service would get the same port
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    context: RequestContext

    def __init__(self, host: str, port: int) -> None:
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        self.address_family, *_, address = found[0]
        super().__init__(address, RequestHandler)  # type: ignore[arg-type]

    @property
    def address(self) -> str:
        """The numbers of the address that it listens at."""
        return str(self.server_address[0])

    @property
    def port(self) -> int:
        """The port that it listens at."""
        return int(self.server_address[1])

    @property
    def connections(self) -> int:
        """The number of connections that are open."""
        with self._guard:
            return len(self._open)

    def answer(self, context: RequestContext, look: float = 0.5) -> None:
        """Answer requests until an exception, or until `shutdown` in another thread.

        Args:
            context: of the requests.
            look: seconds between two looks at whether `shutdown` was called.
        """
        self.context = context
        self.serve_forever(look)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection in a thread of its own, or refuse it where there are too many."""
        with self._guard:
            full = len(self._open) >= self.context.limits.connections
            if not full:
                self._open.add(request)
        if full:
            with suppress(OSError):
                request.settimeout(0)
                request.send(_BUSY)
            super().shutdown_request(request)
            return
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what nobody foresaw; a client that goes away is no error."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError | TimeoutError):
            print_message(f"nasframe: a connection failed: {in_words(error)}")

    def close_connections(self) -> None:
        """End every connection, in the middle of what it does."""
        with self._guard:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
