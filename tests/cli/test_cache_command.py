"""`nasframe cache`: the prepared data of all runs, with sizes, and its removal."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nasframe.cli import main
from nasframe.runtime import Lock, default_cache
from nasframe.tasks import StagesInUse
from tests.toys import STREAMS


@pytest.fixture
def prepared(toy_streams: object, home: Path) -> Path:
    """The user's cache, after a run that names none."""
    (home / "runs").mkdir()
    assert main(["run", str(STREAMS), "search.epochs=1", "train.epochs=1", "--out", "runs/one"]) == 0
    return default_cache()


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    assert main(["cache", "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def begin(cache: Path) -> Path:
    """Leave of a stage what a killed process leaves."""
    left = cache / ".features-0123456789abcdef.0123456789ab.partial"
    (left / "features-0123456789abcdef").mkdir(parents=True)
    (left / "features-0123456789abcdef" / "half").write_bytes(b"1234")
    left.with_suffix(".lock").write_text("1")
    return left


def test_prepared_data_is_found_from_every_working_folder(
    prepared: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    capsys.readouterr()
    assert main(["run", str(STREAMS), "search.epochs=1", "train.epochs=1", "--out", "two"]) == 0
    assert "unchanged, skipped" in capsys.readouterr().err
    assert [item.name for item in Path().iterdir()] == ["two"]
    assert "cache" not in (Path("two") / "experiment.toml").read_text("utf-8")


def test_the_list_has_every_stage_with_its_size(prepared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = listed(capsys)
    assert found["cache"] == str(prepared)
    (stage,) = found["stages"]  # type: ignore[misc]
    files = [file for file in (prepared / stage["name"]).rglob("*") if file.is_file()]
    assert stage["state"] == "finished"
    assert stage["files"] == len(files)
    assert stage["bytes"] == found["bytes"] == sum(file.stat().st_size for file in files)
    assert main(["cache"]) == 0
    assert stage["name"] in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["--json"], ["remove", "--all"]])
def test_a_cache_that_is_named_and_not_there_is_refused(
    words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "nowhere").mkdir()
    assert main(["cache", *words, "--cache", "nowhre"]) == 2
    assert "--cache nowhre: no such folder; did you mean 'nowhere'?" in capsys.readouterr().err


def test_the_usual_cache_may_not_be_there_yet(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache"]) == 0
    assert "is not there yet" in capsys.readouterr().out
    assert listed(capsys)["stages"] == []


def test_an_empty_cache_holds_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "empty").mkdir()
    assert main(["cache", "--cache", "empty"]) == 0
    assert "empty holds no prepared data" in capsys.readouterr().out


def test_a_cache_that_is_a_file_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_text("x")
    assert main(["cache", "--cache", "file"]) == 2
    assert "file: cannot be read as a cache" in capsys.readouterr().err


@pytest.mark.parametrize("by", ["folder", "stage", "--all"])
def test_prepared_data_is_removed_and_made_again(
    by: str, prepared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (stage,) = listed(capsys)["stages"]  # type: ignore[misc]
    word = {"folder": stage["name"], "stage": stage["stage"], "--all": "--all"}[by]
    assert main(["cache", "remove", word]) == 0
    assert listed(capsys)["stages"] == []
    assert [*prepared.iterdir()] == []
    assert main(["evaluate", "runs/one"]) == 0
    assert len(listed(capsys)["stages"]) == 1  # type: ignore[arg-type]


def test_a_dry_run_removes_nothing(prepared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = listed(capsys)
    assert main(["cache", "remove", "--all", "--dry-run"]) == 0
    assert "would be removed" in capsys.readouterr().out
    assert listed(capsys) == before


def test_data_that_was_used_since_stays(prepared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (stage,) = listed(capsys)["stages"]  # type: ignore[misc]
    assert main(["cache", "remove", "--older-than", "1"]) == 0
    assert len(listed(capsys)["stages"]) == 1  # type: ignore[arg-type]
    os.utime(prepared / stage["name"] / "stage.json", (0, 0))
    assert main(["cache", "remove", "--older-than", "1"]) == 0
    assert listed(capsys)["stages"] == []


def test_the_rest_of_a_killed_stage_is_removed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left = begin(default_cache())
    (stage,) = listed(capsys)["stages"]  # type: ignore[misc]
    assert (stage["name"], stage["state"], stage["bytes"]) == ("features-0123456789abcdef", "unfinished", 4)
    assert main(["cache", "remove", "features"]) == 0
    assert not left.exists()
    assert not left.with_suffix(".lock").exists()


def test_a_stage_that_is_being_made_stays(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left = begin(default_cache())
    lock = Lock.acquire(left.with_suffix(".lock"))
    try:
        assert main(["cache", "remove", "--all"]) == 1
    finally:
        lock.release()
    assert "in use" in capsys.readouterr().out
    assert (left / "features-0123456789abcdef" / "half").exists()


def test_what_no_stage_has_made_is_never_removed(prepared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = prepared / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("all of it")
    (prepared / "link-0123456789abcdef").symlink_to(mine)
    assert main(["cache", "remove", "--all"]) == 0
    assert (mine / "thesis.tex").read_text() == "all of it"
    assert main(["cache", "remove", "mine"]) == 2
    assert "the cache holds no 'mine'" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["digits", "--all"], ["--older-than", "-1"]])
def test_words_that_say_nothing_clear_remove_nothing(
    words: list[str], prepared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cache", "remove", *words]) == 2
    assert len(listed(capsys)["stages"]) == 1  # type: ignore[arg-type]


def test_without_a_home_folder_the_variable_is_named(
    toy_streams: object, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", no_home)
    assert main(["run", str(STREAMS), "--out", "run"]) == 2
    assert "set NASFRAME_CACHE to a folder" in capsys.readouterr().err


def test_the_list_says_for_which_task_and_data_a_folder_was_made(
    prepared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (stage,) = listed(capsys)["stages"]  # type: ignore[misc]
    assert stage["made"]["task"] == "streams"
    assert stage["made"]["folder"] == str(Path.cwd())


def test_prepared_data_that_is_read_stays(prepared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (name,) = [item.name for item in prepared.iterdir()]
    reading = StagesInUse([prepared / name])
    assert listed(capsys)["stages"][0]["state"] == "in use"  # type: ignore[index]
    assert main(["cache", "remove", "--all"]) == 1
    assert "in use" in capsys.readouterr().out
    assert main(["cache", "remove", "--all", "--dry-run", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert ([one["name"] for one in found["in_use"]], found["would_remove"]) == ([name], [])
    assert main(["cache", "remove", "--all", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert ([one["name"] for one in found["in_use"]], found["removed"]) == ([name], [])
    del reading
    assert main(["cache", "remove", "--all", "--json"]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["removed"]] == [name]


def test_a_folder_with_a_damaged_record_is_shown_as_such_and_removed(
    prepared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder,) = prepared.iterdir()
    (folder / "stage.json").write_text("{", encoding="utf-8")
    (stage,) = listed(capsys)["stages"]  # type: ignore[misc]
    assert stage["state"] == "damaged"
    assert main(["cache", "remove", folder.name]) == 0
    assert not folder.exists()


def test_a_home_folder_in_the_variable_is_found(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NASFRAME_CACHE", "~/prepared")
    assert listed(capsys)["cache"] == str((home / "prepared").resolve())


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_file_in_the_place_of_the_cache_is_called_so(
    place: str,
    toy_streams: object,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (home / "file").write_text("x")
    monkeypatch.setenv("NASFRAME_CACHE", place)
    assert main(["run", str(STREAMS), "--out", "one"]) == 2
    assert "file: is a file, and the cache of prepared data was to be a folder" in capsys.readouterr().err
