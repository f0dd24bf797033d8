"""What every test shares."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
import torch

from nasframe.plugins import PluginManager, manager


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Tests run side by side; one thread each is faster, and the same everywhere."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def _no_event_files() -> Iterator[None]:
    """Runs hold what nasframe writes; the tests of TensorBoard turn it on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASFRAME_TENSORBOARD", "0")
        yield


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        yield


@pytest.fixture(autouse=True)
def _plugin_files_are_forgotten() -> Iterator[None]:
    """A file that a test loads with --plugin is not there for the next one."""
    found = manager()
    before = set(found.files)
    yield
    for name in set(found.files) - before:
        found.unregister(name)
        sys.modules.pop(name, None)


@pytest.fixture
def plugins() -> Iterator[PluginManager]:
    """The real plugin manager; whatever a test registers is forgotten after it."""
    found = manager()
    before = set(found.names)
    yield found
    for name in set(found.names) - before:
        found.unregister(name)
