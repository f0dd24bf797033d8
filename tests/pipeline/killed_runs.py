"""The states that kills leave a run in, and the comparison of two runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nasframe import Run
from nasframe.runtime import replacing
from tests.comparing import tree, without_time


@contextmanager
def killed_at_every_write(folder: Path, into: Path) -> Iterator[list[Path]]:
    """Copies of a folder as kills would leave it: while a file is written, and just after."""
    states: list[Path] = []

    @contextmanager
    def recording(path: Path) -> Iterator[Path]:
        with replacing(path) as temporary:
            yield temporary
            keep(path)
        keep(path)

    def keep(path: Path) -> None:
        if path.is_relative_to(folder):
            states.append(shutil.copytree(folder, into / f"{len(states):03d}-{path.name}"))

    with pytest.MonkeyPatch.context() as patch:
        for module in ("nasframe.runtime.files", "nasframe.render.drawing"):
            patch.setattr(f"{module}.replacing", recording)
        yield states


def assert_same(run: Run, whole: Run) -> None:
    assert run.architecture == whole.architecture
    assert run.test == whole.test
    assert without_time(run.metrics) == without_time(whole.metrics)
    assert tree(run.path).keys() == tree(whole.path).keys()
    assert run.record["done"].keys() == whole.record["done"].keys()
