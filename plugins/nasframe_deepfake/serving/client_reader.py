"""The bytes that a client sends, within a time and up to a number."""

from __future__ import annotations

import io
import math
import socket
import time
from typing import Any

__all__ = ["ClientReader", "TooManyBytesError"]


class TooManyBytesError(Exception):
    """The client sends more than is read."""


class ClientReader(io.RawIOBase):
    """Reads from a connection.

    A timeout of the socket alone would let a client send a byte now and then, for ever. Here each byte buys
    some time, so that a client has to keep a rate.
    """

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection
        self.begin(0)

    def begin(self, seconds: float, *, rate: float = math.inf, most: float = math.inf) -> None:
        """Begin a part of a request.

        Args:
            seconds: for the first byte, between any two, and beyond what the rate allows.
            rate: bytes that buy one more second; infinite: none do.
            most: bytes of this part, and a few more that came with them.
        """
        self._seconds, self._rate, self._most = seconds, rate, most
        self._start, self._count = time.monotonic(), 0

    @property
    def count(self) -> int:
        """The bytes that came since `begin`."""
        return self._count

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what is there into the buffer, and return the number of bytes: 0 at the end.

        Raises:
            TimeoutError: the client is too slow.
            TooManyBytesError: the client sends more than `most`.
        """
        if self._count > self._most:
            raise TooManyBytesError
        left = self._start + self._seconds + self._count / self._rate - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(min(left, self._seconds))
        read = self._connection.recv_into(buffer)
        self._count += read
        return read
