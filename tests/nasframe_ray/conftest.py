"""A cluster whose nodes see nothing of the folder in which the driver works."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nasframe_ray.local_cluster import LocalCluster, can_hide_folders


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is empty for every node."""
    if "NASFRAME_CLUSTER" not in os.environ:
        pytest.skip("a cluster of Ray is started by `make cluster` alone")
    if not can_hide_folders():
        pytest.skip("only root may hide a folder from the processes of a node")
    return tmp_path_factory.mktemp("hidden")


@pytest.fixture(scope="module")
def cluster(hidden: Path) -> Iterator[LocalCluster]:
    """A head, which does no work, and one node; `second_node` is another."""
    pytest.importorskip("nasframe_ray.quiet_ray")
    from nasframe_ray.connection import disconnect

    with LocalCluster() as started:
        started.start_node(hides=[hidden])
        yield started
        disconnect()


@pytest.fixture(scope="module")
def second_node(cluster: LocalCluster, hidden: Path) -> subprocess.Popen[bytes]:
    """The other node, which the last test of a file may kill."""
    return cluster.start_node(hides=[hidden])


@pytest.fixture
def driver(hidden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, which no node sees."""
    folder = hidden / tmp_path.name
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder
