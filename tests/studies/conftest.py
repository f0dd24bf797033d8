"""The toy task, loaded from its file as `--plugin` does, so that worker processes load it too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from nasframe.plugins import manager

PLUGIN = Path(__file__).parent / "plugin" / "toy_sums.py"
EXPERIMENT = PLUGIN.with_name("sums.toml")

Process = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def _toy_sums() -> Iterator[None]:
    name = manager().load_file(PLUGIN)
    yield
    manager().unregister(name)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _toy_sums: None) -> Path:
    """An empty folder to work in, with the toy task at hand."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def start(home: Path) -> Iterator[Process]:
    """Start `nasframe --plugin … WORDS…` as a process of its own; none outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("nasframe")), "--plugin", str(PLUGIN), *words],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Children of a shell's background job would ignore Ctrl-C.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
