"""The toy task, registered in this process and installable for others."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import Forked
from tests.forked_programs import ForkedProgram
from tests.toys import TOYS


@pytest.fixture
def home(home: Path, toy_streams: ModuleType) -> Path:
    """An empty folder to work in, with the toy task at hand."""
    return home


@pytest.fixture
def fork(home: Path, fork: Forked) -> Forked:
    """Start `nasframe WORDS…` as a process of its own, with the toy plugin installed."""
    info = home / "site" / "toy_streams-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: toy-streams\nVersion: 1.0\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text("[nasframe]\ntoy_streams = toy_streams\n", encoding="utf-8")
    path = os.pathsep.join([str(TOYS), str(home / "site")])

    def start_installed(*words: str) -> ForkedProgram:
        return fork(*words, PYTHONPATH=path)

    return start_installed
