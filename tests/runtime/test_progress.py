"""Progress: bars on a terminal, lines elsewhere, as many as the verbosity wants."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nasframe.errors import ConfigurationError
from nasframe.runtime import SILENT, MessageLog, Progress, Verbosity, progress_of, speaking
from nasframe.runtime.progress import TerminalProgress

WORK = """
import time
from nasframe.runtime.progress import TerminalProgress
progress = TerminalProgress(patience={patience})
for _ in progress.track(range(20), "counting"):
    time.sleep(0.05)
    progress.report({{"loss": 0.25, "entropy": 0.5}})
"""
RESULTS = """
import time
from nasframe.runtime import print_text
from nasframe.runtime.progress import TerminalProgress
for number in TerminalProgress(patience=0.0).track(range(3), "counting"):
    time.sleep(0.05)
    print_text(f"result {{number}}")
"""


def on_a_terminal(patience: float, work: str = WORK, stdout: Any = None) -> str:
    """Return the output of the work on a pseudo-terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", work.format(patience=patience)],
        stderr=slave,
        stdout=stdout or slave,
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


def test_a_bar_shows_the_numbers_that_were_reported() -> None:
    assert "loss 0.2500, entropy 0.5000" in on_a_terminal(patience=0.2)


def test_results_go_to_their_file_while_a_terminal_shows_bars(tmp_path: Path) -> None:
    with (tmp_path / "results").open("w", encoding="utf-8") as file:
        shown = on_a_terminal(0.0, RESULTS, file)
    assert "counting" in shown
    assert "result" not in shown
    assert (tmp_path / "results").read_text(encoding="utf-8") == "result 0\nresult 1\nresult 2\n"


def test_short_work_is_silent_where_there_is_no_terminal() -> None:
    done = subprocess.run([sys.executable, "-c", WORK.format(patience=0.0)], capture_output=True, check=True)
    assert done.stdout == done.stderr == b""


def test_the_silent_progress_hands_every_item_on() -> None:
    assert list(Progress().track(range(5), "anything")) == [0, 1, 2, 3, 4]


def lines(capfd: pytest.CaptureFixture[str]) -> list[str]:
    return capfd.readouterr().err.splitlines()


def work(progress: Progress) -> None:
    with progress.task("search", 2) as advance:
        for loss in (0.5, 0.25):
            progress.report({"loss": loss})
            advance(1)


def test_without_a_terminal_there_is_a_line_now_and_then_with_the_same_facts(
    capfd: pytest.CaptureFixture[str],
) -> None:
    work(TerminalProgress(first=-1.0, every=3600.0))
    assert lines(capfd) == ["search: 1 of 2, loss 0.5000"]


def test_a_line_comes_also_while_the_work_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    found: list[str] = []
    with TerminalProgress(first=0.0, every=3600.0).task("one long step", 1):
        while not found:
            time.sleep(0.02)
            found = lines(capfd)
    assert found == ["one long step: 0 of 1"]


def test_work_in_other_work_is_in_its_line(capfd: pytest.CaptureFixture[str]) -> None:
    progress = TerminalProgress(first=3600.0)
    with progress.task("finalists", 3), progress.task("train", 8) as advance:
        progress._due = 0.0
        progress.report({"loss": 0.5})
        advance(1)
    assert lines(capfd) == ["finalists: 0 of 3 · train: 1 of 8, loss 0.5000"]


def test_verbose_there_is_a_line_for_each_step_with_numbers_of_which_the_last_is_the_end(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with speaking(Verbosity("verbose")):
        work(TerminalProgress())
    found = [line.rpartition(" ")[0].rpartition(" ")[0] for line in lines(capfd)]
    assert found == [
        "search: 1 of 2, loss 0.5000; took",
        "search: 2 of 2, loss 0.2500; took",
    ]


def test_verbose_the_end_of_work_without_numbers_is_told_once(capfd: pytest.CaptureFixture[str]) -> None:
    with speaking(Verbosity("verbose")):
        list(TerminalProgress().track(range(3), "candidates"))
    (line,) = lines(capfd)
    assert line.startswith("candidates: ended after ")


def test_quiet_there_are_warnings_alone(capfd: pytest.CaptureFixture[str]) -> None:
    with speaking(Verbosity("quiet")):
        progress = TerminalProgress(first=-1.0)
        work(progress)
        progress.say("search: done")
        progress.warn("search: a line was damaged")
    assert lines(capfd) == ["search: a line was damaged"]


@pytest.mark.parametrize("level", ["quiet", "normal", "verbose"])
def test_the_log_has_all_that_verbose_says_at_every_verbosity(level: Any, tmp_path: Path) -> None:
    with speaking(Verbosity(level, MessageLog.at(tmp_path / "log"))):
        progress = TerminalProgress()
        progress.say("first")
        work(progress)
        progress.warn("odd\x1b")
        written = (tmp_path / "log").read_text(encoding="utf-8").splitlines()  # before it is closed
    assert [line[26:].partition(";")[0].partition(" after")[0] for line in written] == [
        "first",
        "search: 1 of 2, loss 0.5000",
        "search: 2 of 2, loss 0.2500",
        "odd\\x1b",
    ]
    assert all(line[:2] == "20" and line[4] == line[7] == "-" and line[25] == " " for line in written)


def test_a_log_that_can_no_longer_be_written_is_told_once_and_the_work_goes_on(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with Path("/dev/full").open("a", encoding="utf-8") as full:
        log = MessageLog(Path("night.log"), full)
        with speaking(Verbosity("quiet", log)):
            work(TerminalProgress())
    (told,) = lines(capfd)
    assert told.startswith("nasframe: warning: night.log: cannot be written any more: no space left")


def test_a_progress_that_knows_steps_alone_still_works() -> None:
    class Steps(Progress):
        done = 0

        @contextmanager
        def task(self, description: str, total: int | None) -> Iterator[Callable[[int], None]]:
            def advance(steps: int) -> None:
                self.done += steps

            yield advance

    steps = Steps()
    work(steps)
    steps.warn("and is warned as it is told")
    assert steps.done == 2


def test_a_warning_is_said_by_a_progress_that_knows_no_warnings() -> None:
    class Said(Progress):
        lines: list[str]

        def say(self, message: str) -> None:
            self.lines.append(message)

    said = Said()
    said.lines = []
    said.warn("odd")
    assert said.lines == ["odd"]


def test_true_is_the_progress_of_the_command_line_and_false_and_none_are_silent() -> None:
    own = Progress()
    assert isinstance(progress_of(True), TerminalProgress)
    assert progress_of(False) is progress_of(None) is SILENT
    assert progress_of(own) is own
    with pytest.raises(ConfigurationError, match=r"progress: expected True, False, None .*, found 'yes'"):
        progress_of("yes")
