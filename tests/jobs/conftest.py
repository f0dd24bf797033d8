"""The toy whose functions are done as jobs."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def home(home: Path, toy_sums: None) -> Path:
    """An empty folder to work in, with the toy at hand."""
    return home
