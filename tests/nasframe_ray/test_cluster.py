"""Trials and studies on a cluster whose nodes do not see the driver's folder."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("nasframe_ray.quiet_ray")

from nasframe.cli import main
from nasframe.errors import RunError
from nasframe.jobs import Executor, Needs, Trial, execute
from nasframe.testing import ExecutorSuite
from nasframe_ray.connection import connected, disconnect
from nasframe_ray.executor import RayExecutor
from nasframe_ray.quiet_ray import ray
from tests.nasframe_ray.local_cluster import LocalCluster
from tests.plugins.made import install
from tests.studies.records import OF_TIMES
from tests.toys import PAIRS

Node = subprocess.Popen[bytes]

COMPARED = ["--relaxation", "softmax,grmc", "--seeds", "1", "--random", "0"]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def tasks() -> int:
    """The number of processes that do a trial now: Ray gives them the name of their task."""
    lines = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if file.exists()]
    return sum(line.startswith(b"ray::do_work") for line in lines)


@pytest.mark.usefixtures("second_node")
class TestRay(ExecutorSuite):
    @pytest.fixture(autouse=True)
    def _on_the_cluster(self, cluster: LocalCluster) -> None:
        self._address = cluster.address

    def make(self, workers: int, folder: Path) -> Executor:
        return RayExecutor(workers=workers, folder=folder, address=self._address)


def test_a_cluster_that_is_asked_whether_it_is_there_is_left_again(cluster: LocalCluster) -> None:
    disconnect()
    RayExecutor.check("cpu", address=cluster.address)
    assert not ray.is_initialized()
    with connected(cluster.address):
        RayExecutor.check("auto", address=cluster.address)
        assert ray.is_initialized()
    assert not ray.is_initialized()


def test_a_cluster_without_a_gpu_is_refused_where_trials_ask_for_one(cluster: LocalCluster) -> None:
    with pytest.raises(RunError, match="no node of the cluster has a GPU"):
        RayExecutor.check("cuda", address=cluster.address)


def test_data_that_no_node_sees_is_an_error_that_names_it_and_a_node(
    cluster: LocalCluster, driver: Path
) -> None:
    (driver / "clips").mkdir()
    needs = Needs(visible=["source"])
    trial = Trial(
        "a",
        driver / "a",
        "nasframe.testing.executor_suite:write",
        {"source": str(driver / "clips")},
        needs=needs,
    )
    with pytest.raises(RunError, match=r"node [\d.]+: .*/clips is not there; prepared data is handed over"):
        execute([trial], driver, executor="ray", executor_options={"address": cluster.address})


@pytest.mark.usefixtures("second_node")
def test_ctrl_c_ends_the_trials_on_all_nodes(cluster: LocalCluster, tmp_path: Path) -> None:
    trials = [
        Trial(name, tmp_path / name, "nasframe.testing.executor_suite:speak", {"until": "/never"})
        for name in "ab"
    ]

    def interrupt() -> None:
        until(lambda: tasks() == 2)
        os.kill(os.getpid(), signal.SIGINT)

    killer = threading.Thread(target=interrupt)
    killer.start()
    with pytest.raises(KeyboardInterrupt):
        execute(trials, tmp_path, workers=2, executor="ray", executor_options={"address": cluster.address})
    killer.join()
    until(lambda: tasks() == 0)


def without_times(value: Any) -> Any:
    """A document without its times."""
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if "seconds" not in key and key not in OF_TIMES}
        return {key: without_times(item) for key, item in kept.items()}
    if isinstance(value, list):
        return [without_times(item) for item in value if not is_of_time(item)]
    return value


def is_of_time(item: Any) -> bool:
    """Return True for the name of a metric, or a test of one, that is a time."""
    metric = item.get("metric", "") if isinstance(item, dict) else item
    return isinstance(metric, str) and "seconds" in metric


def page(folder: Path) -> str:
    """The page of a study without the cells of times, of which the best is marked, without the charts over
    the cost, and with one sign for all numbers: some of them are times too."""
    text = (folder / "report.html").read_text(encoding="utf-8")
    text = re.sub(r'<section id="score-and-cost".*?</section>', "", text, flags=re.DOTALL)
    text = re.sub(r'<td[^>]*><data [^>]*seconds">[^<]*</data></td>', "", text)
    return re.sub(r"-?\d+(\.\d+)?(e[+-]\d+)?", "#", text)


def names(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob("*"))


@pytest.mark.usefixtures("toy_pairs")
def test_a_node_is_killed_and_the_study_is_that_of_one_machine(
    cluster: LocalCluster, second_node: Node, driver: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compare", str(PAIRS), f"cache={driver / 'cache'}", *COMPARED]
    here, there = driver / "local" / "study", driver / "ray" / "study"
    assert main([*words, "--workers", "1", "--out", str(here)]) == 0
    killed: list[Path] = []

    def kill_at_the_first_epoch() -> None:
        until(lambda: cluster.files(second_node, "nasframe-trial-*/trial/*/metrics.jsonl"))
        killed.extend(cluster.files(second_node, "nasframe-trial-*/trial/*"))
        cluster.kill(second_node)

    killer = threading.Thread(target=kill_at_the_first_epoch)
    killer.start()
    capsys.readouterr()
    assert main([*words, "--executor", "ray", "--address", cluster.address, "--out", str(there)]) == 0
    killer.join()
    assert not (killed[0] / "report.html").exists()
    assert (there / "trials" / killed[0].name / "report.html").exists()
    assert "raylet" not in "".join(capsys.readouterr())
    found, expected = (
        without_times(json.loads((folder / "comparison.json").read_text(encoding="utf-8")))
        for folder in (there, here)
    )
    assert found == expected
    assert page(there) == page(here)
    assert names(there) == names(here)
    files = [path for path in there.rglob("*") if path.is_file()]
    assert [path for path in files if b"nasframe-trial-" in path.read_bytes()] == []


def test_a_trial_whose_process_is_killed_is_tried_three_times_and_has_failed_in_words(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    trial = Trial("a", tmp_path / "a", "tests.nasframe_ray.killed_trial:be_killed")
    found = execute([trial], tmp_path, executor="ray", executor_options={"address": cluster.address})
    assert found["a"].status == "failed"
    assert found["a"].error == "its process died (is there enough memory?); it was tried 3 times"


def test_a_node_that_has_another_plugin_is_refused_until_it_is_gone(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    install(tmp_path, "cheese", "")
    node = cluster.start_node(environment={"PYTHONPATH": str(tmp_path)})
    words = r"^node [\d.]+ cannot do .*: plugin cheese is installed on the node alone; install the same"
    with pytest.raises(RunError, match=words):
        RayExecutor(workers=1, folder=tmp_path, address=cluster.address)
    cluster.kill(node)
    RayExecutor(workers=1, folder=tmp_path, address=cluster.address).close()
