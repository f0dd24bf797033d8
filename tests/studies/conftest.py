"""The toy tasks, one table of a space, and one comparison beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nasframe.cli import main
from tests.conftest import Forked
from tests.forked_programs import ForkedProgram
from tests.studies.records import Finished
from tests.toys import PAIRS, TOYS


@pytest.fixture
def home(home: Path, toy_sums: None, toy_pairs: None) -> Path:
    """An empty folder to work in, with the toy tasks at hand."""
    return home


@pytest.fixture
def fork(home: Path, fork: Forked) -> Forked:
    """Start `nasframe --plugin … WORDS…` as a process of its own."""

    def start_with_sums(*words: str) -> ForkedProgram:
        return fork("--plugin", str(TOYS / "toy_sums.py"), *words)

    return start_with_sums


@pytest.fixture(scope="session")
def finished_studies(tmp_path_factory: pytest.TempPathFactory, toy_pairs: None) -> Finished:
    """Tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("finished")
    cache = f"cache={folder / 'cache'}"
    table, comparison = folder / "pairs-table", folder / "pairs-compare"
    assert main(["tabulate", str(PAIRS), cache, "--architectures", "4", "--out", str(table)]) == 0
    words = ["--relaxation", "softmax,grmc", "--seeds", "2", "--random", "2", "--out", str(comparison)]
    assert main(["compare", str(PAIRS), cache, *words]) == 0
    found = json.loads((comparison / "comparison.json").read_text(encoding="utf-8"))
    return Finished(table, comparison, found)
