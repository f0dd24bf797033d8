"""A cluster of Ray whose nodes are groups of processes on this machine, each blind to some folders."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

__all__ = ["LocalCluster", "can_hide_folders"]

# A namespace of mounts in which an empty folder lies over each hidden one, and of processes, which all end
# with the first of them.
_ALONE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]

_SETTINGS = {
    "RAY_health_check_initial_delay_ms": "0",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "3",
    "RAY_enable_metrics_collection": "0",
    "RAY_prestart_worker_first_driver": "0",
    "OMP_NUM_THREADS": "1",
}


def can_hide_folders() -> bool:
    """Return True where a process may have mounts of its own: for root, and not in every container."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*_ALONE, "true"], capture_output=True).returncode == 0


class LocalCluster:
    """The head, which does no work, and nodes; all their processes and files go with it."""

    def __init__(self) -> None:
        # short: the path of a socket has at most 107 bytes
        self.folder = Path(tempfile.mkdtemp(prefix="nfr-"))
        self._nodes: list[subprocess.Popen[bytes]] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"

    def __enter__(self) -> LocalCluster:
        words = ["--head", f"--port={self.address.rpartition(':')[2]}", "--num-cpus=0"]
        self._start([*words, "--include-dashboard=false", f"--temp-dir={self.folder / 'ray'}"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for node in reversed(self._nodes):
            self.kill(node)
        shutil.rmtree(self.folder)

    def start_node(
        self, *, hides: Sequence[Path] = (), environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a node for one trial at a time, and return the process with which all of it ends.

        Args:
            hides: folders in which the node sees nothing.
            environment: further variables of its processes.
        """
        words = [f"--address={self.address}", "--num-cpus=1"]
        return self._start(words, hides, environment or {})

    def kill(self, node: subprocess.Popen[bytes]) -> None:
        """Kill a node with all its processes, as if its machine had lost its power."""
        if node.poll() is None:
            os.killpg(node.pid, signal.SIGKILL)
            node.wait()
            _until(lambda: not _session(node.pid))

    def files(self, node: subprocess.Popen[bytes], pattern: str) -> list[Path]:
        """Return the temporary files of a node that a pattern names."""
        return sorted((self.folder / f"node-{self._nodes.index(node)}").glob(pattern))

    def _start(
        self, words: Sequence[str], hides: Sequence[Path] = (), environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        number = len(self._nodes)
        own = self.folder / f"node-{number}"
        own.mkdir()
        ray = [str(Path(sys.executable).with_name("python")), "-m", "ray.scripts.scripts", "start", "--block"]
        ray += ["--include-log-monitor=false", "--disable-usage-stats"]
        command = [*ray, "--node-ip-address=127.0.0.1", "--object-store-memory=100000000", *words]
        if hides:
            mounts = "".join(f"mount -t tmpfs none '{folder}' && " for folder in hides)
            command = [*_ALONE, "sh", "-c", f'{mounts}exec "$@"', "sh", *command]
        with (own / "output").open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=own,
                env={**os.environ, **_SETTINGS, "TMPDIR": str(own), **(environment or {})},
                start_new_session=True,
            )
        self._nodes.append(process)

        def is_up() -> bool:  # several that start at the same time take each other's ports
            text = (own / "output").read_text(encoding="utf-8")
            assert process.poll() is None, text
            return "Ray runtime started." in text

        _until(is_up)
        return process


def _session(leader: int) -> list[int]:
    """Return the processes of a session that have not ended."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, number = file.read_text(encoding="ascii").rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(number) == leader and state != "Z":
            found.append(int(file.parent.name))
    return found


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
