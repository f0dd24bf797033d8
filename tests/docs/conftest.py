"""The toy task of the commands."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def home(home: Path, toy_streams: ModuleType) -> Path:
    """An empty folder to work in, with the toy task at hand."""
    return home
