"""The bounds of a request: bytes, and seconds."""

from __future__ import annotations

from attrs import frozen

__all__ = ["RequestLimits"]


@frozen
class RequestLimits:
    """The bounds of a request.

    Attributes:
        body: bytes of a clip.
        head: bytes of the headers.
        head_seconds: until the headers are there; also the time for which an idle connection is kept.
        idle_seconds: between two pieces of a clip, or of an answer that the client reads.
        rate: bytes in a second that a client has to send in the long run.
        linger_seconds: for which the rest of a refused body is read, so that its client gets the answer.
        connections: at once.
    """

    body: int
    head: int = 1 << 15
    head_seconds: float = 15.0
    idle_seconds: float = 20.0
    rate: float = 16e3
    linger_seconds: float = 2.0
    connections: int = 64
