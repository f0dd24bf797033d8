"""A toy task that brings baselines, one census of its space, and one comparison beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from nasframe.cli import main
from nasframe.plugins import manager

PLUGIN = Path(__file__).parent / "plugin" / "toy_pairs.py"
EXPERIMENT = PLUGIN.with_name("pairs.toml")


@frozen
class Finished:
    """Folders of a census and of the comparison beside it, and what the comparison wrote."""

    census: Path
    comparison: Path
    found: Mapping[str, Any]


@pytest.fixture(scope="session")
def _toy_pairs() -> Iterator[None]:
    name = manager().load_file(PLUGIN)
    yield
    manager().unregister(name)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _toy_pairs: None) -> Path:
    """An empty folder to work in, with the toy task at hand."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, _toy_pairs: None) -> Finished:
    """Tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("finished")
    cache = f"cache={folder / 'cache'}"
    census, comparison = folder / "pairs-census", folder / "pairs-compare"
    assert main(["census", str(EXPERIMENT), cache, "--architectures", "4", "--out", str(census)]) == 0
    words = ["--relaxation", "softmax,grmc", "--seeds", "2", "--random", "2", "--out", str(comparison)]
    assert main(["compare", str(EXPERIMENT), cache, *words]) == 0
    found = json.loads((comparison / "comparison.json").read_text(encoding="utf-8"))
    return Finished(census, comparison, found)
