"""Prepared data: found again from anywhere, made again when it is gone, refused when it changed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest

import nasframe
from nasframe import Experiment, Stage, StageContext
from nasframe.errors import RunError
from tests.recorded_progress import Log
from tests.toys.toy_digits import Digits


def test_a_run_opened_from_another_working_directory_is_evaluated_without_running_stages_again(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    Path("source.txt").write_text("mine")
    relative = attrs.evolve(experiment, cache=Path("runs/cache"))
    run = nasframe.run_experiment(relative, "run", source="source.txt")
    before, data = run.test, run.record["data"]
    assert data["source"] == str(tmp_path / "here/source.txt")
    assert data["cache"] == str(tmp_path / "here/runs/cache")
    monkeypatch.chdir(tmp_path / "there")
    log = Log()
    assert nasframe.evaluate(tmp_path / "here/run", progress=log) == before
    assert nasframe.evaluate("../here/run", source="../here/source.txt", progress=log) == before
    assert log.lines == []
    shutil.rmtree(data["cache"])
    assert nasframe.evaluate(tmp_path / "here/run", progress=log) == before
    assert [line for line in log.lines if line.startswith("digits: done")]
    assert Path(data["folders"]["digits"]).is_dir()
    assert list((tmp_path / "there").iterdir()) == []


def test_a_run_refuses_data_that_changed_under_it(experiment: Experiment, tmp_path: Path) -> None:
    source = tmp_path / "source.txt"
    source.write_text("first")
    nasframe.search(experiment, tmp_path / "run", source=source)
    for folder in experiment.cache.iterdir():
        folder.rename(tmp_path / "gone")
    source.write_text("second")
    with pytest.raises(RunError, match="the data or the code that reads it has changed"):
        nasframe.search(experiment, tmp_path / "run")


def test_a_run_whose_cache_is_gone_makes_it_again_where_the_user_says_it(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    before = run.test
    shutil.rmtree(experiment.cache)
    with pytest.raises(RunError, match=r"cache of its experiment names .*say it yourself, .*NASFRAME_CACHE="):
        nasframe.evaluate(run)
    assert not experiment.cache.exists()
    assert nasframe.evaluate(run, cache=experiment.cache) == before


def test_data_that_changed_is_refused_before_any_stage_runs(experiment: Experiment, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("one")
    run = nasframe.run_experiment(experiment, tmp_path / "run", source=source)
    cached = sorted((tmp_path / "cache").iterdir())
    source.write_text("two")
    for use in (
        lambda: nasframe.run_experiment(experiment, run.path),
        lambda: nasframe.evaluate(run),
        lambda: nasframe.evaluate(run, source=source),
    ):
        with pytest.raises(RunError, match="the data or the code that reads it has changed"):
            use()
    assert sorted((tmp_path / "cache").iterdir()) == cached


def test_a_run_whose_source_is_gone_is_evaluated_from_what_was_prepared(
    experiment: Experiment, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_text("one")
    run = nasframe.run_experiment(experiment, tmp_path / "run", source=source)
    source.rename(tmp_path / "moved")
    log = Log()
    assert nasframe.evaluate(run, progress=log) == run.test
    assert any("going on with what was prepared" in line for line in log.lines)
    assert nasframe.evaluate(run, source=tmp_path / "moved") == run.test


def test_a_stage_beside_the_others_may_come_or_change_and_the_run_goes_on(
    experiment: Experiment, tmp_path: Path
) -> None:
    plain = nasframe.run_experiment(experiment, tmp_path / "plain")
    reported = attrs.evolve(experiment, task=Reported(version=1))
    assert nasframe.evaluate(plain, experiment=reported) == plain.test
    run = nasframe.run_experiment(reported, tmp_path / "run")
    assert run.record["data"]["fingerprint"] == plain.record["data"]["fingerprint"]
    assert Path(run.record["data"]["folders"]["report"], "report.txt").read_text() == "2 files of digits"
    newer = attrs.evolve(experiment, task=Reported(version=2))
    assert nasframe.evaluate(run, experiment=newer) == run.test


@attrs.define
class Reported(Digits):
    """The digits, and a stage that tells about them."""

    version: int = 0

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        def report(context: StageContext) -> None:
            count = len([*context.earlier["digits"].iterdir()])
            (context.out / "report.txt").write_text(f"{count} files of digits")

        inputs = {"version": self.version}
        return [
            *super().stages(source, seed),
            Stage("report", inputs, report, after=("digits",), beside=True),
        ]
