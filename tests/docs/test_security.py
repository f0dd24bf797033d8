"""SECURITY.md is true where a test can say so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nasframe_deepfake.detection.saved_detector import _FACE_MODEL
from tests.readers import READERS
from tests.test_no_foreign_code import MODULES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`((?:nasframe|tests|plugins)/[\w/.]+)`", PAGE)


def test_the_readme_leads_to_it() -> None:
    assert "(SECURITY.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMED)
def test_every_file_that_is_named_is_there(name: str) -> None:
    assert (ROOT / name).exists()


def test_every_file_that_a_run_or_a_study_holds_has_a_row() -> None:
    names = {Path(reader.file).name for reader in READERS.values() if reader.kind in ("json", "lines")}
    ours = {name for name in names if "*" not in name and reader_is_named(name)}
    assert {"run.json", "metrics.jsonl", "scores.json", "comparison.json", "study.json"} <= ours
    assert [name for name in ours if f"`{name}`" not in PAGE] == []


def test_the_model_of_faces_in_a_run_has_a_row() -> None:
    assert f"| `{_FACE_MODEL}` of a run" in PAGE


def reader_is_named(name: str) -> bool:
    """True for files of the core; those of stages, checkpoints and detectors are named by their folders."""
    return name not in ("search.json", "network.json", "stage.json", "detector.json")


def test_what_the_page_says_is_searched_for_is_searched_for() -> None:
    assert {"pickle", "yaml", "subprocess", "socket", "http"} <= set(MODULES)


def test_the_makefile_gives_each_reader_the_inputs_that_the_page_names() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "INPUTS ?= 10000" in makefile
    assert "10,000 mutated files" in PAGE
    assert "INPUTS = 200" in (ROOT / "tests" / "test_readers.py").read_text(encoding="utf-8")
