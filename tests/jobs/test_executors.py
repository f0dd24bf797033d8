"""Executors of plugins: found by their names, and driven by the same rules as the core's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from attrs import define, field

from nasframe.errors import ContractError, PluginError
from nasframe.jobs import Executor, Outcome, Report, Trial, execute
from nasframe.plugins import hookimpl, manager
from tests.recorded_progress import Log


@define(kw_only=True)
class Scripted(Executor):
    """Reports as the test has written down; a trial without a line there is done at once."""

    script: ClassVar[dict[str, list[str]]] = {}
    given: ClassVar[list[str]] = []
    ended: ClassVar[list[str]] = []
    closed: ClassVar[list[bool]] = []
    _under_way: list[str] = field(init=False, factory=list)

    def submit(self, trial: Trial) -> None:
        assert len(self._under_way) < self.workers
        self.given.append(trial.name)
        self._under_way.append(trial.name)

    def reports(self, seconds: float) -> Sequence[Report]:
        found = []
        for name in [*self._under_way]:
            word = self.script[name].pop(0) if self.script.get(name) else "done"
            if word == "raise":
                raise PluginError("the cluster is closed")
            if word == "speak":
                found.append(Report(name))
            elif word != "silence":
                self._under_way.remove(name)
                lost = word.removeprefix("lost ") if word.startswith("lost") else ""
                found.append(Report(name, None if lost else Outcome("done"), lost))
        return found

    def end(self, trial: str) -> None:
        self.ended.append(trial)
        self._under_way.remove(trial)

    def close(self) -> None:
        self.closed.append(True)


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    for values in (Scripted.script, Scripted.given, Scripted.ended, Scripted.closed):
        values.clear()  # type: ignore[attr-defined]
    executors = {"scripted": Scripted, "wrong": int}
    manager().register(SimpleNamespace(register_executors=hookimpl(lambda: executors)), "with_executors")
    yield
    manager().unregister("with_executors")


def trials(names: str) -> list[Trial]:
    return [Trial(name, Path(name), "no:work") for name in names]


def test_trials_go_to_the_executor_of_that_name_and_it_is_closed(tmp_path: Path) -> None:
    outcomes = execute(trials("abc"), tmp_path, workers=2, executor="scripted")
    assert outcomes == dict.fromkeys("abc", Outcome("done"))
    assert Scripted.given == ["a", "b", "c"]
    assert Scripted.closed == [True]
    assert list(tmp_path.iterdir()) == []


def test_a_lost_trial_is_tried_three_times_whatever_the_executor(tmp_path: Path) -> None:
    Scripted.script = {"a": ["lost its node"] * 2, "b": ["lost its node"] * 3}
    log = Log()
    outcomes = execute(trials("ab"), tmp_path, workers=2, executor="scripted", progress=log)
    assert outcomes["a"] == Outcome("done")
    assert outcomes["b"] == Outcome("failed", "its node; it was tried 3 times")
    assert (Scripted.given.count("a"), Scripted.given.count("b")) == (3, 3)
    assert "b: failed: its node; it was tried 3 times [2 of 2]" in log.lines


def test_a_silent_trial_is_ended_whatever_the_executor(tmp_path: Path) -> None:
    Scripted.script = {"a": ["silence"] * 10_000, "b": ["speak"] * 5}
    outcomes = execute(trials("ab"), tmp_path, workers=2, executor="scripted", patience=0.001)
    assert outcomes["a"] == Outcome("failed", "it said nothing for 0.001 seconds; it was tried 3 times")
    assert outcomes["b"] == Outcome("done")
    assert Scripted.ended == ["a"] * 3


def test_an_executor_that_cannot_go_on_ends_the_call_and_is_closed(tmp_path: Path) -> None:
    Scripted.script = {"a": ["raise"]}
    with pytest.raises(PluginError, match="the cluster is closed"):
        execute(trials("ab"), tmp_path, workers=2, executor="scripted")
    assert Scripted.closed == [True]


def test_a_wrong_name_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="unknown executor 'locale'; did you mean 'local'"):
        execute([], tmp_path, executor="locale")


def test_a_registered_thing_that_is_no_executor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="must be a subclass of nasframe.jobs.Executor"):
        execute([], tmp_path, executor="wrong")


def test_the_executor_of_the_core_is_registered_as_those_of_plugins_are() -> None:
    (entry,) = [entry for entry in manager().registered("executor") if entry.plugin == "nasframe"]
    assert entry.name == "local"
    assert entry.description == (
        "Worker processes of this machine, or for one worker this process; each computes on one thread."
    )
