"""The contract of every task, checked on all four with little data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from nasframe import Task
from nasframe.testing import TaskSuite
from nasframe_tabular.tasks import AudioVisualDigits, HomeActivities, Mnist1D, MultipleFeatures

TASKS: dict[str, Task] = {
    "htad": HomeActivities(),
    "mfeat": MultipleFeatures(views=("mor", "zer")),
    "av_digits": AudioVisualDigits(training_pairs=90, validation_pairs=60, test_pairs=60),
    "eight_views": AudioVisualDigits(views=8, fold=1, training_pairs=60, validation_pairs=60, test_pairs=60),
    "mnist1d": Mnist1D(sizes=(30, 20, 20, 30)),
}


class Tabular(TaskSuite):
    """A task by its name."""

    name: str

    @pytest.fixture(autouse=True)
    def _source(self, pinned: Mapping[str, Path]) -> None:
        self.source = pinned.get("av_digits" if self.name == "eight_views" else self.name)

    def make(self) -> Task:
        return TASKS[self.name]


class TestHomeActivities(Tabular):
    name = "htad"


class TestMultipleFeatures(Tabular):
    name = "mfeat"


class TestAudioVisualDigits(Tabular):
    name = "av_digits"


class TestEightViews(Tabular):
    name = "eight_views"


class TestMnist1D(Tabular):
    name = "mnist1d"
