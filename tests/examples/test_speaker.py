"""The speaker task of the examples, with three people: a second task on the audio-visual library."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nasframe import Split
from nasframe.errors import DataError
from nasframe.testing import TaskSuite

SCRIPT = Path(__file__).parents[2] / "examples" / "speaker.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("speaker", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["speaker"] = module  # its records resolve their types there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    yield load()
    del sys.modules["speaker"]


def make(script: ModuleType) -> Any:
    return script.Speaker(people=3, sessions=6, size=32, epochs=2)


def test_it_is_written_in_under_150_lines() -> None:
    assert len(SCRIPT.read_text(encoding="utf-8").splitlines()) < 150


def test_it_finds_the_speaker_in_sessions_that_it_has_not_seen(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = script.main(make(script), tmp_path, epochs=8)
    *picture, last = capsys.readouterr().out.splitlines()
    assert any(line.split()[:1] == ["cell1/N1"] for line in picture)
    assert last == f"accuracy {run.test['accuracy']:.3f}, by chance 0.333"
    assert run.test["accuracy"] > 0.75


class TestSpeaker(TaskSuite):
    """The contract of a task."""

    @pytest.fixture(autouse=True)
    def _script(self, script: ModuleType) -> None:
        self.script = script

    def make(self) -> Any:
        return make(self.script)

    def test_no_session_is_in_two_splits_and_every_person_is_in_all_four(self, folders: Any) -> None:
        splits = self.make().data(folders).splits
        parts: list[Split] = [splits.weights, splits.architecture, splits.validation, splits.test()]
        sessions = [{self.script.session_of(path) for path in part.identifiers} for part in parts]
        assert sum(map(len, sessions)) == len(set().union(*sessions)) == 18
        people = [{session.rpartition(", ")[0] for session in part} for part in sessions]
        assert people == [people[0]] * 4
        assert len(people[0]) == 3


def test_data_of_ones_own_is_refused_in_words(script: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="takes no data, it synthesises its own"):
        make(script).stages(tmp_path, 0)
