"""A file of messages, each with its time: of a command that works through the night."""

from __future__ import annotations

import re
import threading
from datetime import datetime
from pathlib import Path
from typing import TextIO

from attrs import define, field

from nasframe.errors import ConfigurationError

__all__ = ["MessageLog"]

_BEGINS = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@define
class MessageLog:
    """A file to which messages are added, each of them flushed.

    Attributes:
        path: of the file.
    """

    path: Path
    _file: TextIO | None
    _turn: threading.Lock = field(init=False, factory=threading.Lock)

    @classmethod
    def at(cls, path: Path) -> MessageLog:
        """Open a file, which is made where it is not there; its folder must be there.

        Raises:
            ConfigurationError: it is no file, cannot be written, or holds something else than messages.
        """
        problem = ""
        try:
            if path.exists() and not path.is_file():
                problem = f"is {'a folder' if path.is_dir() else 'no regular file'}; expected a file"
            elif not path.parent.is_dir():
                problem = f"no such folder: {path.parent}"
            elif path.exists() and not _is_log(path):
                problem = "holds something else than a log, and nothing is added to it; say another name"
            else:
                return cls(path, path.open("a", encoding="utf-8", errors="backslashreplace", buffering=1))
        except OSError as error:
            problem = f"cannot be written: {_reason(error)}"
        raise ConfigurationError("command line", [f"--log-file {path}: {problem}"])

    def write(self, message: str) -> str:
        """Add a message, whose lines after the first are indented, and flush it.

        Returns:
            A sentence where that failed for the first time, from when on nothing is written; else nothing.
        """
        stamp = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        with self._turn:
            if self._file is None:
                return ""
            try:
                self._file.write(f"{stamp} {message}\n")
                self._file.flush()
            except OSError as error:
                file, self._file = self._file, None
                _close(file)
                why = _reason(error)
                return f"{self.path}: cannot be written any more: {why}; the work goes on without its log"
        return ""

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            file, self._file = self._file, None
        if file is not None:
            _close(file)


def _is_log(path: Path) -> bool:
    """Return True for a file of messages, and for an empty one."""
    with path.open("rb") as file:
        beginning = file.read(32)
    return not beginning or _BEGINS.match(beginning) is not None


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _close(file: TextIO) -> None:
    try:
        file.close()
    except OSError:  # every line was flushed, and a failure of that was told
        return
