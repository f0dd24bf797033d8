"""A run on several processes: one search, one folder, one screen, and the end of a process that dies."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nasframe import Run
from nasframe.runs import load_checkpoint
from tests.forked_programs import ForkedProgram, ForkingServer
from tests.processes.conftest import ROOT, Started, started
from tests.toys import STREAMS, TOYS

SMALL = [
    *(str(STREAMS), "space.dropout=0", "task.examples=80", "search.epochs=4", "search.min_epochs=4"),
    *("search.batch_size=16", "train.epochs=1", "cache=cache", "loop.architecture_rate=0.05"),
]


def ended(programs: list[ForkedProgram], patience: float = 60) -> list[tuple[int, str, str]]:
    """The status of each, its results and its messages."""
    found = [program.communicate(patience) for program in programs]
    return [(program.wait(), *said) for program, said in zip(programs, found, strict=True)]


def wait_for_epoch(folder: Path, epoch: int, programs: list[ForkedProgram]) -> None:
    until = time.monotonic() + 30
    file = folder / "metrics.jsonl"
    while not file.exists() or len(file.read_text(encoding="utf-8").splitlines()) < epoch:
        assert time.monotonic() < until
        assert all(program.poll() is None for program in programs), ended(programs)
        time.sleep(0.01)


def assert_near(run: Run, other: Run, tolerance: float = 1e-3) -> None:
    """Two searches took the same steps: their losses, metrics and logits are the same but for rounding."""
    lines = run.history("search"), other.history("search")
    assert len(lines[0]) == len(lines[1]) == 4
    for one, two in zip(*lines, strict=True):
        assert one["loss"] == pytest.approx(two["loss"], abs=tolerance)
        assert one["validation"] == pytest.approx(two["validation"], abs=tolerance)
        assert one["derived"] == two["derived"]
    assert run.architecture == other.architecture
    states = [load_checkpoint(item.checkpoints, "search") for item in (run, other)]
    first, second = (state.part("supernet.logits.") for state in states if state is not None)
    assert first
    for name, value in first.items():
        assert (value - second[name]).abs().max() < tolerance, name


@pytest.fixture(scope="module")
def alone(programs: ForkingServer, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The search in one process. Tests read its folder and leave it as it is."""
    folder = tmp_path_factory.mktemp("alone")
    ((status, _, errors),) = ended(started(programs, folder, 1, "search", *SMALL, "--out", "alone"))
    assert status == 0, errors
    return Run.open(folder / "alone")


@pytest.mark.parametrize("count", [2, 4])
def test_a_search_on_several_processes_is_that_of_one_and_the_first_alone_prints(
    search_together: Started, alone: Run, tmp_path: Path, count: int
) -> None:
    first, *others = ended(search_together(count, "search", *SMALL, "--out", "together"))
    assert (first[0], "report.html" in first[1] or "metrics.jsonl" in first[1]) == (0, True), first
    assert others == [(0, "", "")] * (count - 1)
    assert_near(Run.open(tmp_path / "together"), alone)


@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2)])
def test_a_search_that_was_killed_goes_on_with_another_number_of_processes(
    search_together: Started, alone: Run, tmp_path: Path, before: int, after: int
) -> None:
    words = ["search", *SMALL, "--out", "killed"]
    programs = search_together(before, *words, "task.pause=0.03")
    wait_for_epoch(tmp_path / "killed", 2, programs)
    for program in programs:
        program.kill()
    assert not (tmp_path / "killed/architecture.json").exists()
    assert [status for status, *_ in ended(search_together(after, *words, "task.pause=0.03"))] == [0] * after
    assert_near(Run.open(tmp_path / "killed"), alone)


@pytest.mark.parametrize("killed", [0, 1])
def test_the_others_end_within_seconds_where_a_process_is_killed_and_the_search_goes_on_later(
    search_together: Started, tmp_path: Path, killed: int
) -> None:
    words = ["search", *SMALL, "task.pause=0.03", "--out", "killed"]
    programs = search_together(2, *words)
    wait_for_epoch(tmp_path / "killed", 1, programs)
    begun = time.monotonic()
    programs[killed].kill()
    status, _, errors = ended(programs)[1 - killed]
    assert time.monotonic() - begun < 10
    assert status == 2
    assert f"process {killed} of the 2 of this search ended without a word" in errors
    assert "Finished epochs are kept" in errors


