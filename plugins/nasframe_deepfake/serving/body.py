"""The body of a request, piece by piece: its size is known before it is read, or counted meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from io import BufferedIOBase

from nasframe_deepfake.serving.request_error import RequestError

__all__ = ["announced_size", "body_pieces", "has_body"]

PIECE = 1 << 16
_LINE = 256
_TRAILERS = 32


def has_body(headers: Message) -> bool:
    """Return True where a body follows the headers."""
    return "Transfer-Encoding" in headers or headers.get("Content-Length", "0").strip() != "0"


def announced_size(headers: Message, limit: int) -> int | None:
    """Return the bytes of the body; None where it comes in chunks, so that nobody knows.

    Raises:
        RequestError: with the status 400, 411, 413 or 501.
    """
    lengths, encodings = (headers.get_all(name, []) for name in ("Content-Length", "Transfer-Encoding"))
    # one of them may be what a proxy believes, the other what we do
    if len(lengths) + len(encodings) > 1:
        raise RequestError(400, "bad-request", "expected one header of Content-Length and Transfer-Encoding")
    if encodings:
        if encodings[0].strip().lower() != "chunked":
            raise RequestError(501, "unknown-encoding", "the only Transfer-Encoding that is read is chunked")
        return None
    if not lengths:
        raise RequestError(411, "no-length", "expected a Content-Length, or Transfer-Encoding: chunked")
    if not re.fullmatch("[0-9]+", lengths[0].strip(), re.ASCII):
        raise RequestError(400, "bad-request", "Content-Length is no number")
    size = int(lengths[0]) if len(lengths[0]) < 20 else limit + 1
    if size > limit:
        raise _too_large(limit)
    return size


def body_pieces(reader: BufferedIOBase, size: int | None, limit: int) -> Iterator[bytes]:
    """Yield the body until its end.

    Args:
        reader: after the headers.
        size: see `announced_size`.
        limit: largest number of bytes.

    Raises:
        RequestError: it is larger than the limit (413), or no body in chunks (400).
        ConnectionAbortedError: the client ends before it.
        TimeoutError: the client is too slow.
    """
    if size is not None:
        yield from _exactly(reader, size)
        return
    total = 0
    while chunk := _chunk_size(reader):
        total += chunk
        if total > limit:
            raise _too_large(limit)
        yield from _exactly(reader, chunk)
        if _line(reader):
            raise _bad_chunk()
    for _ in range(_TRAILERS):
        if not _line(reader):
            return
    raise _bad_chunk()


def _exactly(reader: BufferedIOBase, size: int) -> Iterator[bytes]:
    while size:
        piece = reader.read1(min(size, PIECE))
        if not piece:
            raise ConnectionAbortedError
        size -= len(piece)
        yield piece


def _chunk_size(reader: BufferedIOBase) -> int:
    digits = _line(reader).partition(b";")[0].strip(b" \t")
    if not re.fullmatch(b"[0-9A-Fa-f]{1,16}", digits):
        raise _bad_chunk()
    return int(digits, 16)


def _line(reader: BufferedIOBase) -> bytes:
    line = reader.readline(_LINE)
    if not line:
        raise ConnectionAbortedError
    if not line.endswith(b"\r\n"):
        raise _bad_chunk()
    return line[:-2]


def _bad_chunk() -> RequestError:
    return RequestError(400, "bad-request", "the body is not in chunks as HTTP/1.1 says")


def _too_large(limit: int) -> RequestError:
    return RequestError(
        413, "too-large", f"the clip is larger than {limit} bytes, the most that this service takes"
    )
