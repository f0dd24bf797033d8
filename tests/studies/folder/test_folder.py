"""The folder of a study: who may work in it, and what is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nasframe.errors import RunError
from nasframe.studies.folder import open_study, read_study

PLAN = {"experiment": {"seed": 1, "search": {"epochs": 2}}}


def test_a_study_that_was_begun_is_gone_on_with_by_the_same_plan(tmp_path: Path) -> None:
    for _ in range(2):
        with open_study(tmp_path / "out", "sweep", PLAN) as study:
            study.begin()
    assert read_study(tmp_path / "out")["plan"] == PLAN


def test_a_place_where_nothing_was_begun_is_left_as_it_was(tmp_path: Path) -> None:
    with open_study(tmp_path / "out", "sweep", PLAN):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_a_study_that_is_removed_meanwhile_is_named_as_removed(tmp_path: Path) -> None:
    def lose() -> None:
        with open_study(tmp_path / "out", "sweep", PLAN) as study:
            study.begin()
            shutil.rmtree(tmp_path / "out")
            read_study(tmp_path / "out")

    with pytest.raises(RunError, match=r"out: the folder was removed while the study wrote to it"):
        lose()


def test_a_study_of_another_kind_is_refused(tmp_path: Path) -> None:
    with open_study(tmp_path, "table", PLAN) as study:
        study.begin()
    with (
        pytest.raises(RunError, match="holds a table, not a sweep"),
        open_study(tmp_path, "sweep", PLAN, overwrite=True),
    ):
        pass


def test_every_difference_is_shown_by_its_key(tmp_path: Path) -> None:
    with open_study(tmp_path, "sweep", PLAN) as study:
        study.begin()
    other = {"experiment": {"seed": 2, "search": {"epochs": 2, "level": 0.1}}}
    with pytest.raises(RunError) as caught, open_study(tmp_path, "sweep", other):
        pass
    assert "\n  seed: there 1, now 2\n  search.level: there nothing, now 0.1\n" in str(caught.value)


@pytest.mark.parametrize("content", ["not JSON", "{}", '{"format": 99, "kind": "sweep", "plan": {}}'])
def test_a_record_that_is_not_ours_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text(content, encoding="utf-8")
    with (
        pytest.raises(RunError, match="cannot be read|none of nasframe's"),
        open_study(tmp_path, "sweep", PLAN),
    ):
        pass
    assert (tmp_path / "study.json").read_text(encoding="utf-8") == content


def test_two_processes_do_not_work_in_one_study(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from nasframe.runtime import Lock\n"
        f"lock = Lock.acquire(Path({str(tmp_path / 'out' / 'study.lock')!r}))\n"
        "print('claimed', flush=True); sys.stdin.read(); lock.release()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "claimed\n"
    with (
        pytest.raises(RunError, match=f"process {other.pid} is at work in this study"),
        open_study(tmp_path / "out", "sweep", PLAN),
    ):
        pass
    other.communicate("")
    with open_study(tmp_path / "out", "sweep", PLAN):
        pass


def test_overwrite_removes_what_a_study_wrote_once_it_begins(tmp_path: Path) -> None:
    with open_study(tmp_path, "sweep", PLAN) as study:
        study.begin()
        study.save({"kind": "sweep"})
        study.trial_folder("a").mkdir(parents=True)
    with open_study(tmp_path, "sweep", {"experiment": {}}, overwrite=True) as study:
        assert study.trial_folder("a").exists()
        study.begin()
    assert sorted(item.name for item in tmp_path.iterdir()) == ["study.json"]
    assert read_study(tmp_path)["plan"] == {"experiment": {}}


@pytest.mark.parametrize("stranger", ["notes.txt", "trials/notes.txt", "trials/a/notes.txt"])
def test_overwrite_refuses_what_no_study_writes(stranger: str, tmp_path: Path) -> None:
    with open_study(tmp_path, "sweep", PLAN) as study:
        study.begin()
        run = study.trial_folder("a")
        (run / "checkpoints").mkdir(parents=True)
        record = {"format": 1, "nasframe": "0", "experiment": "x"}
        (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    (tmp_path / stranger).write_text("mine", encoding="utf-8")
    with (
        pytest.raises(RunError, match=r"notes\.txt, which no (study|run) writes; nothing was removed"),
        open_study(tmp_path, "sweep", PLAN, overwrite=True),
    ):
        pass
    assert (tmp_path / stranger).exists()


def test_the_queue_of_an_earlier_version_is_kept_and_goes_when_the_study_is_replaced(tmp_path: Path) -> None:
    for overwrite in (False, True):
        with open_study(tmp_path, "sweep", PLAN, overwrite=overwrite) as study:
            study.begin()
        files = [
            tmp_path / f"study.sqlite3{ending}" for ending in ("", "-journal", "-wal", "-shm", ".damaged")
        ]
        assert [file.exists() for file in files] == [False] * 5
        for file in files:
            file.write_bytes(b"of an earlier version")
    with open_study(tmp_path, "sweep", PLAN) as study:
        study.begin()
    assert all(file.exists() for file in files)


def test_a_study_that_is_replaced_has_a_whole_record_in_the_end(tmp_path: Path) -> None:
    for overwrite in (False, True):
        with open_study(tmp_path / "out", "sweep", PLAN, overwrite=overwrite) as study:
            study.begin(objective="auc")
            study.note_trials(2, 1, {"b": "no luck\nand more"})
            study.end()
    record = read_study(tmp_path / "out")
    assert (record["kind"], record["plan"], record["objective"]) == ("sweep", PLAN, "auc")
    assert record["trials"] == {"count": 2, "done": 1, "failed": {"b": "no luck; and more"}}


CALL = {"call": "sweep"}


def fail(folder: Path) -> None:
    with open_study(folder, "sweep", PLAN, call=CALL) as study:
        study.begin()
        raise RunError("every trial failed:\n  no luck")


def test_the_error_that_ends_a_study_is_recorded_until_it_goes_on(tmp_path: Path) -> None:
    with pytest.raises(RunError):
        fail(tmp_path / "out")
    assert read_study(tmp_path / "out")["failure"] == "every trial failed: no luck"
    with open_study(tmp_path / "out", "sweep", PLAN, call=CALL) as study:
        study.record_call({})
        assert "failure" not in read_study(tmp_path / "out")
