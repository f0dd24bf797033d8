"""Any name is the name of one file in its folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasframe import Run
from nasframe.runtime import bounded_file_name, file_name
from nasframe.studies.axes import point_name

HOSTILE = ("..", ".", "", "/etc", "../../up", "a/b", "a\\b", "con", "NUL.txt", "dots..", " x ", "is it grmc?")
NAMES = st.text(st.one_of(st.characters(), st.sampled_from("./\\ ?a-")))


def test_an_ordinary_name_is_its_own_file() -> None:
    for name in ("nasframe_tensorboard", "my.plugin", "a-b", "temperature=0.5,seed=0", "A 1"):
        assert file_name(name) == name


@pytest.mark.parametrize("name", [*HOSTILE, "x" * 5000, "東" * 300, "a\nb", "\udcff", "\0"])
def test_any_name_is_one_file_of_its_folder(name: str, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    folder = run.plugin_folder(name)
    assert folder.parent == tmp_path / "run" / "plugins"
    assert [item.name for item in folder.parent.iterdir()] == [folder.name]
    assert [item.name for item in tmp_path.iterdir()] == ["run"]


@given(NAMES, NAMES)
def test_different_names_have_different_files(first: str, second: str) -> None:
    assert (file_name(first) == file_name(second)) == (first == second)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_long_name_is_cut_in_bytes_and_stays_apart(first: str, second: str) -> None:
    assert len(bounded_file_name(first * 40, first * 40).encode()) <= 200
    one, other = (bounded_file_name(f"{'東' * 100}{name}", name) for name in (first, second))
    assert (one == other) == (first == second)


def test_a_trial_of_long_values_has_a_folder() -> None:
    found = point_name({"task.name": "東" * 500})
    assert len(found.encode()) <= 200
    assert found != point_name({"task.name": "東" * 501})
    assert point_name({"relaxation.temperature": 0.5}) == "temperature=0.5"
