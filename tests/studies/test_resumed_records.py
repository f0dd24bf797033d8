"""The record of a study that a stranger wrote: what `resume` takes from it, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nasframe.errors import RunError
from nasframe.experiment import read_toml
from nasframe.studies import resume_study
from tests.toys import SUMS


def interrupted(folder: Path, call: str, cache: str = "runs/cache", **arguments: Any) -> Path:
    """A study whose data was being prepared, as its folder records it."""
    kind = {"compare": "comparison", "sweep": "sweep", "tabulate": "table"}[call]
    values = {**read_toml(SUMS), "cache": cache}
    experiment = {"values": values, "source": "sums.toml", "name": "sums"}
    asked = {"call": call, "experiment": experiment, "arguments": arguments}
    record = {"format": 1, "nasframe": "0.2.0", "kind": kind, "plan": None, "unfinished": asked}
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
