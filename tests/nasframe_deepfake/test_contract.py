"""The contract of every task, checked on the one for deepfakes with a tiny set of clips."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest

from nasframe import Task
from nasframe.testing import TaskSuite
from nasframe_deepfake.task import DeepfakeTask


class TestDeepfake(TaskSuite):
    """One output, and one for each kind of fake."""

    task: DeepfakeTask

    @pytest.fixture(autouse=True, params=["single", "separate"])
    def _setting(self, request: pytest.FixtureRequest, task: DeepfakeTask, corpus: Path) -> None:
        self.task = attrs.evolve(task, heads=request.param)
        self.source = corpus
        self.files = sorted(corpus.rglob("*.mp4"))[:2]

    def make(self) -> Task:
        return self.task

    @pytest.fixture
    def folders(self, folders: Mapping[str, Path]) -> Mapping[str, Path]:
        """Made once for all tests of this folder; the heads do not matter to the stages."""
        return folders
