"""Requests of HTTP are read and answered: pages alone, and to browsers of this machine alone."""

from __future__ import annotations

import hashlib
import http.server
import re
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from nasframe.errors import in_words
from nasframe.runtime import print_message
from nasframe.watching.watched_pages import WatchedPages

__all__ = ["RequestHandler"]

_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])\.?(:[0-9]{1,5})?", re.IGNORECASE | re.ASCII)
"""A page of another site may give its own name the address of this machine; it is then seen here."""

_HEADERS = {
    # the page has a narrower policy of its own
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class RequestHandler(http.server.BaseHTTPRequestHandler):
    """Answers the requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    timeout = 30

    pages: WatchedPages

    def parse_request(self) -> bool:
        """Read the head of a request; refuse all but GET and HEAD, and the names of other hosts."""
        if not super().parse_request():
            return False
        if self.command not in ("GET", "HEAD"):
            self._refuse(405, "expected GET or HEAD", Allow="GET, HEAD")
            return False
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or not _HOST.fullmatch(hosts[0].strip()):
            self._refuse(403, "this service answers to localhost alone")
            return False
        return True

    def do_GET(self) -> None:
        """Answer with a page."""
        path = urlsplit(self.path).path if self.path.startswith("/") else ""
        try:
            found = self.pages.answer(path)
        except Exception as error:
            print_message(f"nasframe: a page could not be made: {in_words(error)}")
            self._refuse(500, "the page could not be made; the terminal of the watcher says why")
            return
        if found is None:
            self._refuse(404, "there is no such page")
            return
        content = found.html.encode("utf-8", errors="backslashreplace")
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        if self.headers.get("If-None-Match") == tag:
            self._send(304, "", b"", ETag=tag)
        else:
            self._send(found.status, "text/html; charset=utf-8", content, ETag=tag)

    do_HEAD = do_GET  # noqa: N815 - the base class calls it so

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with an error that the base class found."""
        with suppress(OSError):
            self._refuse(code, message or "bad request")

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: a browser asks every two seconds."""

    def version_string(self) -> str:
        """Return the name of the server."""
        return "nasframe"

    def _refuse(self, status: int, words: str, **headers: str) -> None:
        self.close_connection = True  # what follows, such as a body, is not read
        self._send(status, "text/plain; charset=utf-8", f"nasframe: {words}\n".encode(), **headers)

    def _send(self, status: int, kind: str, content: bytes, **headers: str) -> None:
        self.send_response(status)
        own = {"Content-Type": kind, "Content-Length": str(len(content))} if status != 304 else {}
        if self.close_connection:
            own["Connection"] = "close"
        for name, value in {**_HEADERS, **own, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if getattr(self, "command", None) != "HEAD":
            self.wfile.write(content)
