"""The error of a request: the status of HTTP, a word for scripts, and the cause in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["RequestError"]


class RequestError(Exception):
    """A request that is refused.

    Args:
        status: of HTTP.
        reason: a word for scripts.
        words: the cause, for people.
        headers: that go with the answer.
    """

    def __init__(
        self, status: int, reason: str, words: str, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        super().__init__(words)
        self.status, self.reason, self.words, self.headers = status, reason, words, headers
