"""`resume`: the folder itself says what was interrupted in it, also after a kill."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

import nasframe
from nasframe import Architecture, Experiment, Run, SearchOptions, TrainOptions
from nasframe.errors import ResumableInterrupt, RunError
from nasframe.pipeline import resume
from nasframe.runs import Command, claimed
from tests.comparing import tree
from tests.pipeline.killed_runs import assert_same, killed_at_every_write
from tests.toys.toy_digits import Digits


@pytest.fixture
def experiment(experiment: Experiment) -> Experiment:
    return attrs.evolve(
        experiment,
        search=SearchOptions(epochs=2, batch_size=64),
        train=TrainOptions(epochs=1, batch_size=64),
    )


WITHIN = {
    "search": "nasframe.searching.gradient.engine.Search._epoch",
    "train": "nasframe.training.training.Training._epoch",
    "evaluate": "nasframe.pipeline.trained_network.check_test_targets",
}
"""Step → a function that is called in the middle of it, when its run has begun."""


def interrupted(monkeypatch: pytest.MonkeyPatch, step: str, work: Callable[[], Any]) -> KeyboardInterrupt:
    """Ctrl-C in the middle of a step of the work."""

    def raises(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(WITHIN[step], raises)
        with pytest.raises(KeyboardInterrupt) as found:
            work()
    return found.value


def test_a_run_that_is_killed_at_any_write_resumes_by_its_folder_alone(
    experiment: Experiment, tmp_path: Path
) -> None:
    with killed_at_every_write(tmp_path / "run", tmp_path / "killed") as states:
        whole = nasframe.run_experiment(experiment, tmp_path / "run")
    assert len(states) > 40
    resumed = 0
    for state in states[::3]:
        if not (state / "run.json").exists():  # the first file was not yet there
            continue
        commands = [name for name, _ in resume(state)]
        if commands:
            resumed += 1
            assert commands == ["run"]
            assert_same(Run.open(state), whole)
        assert Run.open(state).test == whole.test
        assert list(resume(state)) == []
    assert resumed > 10


def test_a_run_that_was_killed_while_its_data_was_prepared_resumes(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[Path] = []
    usual = Digits._save

    def keep(self: Digits, context: Any) -> None:
        saved.append(shutil.copytree(tmp_path / "run", tmp_path / "killed"))
        usual(self, context)

    monkeypatch.setattr(Digits, "_save", keep)
    whole = nasframe.run_experiment(experiment, tmp_path / "run")
    monkeypatch.undo()
    ((name, _),) = resume(saved[0])
    assert name == "run"
    assert_same(Run.open(saved[0]), whole)


@pytest.mark.parametrize("command", ["search", "train", "evaluate"])
def test_a_single_step_resumes_as_that_step(
    command: str, experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run"
    steps: dict[str, Callable[[], Any]] = {
        "search": lambda: nasframe.search(experiment, path),
        "train": lambda: nasframe.train(experiment, path),
        "evaluate": lambda: nasframe.evaluate(path),
    }
    for name, step in steps.items():
        if name == command:
            break
        step()
    before = Run.open(path).record.get("unfinished") if path.exists() else {}
    assert before == {}
    error = interrupted(monkeypatch, command, steps[command])
    assert isinstance(error, ResumableInterrupt)
    assert error.folder == path
    assert list(Run.open(path).record["unfinished"]) == [command]
    assert [name for name, _ in resume(path)] == [command]
    assert (path / "architecture.json").exists()
    assert (path / "task").exists() or not (path / "checkpoints/network.json").exists() or command != "search"
    assert Run.open(path).record["unfinished"] == {}


def test_a_training_of_an_architecture_that_was_given_resumes_with_it(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = nasframe.search(experiment, tmp_path / "searched").architecture.space
    chosen = Architecture(space, space.sample(7))
    states: list[Path] = []
    usual = Digits._save

    def keep(self: Digits, context: Any) -> None:
        states.append(shutil.copytree(tmp_path / "run", tmp_path / "killed"))
        usual(self, context)

    monkeypatch.setattr(Digits, "_save", keep)
    other = attrs.evolve(experiment, cache=tmp_path / "other")
    whole = nasframe.train(other, tmp_path / "run", architecture=chosen)
    assert [name for name, _ in resume(states[0])] == ["train"]
    assert Run.open(states[0]).architecture == chosen == whole.architecture


def test_a_finished_run_has_nothing_left_to_do_and_is_not_touched(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    before = tree(run.path)
    assert list(resume(run.path)) == []
    assert tree(run.path) == before
    nasframe.run_experiment(experiment, tmp_path / "run")
    assert tree(run.path) == before


def test_a_run_in_use_is_refused(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run"
    interrupted(monkeypatch, "search", lambda: nasframe.search(experiment, path))
    with claimed(path), pytest.raises(RunError, match="is at work in this run"):
        list(resume(path))


def test_a_run_that_recorded_no_command_says_so(experiment: Experiment, tmp_path: Path) -> None:
    Run.create(tmp_path / "run", "seed = 1\n")
    with pytest.raises(RunError, match="does not say which command began it"):
        list(resume(tmp_path / "run"))


@pytest.mark.parametrize(
    ("unfinished", "message"),
    [
        ({"rm": {}}, "unfinished: expected run, search, train, evaluate, found 'rm'"),
        ({"run": []}, "unfinished.run: expected an object, found a list of 0"),
        ({"run": {"out": "/elsewhere"}}, "unfinished.run.out: cannot be '/elsewhere': nasframe writes no"),
        ({"run": {"source": 3}}, "unfinished.run.source: expected a path, found 3"),
        ({"train": {"architecture": "x"}}, "unfinished.train.architecture: expected an object, found 'x'"),
    ],
)
def test_a_record_that_asks_for_something_else_is_refused(
    unfinished: Any, message: str, experiment: Experiment, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    nasframe.search(experiment, path)
    record = json.loads((path / "run.json").read_text(encoding="utf-8"))
    (path / "run.json").write_text(json.dumps({**record, "unfinished": unfinished}), encoding="utf-8")
    with pytest.raises(RunError, match=message):
        list(resume(path))


def test_a_plugin_file_is_asked_for_and_never_loaded(experiment: Experiment, tmp_path: Path) -> None:
    path = tmp_path / "run"
    nasframe.search(experiment, path)
    trap = tmp_path / "my trap.py"
    trap.write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')", encoding="utf-8")
    record = json.loads((path / "run.json").read_text(encoding="utf-8"))
    record["plugins"]["trap"] = {"version": None, "sha256": "0", "file": str(trap)}
    record["unfinished"] = {"run": {}}
    (path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(RunError, match=f"add --plugin '{trap}'"):
        list(resume(path))
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"unfinished": {"search": {"source": "a\0"}}}, "unfinished.search.source: expected a path, found"),
        ({"plugins": {"a": 3}}, "plugins.a: expected an object, found 3"),
        ({"names": [3]}, "names: expected an object, found a list of 1"),
        ({"toml": 3}, "toml: expected text, found 3"),
    ],
)
def test_a_record_of_interrupted_work_that_no_command_writes_is_refused(
    changed: dict[str, Any], words: str, experiment: Experiment, tmp_path: Path
) -> None:
    with claimed(tmp_path / "run", experiment.to_toml(), command=Command("search")):
        shutil.copytree(tmp_path / "run", tmp_path / "killed")
    file = tmp_path / "killed" / "run.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**record, **changed}), encoding="utf-8")
    with pytest.raises(RunError, match=re.escape(f"run.json: {words}")):
        list(resume(tmp_path / "killed"))
