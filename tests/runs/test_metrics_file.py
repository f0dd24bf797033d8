"""`metrics.jsonl` after a kill or a power cut: what is dropped is said, and the file is whole again."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from nasframe import Run
from nasframe.errors import RunError
from nasframe.runs import cut_short


def run_with(folder: Path, *lines: str) -> Run:
    run = Run.create(folder / "run", "")
    (run.path / "metrics.jsonl").write_bytes("".join(lines).encode())
    return run


def line(epoch: int, stage: str = "search") -> str:
    return json.dumps({"stage": stage, "epoch": epoch}) + "\n"


def text(run: Run) -> str:
    return (run.path / "metrics.jsonl").read_text(encoding="utf-8")


def test_a_line_that_was_cut_short_is_said_with_its_place_and_the_file_is_whole(tmp_path: Path) -> None:
    run = run_with(tmp_path, line(1), line(2), '{"stage": "sea')
    file = run.path / "metrics.jsonl"
    expected = (
        f"{file}: line 3 (after search, epoch 2) was cut short by a kill or a full disk, and is dropped"
    )
    assert cut_short(file) == expected
    history, said, is_whole = run.resume_history("search", 2)
    assert (said, is_whole, text(run)) == ([expected], True, line(1) + line(2))
    assert [record["epoch"] for record in history] == [1, 2]
    assert run.resume_history("search", 2)[1] == []  # said once
    assert cut_short(file) == ""


def test_lines_that_are_newer_than_the_checkpoint_are_said_and_dropped(tmp_path: Path) -> None:
    run = run_with(tmp_path, line(1), line(2), line(3), line(4))
    _, said, is_whole = run.resume_history("search", 2)
    assert said == [
        f"{run.path / 'metrics.jsonl'}: 2 lines are dropped (search, epochs 3 to 4): they are newer than the "
        "last checkpoint, and these epochs are done again"
    ]
    assert is_whole
    assert text(run) == line(1) + line(2)


@pytest.mark.parametrize("damage", ["\0\0\0\0\n", '{"stage": "search", "epo\n', "[1]\n", "\n"])
def test_a_damaged_line_in_the_middle_is_named_and_its_stage_begins_again(
    damage: str, tmp_path: Path
) -> None:
    run = run_with(tmp_path, line(1), damage, line(3), line(1, "other"))
    history, said, is_whole = run.resume_history("search", 3)
    file = run.path / "metrics.jsonl"
    assert said == [
        f"{file}: line 2 (after search, epoch 1) is no JSON object, and is dropped",
        f"{file}: has no line of search, epoch 2, so search begins again",
    ]
    assert (history, is_whole, text(run)) == ([], False, line(1, "other"))


def test_lines_that_never_reached_the_disk_are_missed(tmp_path: Path) -> None:
    run = run_with(tmp_path, line(1))
    history, said, is_whole = run.resume_history("search", 4)
    assert (history, is_whole, text(run)) == ([], False, "")
    assert said == [
        f"{run.path / 'metrics.jsonl'}: has no line of search, epoch 2, 3, 4, so search begins again"
    ]


def test_a_line_after_one_that_was_cut_short_stays_whole(tmp_path: Path) -> None:
    run = run_with(tmp_path, line(1), '{"sta')
    run.log({"stage": "search", "epoch": 2})
    assert text(run) == line(1) + '{"sta\n' + line(2)
    with pytest.raises(RunError, match=r"metrics.jsonl: line 2"):
        run.metrics  # noqa: B018
    run.keep_metrics(lambda record: True)
    assert [record["epoch"] for record in run.metrics] == [1, 2]


def test_a_line_that_cannot_be_written_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_with(tmp_path, line(1))
    usual = os.write
    calls = 0

    def full(descriptor: int, content: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 1:
            return usual(descriptor, content[:5])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match=r"No space left on device: .*metrics.jsonl") as found:
        run.log({"stage": "search", "epoch": 2})
    assert found.value.errno == 28
    assert text(run) == line(1)
