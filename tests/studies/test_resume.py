"""A study that was killed goes on by its folder alone: `resume_study`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nasframe
from nasframe import Experiment, TensorTask
from nasframe.errors import ResumableInterrupt, RunError
from nasframe.studies import resume_study
from tests.studies.records import without_times
from tests.toys import SUMS
from tests.toys.toy_digits import digits

OVERRIDES = ["search.epochs=1", "task.examples=16", "cache=cache"]


def compared(out: str) -> Any:
    return nasframe.compare(SUMS, out, overrides=OVERRIDES, relaxations=["softmax,stgs"], seeds=1, random=1)


def swept(out: str) -> Any:
    return nasframe.sweep(SUMS, ["samples=1,2"], OVERRIDES, out=out)


def tabulated(out: str) -> Any:
    table = nasframe.tabulate(SUMS, out, overrides=OVERRIDES, architectures=3)
    return {**table.record, "rows": list(table.rows)}


STUDIES: dict[str, Callable[[str], Any]] = {"compare": compared, "sweep": swept, "tabulate": tabulated}


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Leave a study as a kill would: at its first trial, or while its data is prepared."""

    def kill(study: str, at: str) -> None:
        def copying(*_: Any, **__: Any) -> Any:
            shutil.copytree("first", "killed")
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(f"nasframe.studies.procedure.{at}", copying)
            with pytest.raises(KeyboardInterrupt):
                STUDIES[study]("first")

    return kill


@pytest.mark.parametrize("at", ["study.execute", "data_preparation.prepare"])
@pytest.mark.parametrize("study", STUDIES)
def test_a_killed_study_ends_as_one_that_was_not_killed(
    study: str, at: str, home: Path, killed: Callable[[str, str], None]
) -> None:
    whole = STUDIES[study]("whole")
    killed(study, at)
    assert Path("first/study.json").exists() == (at == "study.execute")  # of a preparation, nothing is kept
    found = resume_study("killed")
    assert found is not None
    name, result = found
    assert name == study
    if study == "tabulate":
        result = {**result.record, "rows": list(result.rows)}
    assert without_times(result | {"title": "", "path": ""}) == without_times(
        whole | {"title": "", "path": ""}
    )
    assert resume_study("killed") is None


def test_ctrl_c_in_a_study_names_its_folder_and_not_that_of_a_trial(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("nasframe.pipeline.architecture_search._search_in_run", interrupted)
    with pytest.raises(ResumableInterrupt) as found:
        swept("study")
    assert found.value.folder == Path("study")


def test_a_study_that_only_python_could_begin_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = Experiment.of(task=TensorTask(*data()), space="bimodal", cache="cache", device="cpu")

    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("nasframe.studies.procedure.study.execute", interrupted)
    with pytest.raises(KeyboardInterrupt):
        nasframe.sweep(experiment, ["temperature=0.1,0.5"], out="study")
    with pytest.raises(RunError, match="does not say which command began it"):
        resume_study("study")


def data() -> tuple[Any, Any]:
    task = digits(60)
    return task.tensors, task.labels


@pytest.mark.parametrize(
    "call",
    [
        3,
        {"call": "compare"},
        {"call": "rm", "experiment": {}, "arguments": {}},
        {"call": "sweep", "experiment": {"values": []}, "arguments": {}},
        {"call": "sweep", "experiment": {"values": {}, "source": "", "name": ""}, "arguments": {"out": "/x"}},
        {"call": "sweep", "experiment": {"values": {}, "source": "", "name": ""}, "arguments": {"axes": "x"}},
        {
            "call": "sweep",
            "experiment": {"values": {}, "source": "", "name": ""},
            "arguments": {"seeds": "3"},
        },
    ],
)
def test_a_record_that_asks_for_something_else_is_refused(call: Any, home: Path) -> None:
    record = {"format": 1, "nasframe": "0.2", "kind": "sweep", "plan": {}, "unfinished": call}
    (home / "study").mkdir()
    (home / "study/study.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(RunError, match=r"study.json: unfinished"):
        resume_study("study")
