"""An event file that is appended to: one for a search, however often it is interrupted.

torch's own writer begins another file at every start, and writes in a thread, where an error is lost.
"""

from __future__ import annotations

import io
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import define, field
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.summary.writer.record_writer import RecordWriter

from nasframe.errors import RunError
from nasframe.runtime import append_bytes, require_regular

__all__ = ["EventLog"]

_BEFORE, _AFTER = 8 + 4, 4
"""Bytes around the content of a record: its length, and a checksum of each."""


@define
class EventLog:
    """Events in one file of a folder; `flush` adds those that are waiting, all or none.

    Attributes:
        path: of the file.
    """

    path: Path
    _waiting: io.BytesIO = field(init=False, factory=io.BytesIO)

    @classmethod
    def begin(cls, folder: Path, tag: str, last: int) -> tuple[EventLog, int]:
        """Begin a file, or go on with the one that is there after the last step that it holds to its end.

        What comes after that step is removed: a part of another, or a record that a kill has cut short.
        TensorBoard, which may show it at this moment, is told to forget it.

        Args:
            folder: of the file.
            tag: of the scalar with which a step ends.
            last: the last step that counts.

        Returns:
            The file, and the step after which it goes on; 0 for a new one.
        """
        there = sorted(folder.glob("*.tfevents.*"))
        if not there:
            log = cls(folder / f"events.out.tfevents.{int(time.time()):010d}.nasframe")
            log.add(Event(file_version="brain.Event:2"))
            return log, 0
        log = cls(there[-1])
        require_regular(log.path, RunError)  # a pipe would be waited for
        step, size = _ended(log.path, tag, last)
        os.truncate(log.path, size)
        if not size:
            log.add(Event(file_version="brain.Event:2"))
        log.add(Event(session_log=SessionLog(status=SessionLog.START)), step + 1 if step else 0)
        return log, step

    def add(self, event: Any, step: int | None = None) -> None:
        """Let an event wait for the next `flush`."""
        event.wall_time = time.time()
        if step is not None:
            event.step = step
        RecordWriter(self._waiting).write(event.SerializeToString())  # type: ignore[no-untyped-call, unused-ignore]

    def add_summary(self, summary: Any, step: int | None = None) -> None:
        """Let the event of a summary wait for the next `flush`."""
        self.add(Event(summary=summary), step)

    def flush(self) -> None:
        """Add the waiting events to the file.

        Raises:
            OSError: with the system's number, such as that of a full disk; then the file is as it was.
        """
        content, self._waiting = self._waiting.getvalue(), io.BytesIO()
        append_bytes(self.path, content)


def _ended(path: Path, tag: str, last: int) -> tuple[int, int]:
    """Return the last step, up to `last`, that ends with a scalar of this tag, and the bytes up to there."""
    found = 0, 0
    for content, end in _records(path):
        try:
            event = Event.FromString(content)
        except Exception:  # of the library of the format, for a damaged record
            break
        if event.step <= last and any(value.tag == tag for value in event.summary.value):
            found = event.step, end
    return found


def _records(path: Path) -> Iterator[tuple[bytes, int]]:
    """Yield the content of every whole record, and the place of its end."""
    end, size = 0, path.stat().st_size
    with path.open("rb") as file:
        while len(head := file.read(_BEFORE)) == _BEFORE:
            length = struct.unpack("<Q", head[:8])[0]
            end += _BEFORE + length + _AFTER
            if end > size:
                return
            yield file.read(length), end
            file.seek(end)
