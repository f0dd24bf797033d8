"""The record of a study that a stranger wrote: what `resume` takes from it, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from nasframe.errors import NasframeError, RunError
from nasframe.experiment import read_toml
from nasframe.runtime import cores
from nasframe.studies import resume_study
from nasframe.studies.resuming import fitting_this_machine
from tests.toys import SUMS


def interrupted(folder: Path, function: str, cache: str = "runs/cache", **arguments: Any) -> Path:
    """A study whose data was being prepared, as its folder records it."""
    kind = {"compare": "comparison", "sweep": "sweep", "tabulate": "table"}[function]
    values = {**read_toml(SUMS), "cache": cache}
    experiment = {"values": values, "source": "sums.toml", "name": "sums"}
    call = {"call": function, "experiment": experiment, "arguments": arguments}
    record = {"format": 1, "nasframe": "0.2.0", "kind": kind, "plan": None, "unfinished": call}
    folder.mkdir()
    (folder / "study.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("sweep", {"axes": ["samples=1,2"]}),
        ("sweep", {"axes": ["cache=runs/cache,{victim}"]}),
        ("sweep", {"axes": ["samples=1,2"], "overrides": ["cache={victim}"]}),
        ("compare", {"seeds": 1, "overrides": ["cache={victim}"]}),
        ("tabulate", {"architectures": 2, "overrides": ["cache={victim}"]}),
    ],
)
def test_a_study_resumes_in_no_folder_that_is_no_cache(
    call: str, arguments: dict[str, Any], toy_sums: None, home: Path, tmp_path: Path
) -> None:
    victim = (tmp_path / "victim").as_posix()
    given = json.loads(json.dumps(arguments).replace("{victim}", victim))
    cache = "runs/cache" if given != arguments else victim
    folder = interrupted(tmp_path / "study", call, cache, **given)
    with pytest.raises(RunError, match=r"study: cache of an experiment in study\.json names .*victim"):
        resume_study(folder)
    assert not Path(victim).exists()


@pytest.mark.parametrize(
    ("call", "arguments", "words"),
    [
        (
            "compare",
            {"seeds": 10**9},
            "the variants, times --seeds: expected 100,000 trials at most, found ",
        ),
        ("compare", {"random": 10**9}, "--random, times --seeds: expected 100,000 trials at most, found "),
        ("sweep", {"axes": ["samples=1,2"], "seeds": 10**9}, "the points, times --seeds: expected 100,000 "),
        (
            "sweep",
            {"axes": [f"{key}={','.join(map(str, range(1, 999)))}" for key in ("samples", "seed")]},
            "found 996004 × 1",
        ),
        (
            "tabulate",
            {"architectures": 10**9},
            "--architectures: expected 100,000 trials at most, found",
        ),
        (
            "sweep",
            {"axes": ["samples=1"], "seeds": 10**30},
            "arguments.seeds: expected a number from",
        ),
        (
            "sweep",
            {"axes": ["samples=1"], "seeds": "3"},
            "seeds: expected a whole number, found '3'",
        ),
        ("sweep", {"axes": ["samples=1"], "source": "a\0b"}, "arguments.source: expected a path, found 'a"),
        ("compare", {"tables": ["a\0b"]}, "arguments.tables.0: expected a path, found 'a"),
        (
            "sweep",
            {"axes": ["samples=1"], "own": 3},
            "arguments.own: cannot be 3: nasframe writes no",
        ),
    ],
)
def test_a_study_that_asks_for_what_no_command_asks_is_refused_at_once(
    call: str, arguments: dict[str, Any], words: str, toy_sums: None, home: Path
) -> None:
    with pytest.raises(NasframeError, match=re.escape(words)):
        resume_study(interrupted(home / "study", call, **arguments))


def test_a_study_resumes_with_no_more_workers_than_this_machine_has_cores() -> None:
    assert fitting_this_machine({"workers": 10**6, "seeds": 3}) == {"workers": cores(), "seeds": 3}
    assert [fitting_this_machine({"workers": given})["workers"] for given in (1, None)] == [1, None]


def test_a_study_that_no_command_records_is_refused(home: Path) -> None:
    folder = interrupted(home / "study", "sweep", axes=["samples=1"])
    record = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    for unfinished, words in (
        ([], "unfinished: expected an object, found a list of 0"),
        ({**record["unfinished"], "call": "own"}, "unfinished.call: unknown value 'own'"),
        (
            {**record["unfinished"], "experiment": {"values": {}}},
            "experiment: lacks the key 'source'",
        ),
    ):
        (folder / "study.json").write_text(json.dumps({**record, "unfinished": unfinished}), encoding="utf-8")
        with pytest.raises(RunError, match=re.escape(words)):
            resume_study(folder)


@pytest.mark.parametrize(
    ("call", "arguments", "again"),
    [
        ("sweep", {"axes": ["samples=1,2"], "source": "{there}"}, "--data {there}"),
        ("compare", {"tables": ["{there}", "{there}"]}, "--table {there} --table {there}"),
    ],
)
def test_data_and_tables_outside_a_study_are_not_read_unless_they_are_given(
    call: str, arguments: dict[str, Any], again: str, toy_sums: None, home: Path, tmp_path: Path
) -> None:
    there = (tmp_path / "of the user").as_posix()
    given = json.loads(json.dumps(arguments).replace("{there}", there))
    folder = interrupted(home / "study", call, **given)
    words = again.replace("{there}", f"'{there}'")
    with pytest.raises(RunError, match=re.escape(f"say it yourself: nasframe resume {folder} {words}")):
        resume_study(folder)
    key = "source" if call == "sweep" else "tables"
    with pytest.raises(NasframeError) as found:  # it is looked for: it is not there
        resume_study(folder, **{key: given[key]})
    assert "say it yourself" not in str(found.value)


def test_data_inside_a_study_is_read_as_its_record_says(toy_sums: None, home: Path) -> None:
    folder = interrupted(home / "study", "sweep", axes=["samples=1,2"], source=str(home / "study/none.txt"))
    with pytest.raises(NasframeError, match=r"none\.txt: no such file or folder"):
        resume_study(folder)
