"""The service: it listens on this machine alone, says where, and looks whether the folder is there."""

from __future__ import annotations

import errno
import http.server
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nasframe.errors import ConfigurationError, RunError, in_words
from nasframe.runtime import print_message
from nasframe.watching.request_handler import RequestHandler
from nasframe.watching.watched_pages import WatchedPages

__all__ = ["FIRST_PORT", "watch"]

FIRST_PORT = 8420
"""The port that is tried first where the user names none; the next ones follow."""

_PORTS = 50
_HOST = "127.0.0.1"
_LOOK = 1.0  # seconds between two looks at the folder


class _Server(http.server.ThreadingHTTPServer):
    """Listens on this machine, and looks at the folder meanwhile."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = sys.platform != "win32"

    def __init__(self, port: int, pages: WatchedPages) -> None:
        self._pages, self._looked = pages, time.monotonic()
        handler = type("Handler", (RequestHandler,), {"pages": pages})
        super().__init__((_HOST, port), handler)

    def service_actions(self) -> None:
        """Say once that the folder has come, that it has gone, and that it is back."""
        if time.monotonic() - self._looked < _LOOK:
            return
        self._looked = time.monotonic()
        if self._pages.look():
            root = self._pages.root
            if self._pages.is_there:
                said = "is there again" if self._pages.was_there else "is there"
            else:
                said = "has gone; its pages come back with it"
            self._pages.was_there = True
            print_message(f"nasframe: {root}: {said}")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what nobody foresaw; a browser that goes away is no error."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError | TimeoutError):
            print_message(f"nasframe: a connection failed: {in_words(error)}")


def watch(root: Path, port: int | None, say: Callable[[str], None]) -> None:
    """Serve the pages of the runs and studies below a folder, until an exception such as Ctrl-C.

    Args:
        root: the folder, which is only read, and need not be there yet.
        port: 0 for one that is free; None for the first free one from `FIRST_PORT` on.
        say: called once with the address.

    Raises:
        RunError: `root` is a file.
        ConfigurationError: the port cannot be listened at.
    """
    if root.exists() and not root.is_dir():
        raise RunError(f"{root}: is a file; expected a folder")
    server = _listening(port, WatchedPages(root))
    try:
        say(f"http://{_HOST}:{server.server_address[1]}/")
        server.serve_forever(0.2)
    finally:
        server.server_close()


def _listening(port: int | None, pages: WatchedPages) -> _Server:
    if port is not None and not 0 <= port <= 65535:
        raise ConfigurationError("watch", [f"--port: expected a number from 0 to 65535, found {port}"])
    for tried in range(FIRST_PORT, FIRST_PORT + _PORTS) if port is None else [port]:
        try:
            return _Server(tried, pages)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and port is None:
                continue
            if error.errno == errno.EADDRINUSE:
                problem = f"--port: another program listens at {port}; --port 0 takes a free one"
            elif error.errno in (errno.EACCES, errno.EPERM):
                problem = f"--port: the system does not let you listen at {tried}; take one above 1023"
            else:
                problem = f"--port {tried}: {error.strerror or error}"
            raise ConfigurationError("watch", [problem]) from error
    last = FIRST_PORT + _PORTS - 1
    problem = f"the ports {FIRST_PORT} to {last} are all taken; --port 0 takes a free one"
    raise ConfigurationError("watch", [problem])