STEP_IN_A_GROUP = """
import os, sys, time, torch
from nasframe.processes import joined

with joined(torch.device("cpu")) as group:
    parameter = torch.nn.Parameter(torch.ones(3))
    parameter.sum().backward()
    group.mean_gradients([parameter])
    torch.optim.Adam([parameter]).step()  # imports much of torch
end = time.monotonic() + 20
while len(os.listdir("/proc/self/task")) > 1 and time.monotonic() < end:
    time.sleep(0.01)  # a thread that was joined is listed until the system has ended it
sys.stdout.write(f"{len(os.listdir('/proc/self/task'))}\\n")  # whole, unlike print
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="this system does not list threads")
def test_no_thread_of_a_group_lives_after_it_and_aborts_the_end_of_its_process(tmp_path: Path) -> None:
    (tmp_path / "step.py").write_text(STEP_IN_A_GROUP, encoding="utf-8")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    made = subprocess.run(
        [*launcher, "step.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (made.returncode, made.stdout.split()) == (0, ["1", "1"]), made.stderr


def test_torchrun_makes_a_whole_run(alone: Run, tmp_path: Path) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    program = ["-m", "nasframe", "--plugin", str(TOYS / "toy_streams.py"), "run", *SMALL, "--out", "run"]
    made = subprocess.run(
        [*launcher, *program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert made.returncode == 0, made.stderr
    assert made.stdout.count("report.html") == 1
    run = Run.open(tmp_path / "run")
    assert_near(run, alone)
    assert run.test is not None
    assert run.record["unfinished"] == {}


REFUSED: dict[str, tuple[list[str], str]] = {
    "batch norm": (
        ["search", *SMALL, "space.norm=batch_norm"],
        "normalises by the statistics of a batch, of which each of 2 processes has only a part",
    ),
    "small batches": (
        ["search", *(word for word in SMALL if "batch_size" not in word), "search.batch_size=1"],
        "a batch holds 1, and 2 processes need an example each",
    ),
    "no supernet": (
        ["search", str(STREAMS), "loop.name=random", "cache=cache"],
        "the loop 'random' trains no supernet that 2 processes could share; --workers is for it",
    ),
    "another command": (
        ["train", *SMALL],
        "nasframe train: works in one process, and 2 were started; torchrun is for run and search",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_several_processes_cannot_do_is_refused_in_a_sentence(
    search_together: Started, name: str
) -> None:
    words, said = REFUSED[name]
    for status, _, errors in ended(search_together(2, *words, "--out", "run")):
        assert status == 2
        assert said in " ".join(errors.split())


def test_a_batch_too_small_for_the_processes_is_refused_before_the_data_is_prepared(
    search_together: Started, tmp_path: Path
) -> None:
    words, said = REFUSED["small batches"]
    for _, _, errors in ended(search_together(2, *words, "--out", "run")):
        assert said in " ".join(errors.split())
    assert not (tmp_path / "cache").exists()


def test_processes_with_different_experiments_are_refused(search_together: Started) -> None:
    said = "process 1 of 2 has another experiment than process 0"
    for status, _, errors in ended(search_together(2, "search", *SMALL, "--out", "run", last=["seed=5"])):
        assert status == 2
        assert said in " ".join(errors.split())


def test_the_others_end_with_the_message_of_the_first_where_it_begins_no_search(
    search_together: Started, alone: Run
) -> None:
    words = ["search", *SMALL, "seed=7", "--out", str(alone.path)]
    first, second = ended(search_together(2, *words))
    assert (first[0], second[0]) == (2, 2)
    assert "holds the run of another experiment" in first[2]
    assert "process 0 of the 2 of this search ended" in second[2]
    assert "holds the run of another experiment" in second[2]


def test_a_search_that_is_done_is_skipped_on_several_processes_too(
    search_together: Started, alone: Run
) -> None:
    first, second = ended(search_together(2, "search", *SMALL, "--out", str(alone.path)))
    assert (first[0], second) == (0, (0, "", ""))
    assert "search: unchanged, skipped" in first[2]
