"""The processes of a group tell each other that work begins, and that one of them has ended.

They do so in the store by which they found each other. A process that fails leaves its message there before
it closes its connections; the others then fail in what they do together, and find it.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field
from torch import distributed as dist

from nasframe.errors import NasframeError, RunError, in_words
from nasframe.signals import answer_interrupt

__all__ = ["Peers"]

_POLL = 0.05
_SECONDS = 2.0
"""For which one process waits for a word of the others, once one of them has ended."""

_CALL, _FAILED, _HEARD, _ALIVE = "call", "failed", "heard", "alive"


@define
class Peers:
    """A process among the others.

    Args:
        store: of all of them.
        rank: of this one.
        count: of processes.
    """

    store: dist.Store  # type: ignore[name-defined, unused-ignore]
    rank: int
    count: int
    _has_called: bool = field(init=False, default=False)
    _heard: bool = field(init=False, default=False)

    def call(self, call: Mapping[str, Any] | None) -> None:
        """Tell the others what to do, once; None is nothing."""
        if not self._has_called:
            self._has_called = True
            self.store.set(_CALL, json.dumps(call))

    def await_call(self) -> Mapping[str, Any] | None:
        """Return what the first process wants done, however long it takes.

        Raises:
            RunError: a process has ended.
        """
        try:
            while not self.store.check([_CALL]):
                if self.store.check([_FAILED]):
                    raise self.ended(None)
                time.sleep(_POLL)
            found: Mapping[str, Any] | None = json.loads(self.store.get(_CALL))
        except RuntimeError as error:  # whoever keeps the store has ended
            raise self.ended(error) from error
        return found

    def ended(self, error: BaseException | None) -> RunError:
        """Return the error of what was done together, once a process has ended: its own message, if any.

        Args:
            error: by which this process knows.
        """
        message, missing = self._message(), list[int]()
        if message is None:
            missing = self._missing()
            message = self._message()
        self._heard = True
        if message is not None:
            self._set(f"{_HEARD}/{self.rank}")
            return RunError(message)
        who = "another process" if not missing else f"process {', '.join(map(str, missing))}"
        why = str(error).partition("\n")[0][:200]
        return RunError(
            f"{who} of the {self.count} of this search ended without a word, or was silent for too long "
            f"({why}). Finished epochs are kept: the same command goes on, on any number of processes"
        )

    def fail(self, error: BaseException, close: Callable[[], None]) -> RunError | None:
        """Tell the others that this process ends by an error, and wait a moment for them to hear it.

        Args:
            error: of this process.
            close: its connections.

        Returns:
            The error of another process, because of which this one was interrupted: who started them ends all
            after one.
        """
        cause = None
        if isinstance(error, KeyboardInterrupt) and not self._heard and self._message() is not None:
            cause = self.ended(error)
        if not self._heard:
            message = f"process {self.rank} of the {self.count} of this search ended: {_words(error)}"
            with contextlib.suppress(RuntimeError):
                self.store.compare_set(_FAILED, "", message)
            self._set(f"{_HEARD}/{self.rank}")  # others may fail at the same time, and wait for this one
        close()
        if not self._heard:
            self._wait(_HEARD)
        return cause

    def _message(self) -> str | None:
        with contextlib.suppress(RuntimeError):
            if self.store.check([_FAILED]):
                return str(self.store.get(_FAILED), "utf-8")
        return None

    def _missing(self) -> list[int]:
        """Return the other processes that have not noticed the end of one."""
        self._set(f"{_ALIVE}/{self.rank}")
        try:
            self._wait(_ALIVE)
        except KeyboardInterrupt as error:  # who started the processes ends them all after one
            answer_interrupt(error)
        return self._silent(_ALIVE)

    def _wait(self, word: str) -> None:
        """Wait a moment for a word of all others, or for the message of one."""
        until = time.monotonic() + _SECONDS
        while self._silent(word) and time.monotonic() < until:
            if word == _ALIVE and self._message() is not None:
                break
            time.sleep(_POLL)

    def _silent(self, word: str) -> list[int]:
        """Return the other processes that have not given a word."""
        others = [rank for rank in range(self.count) if rank != self.rank]
        with contextlib.suppress(RuntimeError):
            return [rank for rank in others if not self.store.check([f"{word}/{rank}"])]
        return [0]  # which keeps the store

    def _set(self, word: str) -> None:
        with contextlib.suppress(RuntimeError):
            self.store.set(word, "")


def _words(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "it was interrupted"
    return str(error) if isinstance(error, NasframeError) else in_words(error)
