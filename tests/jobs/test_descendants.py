"""The processes below one."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from nasframe.jobs.descendants import descendants


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not tell")
def test_the_processes_below_one_are_its_children_and_theirs() -> None:
    process = subprocess.Popen(["sh", "-c", "sleep 100 & sleep 100; true"])
    try:
        while len(descendants(process.pid)) < 2:
            time.sleep(0.01)
        assert len(descendants(process.pid)) == 2
    finally:
        below = descendants(process.pid)
        process.kill()
        process.wait()
        for number in below:
            subprocess.run(["kill", str(number)], check=False)
    assert descendants(process.pid) == []
