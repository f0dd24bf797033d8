"""The failure of a command is on record until the command goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nasframe.errors import RunError
from nasframe.runs import Command, Run, claimed, failure_of, read_record

EXPERIMENT = "seed = 0\n"


def end_by(error: BaseException, path: Path, *, at_work: bool) -> None:
    with pytest.raises(type(error)):
        work(error, path, at_work=at_work)


def work(error: BaseException, path: Path, *, at_work: bool) -> None:
    with claimed(path, EXPERIMENT, command=Command("run")):
        if at_work:
            Run.create(path, EXPERIMENT).take_up()
        raise error


FAILURE = RunError("the loss is not finite\n  Its examples: 3, 5.")


def test_the_error_of_a_command_at_work_is_recorded_on_one_line(tmp_path: Path) -> None:
    end_by(FAILURE, tmp_path / "run", at_work=True)
    assert failure_of(read_record(tmp_path / "run")) == "the loss is not finite. Its examples: 3, 5."


def test_a_refusal_before_any_work_is_no_failure_of_the_run(tmp_path: Path) -> None:
    path = tmp_path / "run"
    end_by(KeyboardInterrupt(), path, at_work=True)
    end_by(FAILURE, path, at_work=False)
    assert failure_of(read_record(path)) == ""


def test_a_run_folder_that_is_removed_during_the_run_is_named_as_removed(tmp_path: Path) -> None:
    path = tmp_path / "run"

    def lose() -> None:
        with claimed(path, EXPERIMENT, command=Command("run")):
            run = Run.create(path, EXPERIMENT)
            shutil.rmtree(path)
            run.log({"stage": "search"})

    with pytest.raises(RunError, match=r"run: the folder was removed while the run wrote to it"):
        lose()
    assert not path.exists()


def test_a_command_that_goes_on_has_not_failed_any_more(tmp_path: Path) -> None:
    path = tmp_path / "run"
    end_by(FAILURE, path, at_work=True)
    with claimed(path, EXPERIMENT, command=Command("run")):
        Run.open(path).take_up()
        assert failure_of(read_record(path)) == ""
    assert failure_of(read_record(path)) == ""
