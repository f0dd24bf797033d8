"""Executors that keep their promises, and some that each break one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attrs import define, evolve, field

from nasframe.jobs import Executor, Outcome, Report, Trial, do_trial
from nasframe.jobs.local import LocalExecutor
from nasframe.testing import ExecutorSuite


class TestLocal(ExecutorSuite):
    def make(self, workers: int, folder: Path) -> Executor:
        return LocalExecutor(workers=workers, folder=folder)


@define(kw_only=True)
class OneByOne(Executor):
    """Trials one after the other in this process."""

    _ended: list[Report] = field(init=False, factory=list)

    def submit(self, trial: Trial) -> None:
        self._ended.append(Report(trial.name, do_trial(trial)))

    def reports(self, seconds: float) -> Sequence[Report]:
        found, self._ended = self._ended, []
        return found

    def end(self, trial: str) -> None:
        pass


class TestOneByOne(ExecutorSuite):
    waits = processes = False
    kind: type[OneByOne] = OneByOne

    def make(self, workers: int, folder: Path) -> Executor:
        return self.kind(workers=workers, folder=folder)


class WithoutASentence(OneByOne):
    pass


class SaysTwice(OneByOne):
    """Every report twice."""

    def reports(self, seconds: float) -> Sequence[Report]:
        return [*super().reports(seconds)] * 2


class HidesFailures(OneByOne):
    """All is well."""

    def reports(self, seconds: float) -> Sequence[Report]:
        return [evolve(report, outcome=Outcome("done")) for report in super().reports(seconds)]


class LosesTheMessage(OneByOne):
    """A failure without its reason."""

    def reports(self, seconds: float) -> Sequence[Report]:
        found = super().reports(seconds)
        return [evolve(item, outcome=evolve(item.outcome, error="failed")) for item in found]  # type: ignore[arg-type]


class HidesTheFullDisk(OneByOne):
    """A full disk is a failure like any other."""

    def submit(self, trial: Trial) -> None:
        try:
            super().submit(trial)
        except Exception as error:
            self._ended.append(Report(trial.name, Outcome("failed", str(error))))


class TestWithoutASentence(TestOneByOne):
    kind = WithoutASentence


class TestSaysTwice(TestOneByOne):
    kind = SaysTwice


class TestHidesFailures(TestOneByOne):
    kind = HidesFailures


class TestLosesTheMessage(TestOneByOne):
    kind = LosesTheMessage


class TestHidesTheFullDisk(TestOneByOne):
    kind = HidesTheFullDisk


class TestNothing(ExecutorSuite):
    pass
