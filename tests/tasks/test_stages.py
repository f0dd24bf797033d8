"""Stages: run once for the same inputs, whole or absent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from nasframe import Stage, StageContext
from nasframe.cli import main
from nasframe.errors import DataError
from nasframe.runtime import Progress
from nasframe.tasks import run_stages, stage_fingerprints
from tests.recorded_progress import Log

CPU = torch.device("cpu")


def stages(calls: list[str], first: int = 1, second: int = 1) -> list[Stage]:
    def write(context: StageContext) -> None:
        calls.append("write")
        (context.out / "number").write_text(str(first))

    def double(context: StageContext) -> None:
        calls.append("double")
        number = int((context.earlier["write"] / "number").read_text())
        (context.out / "number").write_text(str(2 * number))

    return [
        Stage("write", {"first": first}, write),
        Stage("double", {"second": second}, double, after=("write",)),
    ]


def test_stages_run_in_order_and_see_earlier_folders(tmp_path: Path) -> None:
    calls: list[str] = []
    results = run_stages(stages(calls, first=21), tmp_path, CPU, Progress())
    assert calls == ["write", "double"]
    assert (results["double"].folder / "number").read_text() == "42"


def test_unchanged_stages_are_skipped_and_it_is_said(tmp_path: Path) -> None:
    calls: list[str] = []
    run_stages(stages(calls), tmp_path, CPU, Progress())
    log = Log()
    results = run_stages(stages(calls), tmp_path, CPU, log)
    assert calls == ["write", "double"]
    assert all(result.skipped for result in results.values())
    assert [line.split(":")[1].split(",")[0] for line in log.lines] == [" unchanged", " unchanged"]


def test_a_change_runs_the_stage_and_all_that_comes_after_it(tmp_path: Path) -> None:
    calls: list[str] = []
    run_stages(stages(calls), tmp_path, CPU, Progress())
    run_stages(stages(calls, second=2), tmp_path, CPU, Progress())
    assert calls == ["write", "double", "double"]
    run_stages(stages(calls, first=2), tmp_path, CPU, Progress())
    assert calls == ["write", "double", "double", "write", "double"]


def test_a_stage_that_fails_leaves_nothing_and_runs_again(tmp_path: Path) -> None:
    def fail(context: StageContext) -> None:
        (context.out / "half").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_stages([Stage("fail", {}, fail)], tmp_path, CPU, Progress())
    assert list(tmp_path.iterdir()) == []
    calls: list[str] = []
    run_stages(stages(calls), tmp_path, CPU, Progress())
    assert calls == ["write", "double"]


def test_the_first_of_two_processes_provides_the_folder_of_both(tmp_path: Path) -> None:
    inner: dict[str, int] = {}

    def first(context: StageContext) -> None:
        (context.out / "who").write_text("first")

    def second(context: StageContext) -> None:
        # Another process runs the whole stage while this one does.
        done = run_stages([Stage("race", {}, first)], tmp_path, CPU, Progress())["race"]
        inner["inode"] = done.folder.stat().st_ino
        (context.out / "who").write_text("second")

    result = run_stages([Stage("race", {}, second)], tmp_path, CPU, Progress())["race"]
    assert result.folder.stat().st_ino == inner["inode"]
    assert (result.folder / "who").read_text() == "first"
    assert list(tmp_path.iterdir()) == [result.folder]


def test_a_folder_without_a_record_makes_room_for_the_finished_one(tmp_path: Path) -> None:
    calls: list[str] = []
    folder = run_stages(stages(calls), tmp_path, CPU, Progress())["write"].folder
    (folder / "stage.json").unlink()
    (folder / "stale").write_text("")
    run_stages(stages(calls), tmp_path, CPU, Progress())
    assert calls == ["write", "double", "write"]
    assert {path.name for path in folder.iterdir()} == {"number", "stage.json"}
    assert len(list(tmp_path.iterdir())) == 2


def process_in_a_stage(cache: Path, *, number: int) -> int:
    """A process in the middle of a stage, with whatever number it has in its container."""
    ready, say = os.pipe()
    process = os.fork()
    if process == 0:

        def wait(context: StageContext) -> None:
            (context.out / "half").write_text("half")
            os.write(say, b"!")
            signal.pause()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "getpid", lambda: number)
            run_stages([Stage("made", {}, wait)], cache, CPU, Progress())
        os._exit(1)
    assert os.read(ready, 1) == b"!"
    os.close(ready)
    os.close(say)
    return process


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def ended_number() -> int:
    """The number of a process that has ended."""
    process = os.fork()
    if process == 0:
        os._exit(0)
    os.waitpid(process, 0)
    return process


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_makes_is_not(tmp_path: Path) -> None:
    quick = [Stage("made", {}, lambda context: None)]
    killed = process_in_a_stage(tmp_path, number=os.getpid())  # a number that somebody else has here
    living = process_in_a_stage(tmp_path, number=ended_number())  # one that nobody has here
    kill(killed)
    halves = set(tmp_path.glob(".*.partial/*/half"))
    assert len(halves) == 2
    try:
        folder = run_stages(quick, tmp_path, CPU, Progress())["made"].folder
        (left,) = tmp_path.glob(".*.partial/*/half")
        assert left in halves
    finally:
        kill(living)
    (folder / "stage.json").unlink()
    run_stages(quick, tmp_path, CPU, Progress())
    assert list(tmp_path.iterdir()) == [folder]


def test_a_stage_that_resumes_goes_on_with_what_it_left_for_the_same_inputs_alone(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def count(context: StageContext) -> None:
        seen.append(sorted(path.name for path in context.out.iterdir()))
        (context.out / str(len(seen))).touch()
        (context.out / "some").write_text("some")
        if len(seen) < 4:
            raise KeyboardInterrupt

    for number in (0, 0, 1):
        with pytest.raises(KeyboardInterrupt):
            run_stages([Stage("count", {"number": number}, count, resumes=True)], tmp_path, CPU, Progress())
    results = run_stages([Stage("count", {"number": 0}, count, resumes=True)], tmp_path, CPU, Progress())
    assert seen == [[], ["1", "some"], [], ["1", "2", "some"]]
    made = {path.name for path in results["count"].folder.iterdir()}
    assert made == {"1", "2", "4", "some", "stage.json"}


def test_an_unfinished_folder_of_an_older_version_stays_because_nobody_knows_whose_it_is(
    tmp_path: Path,
) -> None:
    old = (
        tmp_path
        / f".{run_stages(stages([]), tmp_path, CPU, Progress())['write'].folder.name}.host.12-a.partial"
    )
    old.mkdir()
    for record in tmp_path.glob("write-*/stage.json"):
        record.unlink()
    run_stages(stages([]), tmp_path, CPU, Progress())
    assert old.exists()


def test_a_stages_folder_has_the_mode_of_any_folder(tmp_path: Path) -> None:
    folder = run_stages(stages([]), tmp_path, CPU, Progress())["write"].folder
    (tmp_path / "plain").mkdir()
    assert folder.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_skipped_stage_tells_how_long_it_took_when_it_was_done(tmp_path: Path) -> None:
    done = run_stages(stages([]), tmp_path, CPU, Progress())
    again = run_stages(stages([]), tmp_path, CPU, Progress())
    for name, result in again.items():
        assert result.skipped
        assert result.seconds == pytest.approx(done[name].seconds, abs=1e-3)


def test_a_damaged_record_is_refused_with_its_remedy_before_its_stage_is_called_unchanged(
    tmp_path: Path,
) -> None:
    folder = run_stages(stages([]), tmp_path, CPU, Progress())["write"].folder
    (folder / "stage.json").write_text("{", encoding="utf-8")
    log = Log()
    with pytest.raises(DataError) as caught:
        run_stages(stages([]), tmp_path, CPU, log)
    assert log.lines == []
    assert f"`nasframe cache remove {folder.name} --cache {tmp_path}`" in str(caught.value)
    assert main(["cache", "remove", folder.name, "--cache", str(tmp_path)]) == 0
    assert run_stages(stages([]), tmp_path, CPU, Progress())["write"].skipped is False


def test_fingerprints_do_not_depend_on_the_version_of_nasframe() -> None:
    code = (
        "import nasframe; nasframe.__version__ = '99'\n"
        "from nasframe.tasks import Stage, stage_fingerprints\n"
        "print(stage_fingerprints([Stage('write', {'text': 'a'}, print)])['write'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == stage_fingerprints([Stage("write", {"text": "a"}, print)])["write"]


def test_fingerprints_are_known_before_any_stage_is_run(tmp_path: Path) -> None:
    calls: list[str] = []
    keys = stage_fingerprints(stages(calls))
    assert calls == []
    done = run_stages(stages(calls), tmp_path, CPU, Progress())
    assert keys == {name: result.fingerprint for name, result in done.items()}
