"""Progress: rate and remaining time on a terminal, silence elsewhere."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

from nasframe.runtime import Progress

WORK = """
import time
from nasframe.runtime.progress import TerminalProgress
progress = TerminalProgress(patience={patience})
for _ in progress.track(range(20), "counting"):
    time.sleep(0.05)
"""


def on_a_terminal(patience: float) -> str:
    """Return the output of the work on a pseudo-terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", WORK.format(patience=patience)],
        stderr=slave,
        stdout=slave,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            chunk = os.read(master, 4096)
        except OSError:  # Linux says so when the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    assert process.wait() == 0
    os.close(master)
    return shown.decode()


def test_long_work_shows_its_rate_and_the_remaining_time() -> None:
    shown = on_a_terminal(patience=0.2)
    assert "counting" in shown
    assert "/s" in shown
    assert "/20" in shown
    assert "0:00:0" in shown


def test_short_work_shows_nothing() -> None:
    assert "counting" not in on_a_terminal(patience=60.0)


def test_work_is_silent_where_there_is_no_terminal() -> None:
    done = subprocess.run([sys.executable, "-c", WORK.format(patience=0.0)], capture_output=True, check=True)
    assert done.stdout == done.stderr == b""


def test_the_silent_progress_hands_every_item_on() -> None:
    assert list(Progress().track(range(5), "anything")) == [0, 1, 2, 3, 4]
