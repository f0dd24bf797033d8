"""The benchmarks can be started: they import, and the files that they name exist."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "benchmarks").glob("*.py"))
NAMED = re.compile(r"\b(?:benchmarks|docs|examples|nasframe|plugins|search_spaces|tests)/[\w./-]*\w")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_file_that_a_benchmark_names_exists(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(script.parent)
    values = runpy.run_path(str(script), run_name="imported").values()
    paths = [value for value in values if isinstance(value, Path)]
    paths += [ROOT / name for name in NAMED.findall(script.read_text(encoding="utf-8"))]
    assert [path for path in paths if not path.exists()] == []
