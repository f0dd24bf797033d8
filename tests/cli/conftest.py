"""The toy plugin, registered in this process and installable for others."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from nasframe.cli import main
from nasframe.plugins import manager

PLUGIN = Path(__file__).parent / "plugin"
EXPERIMENT = PLUGIN / "streams.toml"

Process = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def _toy_plugin() -> Iterator[None]:
    sys.path.insert(0, str(PLUGIN))
    manager().register(importlib.import_module("toy_streams"), "toy_streams")
    yield
    manager().unregister("toy_streams")
    sys.path.remove(str(PLUGIN))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _toy_plugin: None) -> Path:
    """An empty folder to work in, with the toy plugin at hand."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, _toy_plugin: None) -> Path:
    """A finished run of the toy experiment. Tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("finished")
    run = folder / "run"
    assert main(["run", str(EXPERIMENT), f"cache={folder / 'cache'}", "--out", str(run)]) == 0
    return run


@pytest.fixture
def start(home: Path) -> Process:
    """Start `nasframe WORDS…` as a process of its own, with the toy plugin installed."""
    info = home / "site" / "toy_streams-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: toy-streams\nVersion: 1.0\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text("[nasframe]\ntoy_streams = toy_streams\n", encoding="utf-8")
    path = os.pathsep.join([str(PLUGIN), str(home / "site")])

    def start(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("nasframe")), *words],
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Children of a shell's background job would ignore Ctrl-C.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )

    return start
