"""The suite of executors: every trial ends in one report, and none is left after the end."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from nasframe.errors import DataError, RunError
from nasframe.jobs import Executor, Report, Trial
from nasframe.runtime import Progress
from nasframe.testing.suite import Suite

__all__ = ["ExecutorSuite"]

_SECONDS = 120.0  # for which a test waits until something happens


class ExecutorSuite(Suite):
    """Everything `nasframe.jobs.Executor` promises.

        class TestMyCluster(ExecutorSuite):
            def make(self, workers, folder):
                return MyCluster(workers=workers, folder=folder)

    Attributes:
        waits: False for one that does a trial in `submit`: nothing is heard of a trial before its end, and
            nobody can end it.
        processes: False for one that does trials in this process: none may kill it.
    """

    waits: bool = True
    processes: bool = True

    def make(self, workers: int, folder: Path) -> Executor:
        """Return the executor to test, for so many trials at the same time."""
        self._lacks("make(self, workers, folder)", "MyExecutor(workers=workers, folder=folder)")

    def test_it_is_an_executor_with_a_sentence_about_it(self, tmp_path: Path) -> None:
        made = self.make(1, tmp_path)
        made.close()
        kind = type(made)
        assert issubclass(kind, Executor), "make must return a nasframe.jobs.Executor"
        assert kind.__doc__, f"{kind.__name__} needs a docstring: its first line is what users read about it"
        assert kind.__doc__ != Executor.__doc__

    def test_every_trial_ends_in_one_report_and_its_files_are_in_its_folder(self, tmp_path: Path) -> None:
        names = ["a", "b", "c"]
        ended = self._ended(tmp_path, [_trial(tmp_path, name, "write", {"text": name}) for name in names])
        assert sorted(report.trial for report in ended) == names
        for report in ended:
            assert report.outcome is not None, report.lost
            assert (report.outcome.status, report.outcome.error) == ("done", "")
            assert (tmp_path / report.trial / "text").read_text(encoding="utf-8") == report.trial

    def test_a_trial_that_fails_is_reported_with_its_message_and_the_others_are_done(
        self, tmp_path: Path
    ) -> None:
        trials = [_trial(tmp_path, "bad", "fail", {}), _trial(tmp_path, "good", "write", {"text": ""})]
        ended = {report.trial: report.outcome for report in self._ended(tmp_path, trials)}
        bad, good = ended["bad"], ended["good"]
        assert bad is not None
        assert good is not None
        assert (bad.status, bad.error, good.status) == ("failed", "no such data", "done")

    def test_a_full_disk_is_raised(self, tmp_path: Path) -> None:
        with pytest.raises(RunError, match="the disk is full"):
            self._ended(tmp_path, [_trial(tmp_path, "a", "fill", {})])

    def test_a_trial_whose_process_dies_is_lost_with_a_reason(self, tmp_path: Path) -> None:
        if not self.processes:
            pytest.skip("a trial that kills its process would kill this one")
        ended = self._ended(tmp_path, [_trial(tmp_path, name, "die", {}) for name in "ab"])
        assert sorted(report.trial for report in ended) == ["a", "b"]
        assert all(report.outcome is None and report.lost for report in ended), ended

    def test_a_trial_that_speaks_is_heard_before_it_ends(self, tmp_path: Path) -> None:
        if not self.waits:
            pytest.skip("nothing is heard of a trial before its end")
        executor = self.make(2, tmp_path)
        try:
            for name in "ab":
                executor.submit(_trial(tmp_path, name, "speak", {"until": str(tmp_path / "heard")}))
            heard: list[str] = []
            _until(lambda: _signs_of_life(executor, heard).count("a") > 2 and heard.count("b") > 2)
            (tmp_path / "heard").touch()
            done: list[str] = []
            _until(lambda: len(_done(executor, done)) == 2)
            assert sorted(done) == ["a", "b"]
        finally:
            executor.close()

    def test_of_a_trial_that_is_ended_nothing_more_is_heard(self, tmp_path: Path) -> None:
        if not self.waits:
            pytest.skip("nobody can end a trial")
        executor = self.make(2, tmp_path)
        try:
            executor.submit(_trial(tmp_path, "a", "speak", {"until": str(tmp_path / "never")}))
            heard: list[str] = []
            _until(lambda: "a" in _signs_of_life(executor, heard))
            executor.end("a")
            ended = self._ended(tmp_path, [_trial(tmp_path, "b", "write", {"text": ""})], executor)
        finally:
            executor.close()
        assert [report.trial for report in ended] == ["b"]

    def _ended(self, folder: Path, trials: list[Trial], executor: Executor | None = None) -> list[Report]:
        """Return the last reports of trials, of which two are under way at the same time."""
        made = executor or self.make(2, folder)
        waiting, ended = [*trials], list[Report]()
        under_way: set[str] = set()

        def all_ended() -> bool:
            while waiting and len(under_way) < made.workers:
                under_way.add(waiting[0].name)
                made.submit(waiting.pop(0))
            last = [item for item in made.reports(1.0) if item.outcome is not None or item.lost]
            ended.extend(last)
            under_way.difference_update(item.trial for item in last)
            return not waiting and not under_way

        try:
            _until(all_ended)
            ended.extend(item for item in made.reports(0.0) if item.outcome is not None or item.lost)
        finally:
            if executor is None:
                made.close()
        return ended


def _trial(folder: Path, name: str, work: str, arguments: Mapping[str, Any]) -> Trial:
    return Trial(name, folder / name, f"nasframe.testing.executor_suite:{work}", arguments)


def _signs_of_life(executor: Executor, heard: list[str]) -> list[str]:
    heard += [item.trial for item in executor.reports(1.0) if item.outcome is None and not item.lost]
    return heard


def _done(executor: Executor, done: list[str]) -> list[str]:
    done += [item.trial for item in executor.reports(1.0) if item.outcome and item.outcome.status == "done"]
    return done


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"nothing happened for {_SECONDS:g} seconds"


def write(folder: Path, arguments: Mapping[str, Any], progress: Progress) -> None:
    """A trial that writes a text."""
    folder.mkdir(parents=True)
    (folder / "text").write_text(arguments["text"], encoding="utf-8")


def fail(folder: Path, arguments: Mapping[str, Any], progress: Progress) -> None:
    """A trial that fails."""
    raise DataError("no such data")


def fill(folder: Path, arguments: Mapping[str, Any], progress: Progress) -> None:
    """A trial that finds the disk full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "text")


def die(folder: Path, arguments: Mapping[str, Any], progress: Progress) -> None:
    """A trial whose process dies."""
    os.kill(os.getpid(), signal.SIGKILL if os.name == "posix" else signal.SIGTERM)


def speak(folder: Path, arguments: Mapping[str, Any], progress: Progress) -> None:
    """A trial that speaks until a file is there."""
    while not Path(arguments["until"]).exists():
        progress.say("still here")
        time.sleep(0.01)
