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


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ('{"stage": "train", "epoch": "x"}', "is damaged: epoch: expected a whole number, found 'x'"),
        ('{"stage": "train", "epoch": 1e400}', "is no JSON object"),
        ('{"stage": "train", "epoch": NaN}', "is no JSON object"),
        ('{"stage": "train"}', "is damaged: lacks the key 'epoch'"),
        ('{"stage": 5}', "is damaged: stage: expected text, found 5"),
    ],
)
def test_a_line_that_no_training_writes_is_named_and_dropped(damage: str, words: str, tmp_path: Path) -> None:
    run = run_with(tmp_path, line(1, "train"), f"{damage}\n", line(2, "train"))
    _, said, is_whole = run.resume_history("train", 2)
    assert said == [f"{run.path / 'metrics.jsonl'}: line 2 (after train, epoch 1) {words}, and is dropped"]
    assert (is_whole, text(run)) == (True, line(1, "train") + line(2, "train"))


def test_epochs_of_a_plugin_that_are_no_numbers_are_said_as_they_are(tmp_path: Path) -> None:
    run = run_with(tmp_path, '{"stage": "own", "epoch": "x"}\n', '{"stage": "own", "epoch": 1e300}\n')
    (said,) = run.keep_metrics(lambda record: False, "of the test")
    assert "2 lines are dropped (own, epochs x, 1e+300): of the test" in said


def test_a_character_that_python_takes_for_the_end_of_a_line_stays_inside_it(tmp_path: Path) -> None:
    whole = '{"stage": "own", "text": "a\u2028b\u0085c"}\n'
    run = run_with(tmp_path, whole, '{"sta')
    assert len(run.keep_metrics(lambda record: True)) == 1
    assert run.metrics == [{"stage": "own", "text": "a\u2028b\u0085c"}]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_in_the_place_of_the_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    run = run_with(tmp_path)
    (run.path / "metrics.jsonl").unlink()
    os.mkfifo(run.path / "metrics.jsonl")
    for read in (lambda: run.resume_history("search", 1), lambda: cut_short(run.path / "metrics.jsonl")):
        with pytest.raises(RunError, match=r"metrics\.jsonl: is a pipe; expected a regular file"):
            read()


def test_a_checkpoint_that_says_any_number_of_epochs_lists_three(tmp_path: Path) -> None:
    run = run_with(tmp_path, line(1))
    _, said, is_whole = run.resume_history("search", 10**9)
    assert not is_whole
    assert said[0].endswith("has no line of search, epoch 2, 3, 4 and 999999996 more, so search begins again")
