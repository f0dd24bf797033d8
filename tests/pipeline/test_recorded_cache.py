"""The cache that the documents of a run name: used where the user knows it, else asked for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import attrs
import pytest

import nasframe
from nasframe import Experiment, Run
from nasframe.errors import RunError
from nasframe.pipeline import resume
from nasframe.runs import Command, claimed


def _rewrite(run: Run, **data: object) -> None:
    record = json.loads((run.path / "run.json").read_text())
    record["data"] |= data
    (run.path / "run.json").write_text(json.dumps(record))


@pytest.fixture
def run(experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run whose cache is the default one of another folder than the working folder."""
    (tmp_path / "maker").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "maker")
    made = nasframe.run_experiment(attrs.evolve(experiment, cache=Path("runs/cache")), tmp_path / "maker/run")
    monkeypatch.chdir(tmp_path / "elsewhere")
    return made


def test_a_run_sends_no_stage_into_a_folder_that_is_no_cache(run: Run, tmp_path: Path) -> None:
    _rewrite(run, cache=str(tmp_path / "victim"), folders={})
    shutil.rmtree(tmp_path / "maker/runs/cache")
    _rewrite(run, folders={"digits": str(tmp_path / "gone/digits-0")})
    with pytest.raises(
        RunError, match=r"data\.cache of run\.json names .*victim, .*say it yourself, .*NASFRAME_CACHE="
    ):
        nasframe.evaluate(run.path)
    assert not (tmp_path / "victim").exists()


def test_a_run_reads_no_folder_that_is_no_finished_stage(run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret" / "digits-1"
    secret.mkdir(parents=True)
    _rewrite(run, folders={"digits": str(secret)})
    with pytest.raises(RunError, match=r"data\.folders\.digits names .*secret"):
        nasframe.evaluate(run.path)


def test_a_folder_of_another_stage_stands_for_none(run: Run, tmp_path: Path) -> None:
    (stage,) = (tmp_path / "maker/runs/cache").glob("digits-*")
    other = shutil.copytree(stage, stage.with_name("other-0"))
    _rewrite(run, folders={"digits": str(other)})
    with pytest.raises(
        RunError, match=r"data\.folders\.digits names .*other-0, which holds the stage 'digits'"
    ):
        nasframe.evaluate(run.path)


def test_the_cache_may_be_given_by_option_and_by_the_environment(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run.test
    (tmp_path / "maker/runs/cache").rename(tmp_path / "moved")
    _rewrite(run, cache=str(tmp_path / "victim"))
    assert nasframe.evaluate(run.path, cache=tmp_path / "moved") == before
    monkeypatch.setenv("NASFRAME_CACHE", str(tmp_path / "new"))
    assert nasframe.evaluate(run.path) == before
    assert [item.name.partition("-")[0] for item in (tmp_path / "new").iterdir()] == ["digits"]


@pytest.fixture
def interrupted(experiment: Experiment, tmp_path: Path, home: Path) -> Path:
    """A folder whose data was being prepared, in a cache that is none of this machine's."""
    made = attrs.evolve(experiment, cache=tmp_path / "victim")
    with claimed(tmp_path / "run", made.to_toml(), command=Command("search")):
        shutil.copytree(tmp_path / "run", tmp_path / "killed")
    return tmp_path / "killed"


def test_a_run_that_has_not_begun_resumes_in_no_folder_that_is_no_cache(
    interrupted: Path, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match=r"killed: cache of its experiment names .*victim, .*NASFRAME_CACHE="):
        list(resume(interrupted))
    assert not (tmp_path / "victim").exists()


def test_a_run_that_has_not_begun_resumes_in_the_cache_of_its_killed_stage(
    interrupted: Path, tmp_path: Path
) -> None:
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / f".digits-{'0' * 16}.{'0' * 12}.lock").touch()
    assert [name for name, _ in resume(interrupted)] == ["search"]
    assert Run.open(interrupted).record["data"]["cache"] == str(tmp_path / "victim")


@pytest.mark.parametrize("command", ["run", "search", "train"])
def test_a_run_resumes_in_no_folder_that_is_no_cache(command: str, run: Run, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    text = (run.path / "experiment.toml").read_text(encoding="utf-8")
    (run.path / "experiment.toml").write_text(text.replace('"runs/cache"', f'"{victim.as_posix()}"'), "utf-8")
    _rewrite(run, cache=str(victim), folders={"digits": str(tmp_path / "gone/digits-0")})
    record = json.loads((run.path / "run.json").read_text())
    (run.path / "run.json").write_text(json.dumps({**record, "done": {}, "unfinished": {command: {}}}))
    with pytest.raises(RunError, match=r"names .*victim, which is neither the default cache nor"):
        list(resume(run.path))
    assert not victim.exists()


def test_a_link_in_the_place_of_the_default_cache_above_a_run_leads_nowhere(run: Run, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "maker/runs/cache")
    (tmp_path / "maker/runs/cache").symlink_to(tmp_path / "victim")
    _rewrite(run, cache=str(tmp_path / "victim"), folders={"digits": str(tmp_path / "gone/digits-0")})
    with pytest.raises(RunError, match=r"data\.cache of run\.json names .*victim"):
        nasframe.evaluate(run.path)
    assert not (tmp_path / "victim").exists()
