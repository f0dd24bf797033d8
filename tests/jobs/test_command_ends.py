"""The end of a command: whatever ends it, none of its processes is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nasframe.cli import main
from nasframe.jobs.server import COMMAND
from nasframe.studies import PRELOAD
from tests.conftest import Process
from tests.toys import SUMS as EXPERIMENT
from tests.toys import TOYS

# As plain as a user's script: nothing of it is kept from a process that would import it.
SCRIPT = f"""
import sys
sys.path.append({str(TOYS)!r})
from pathlib import Path
from nasframe.jobs import Trial, execute

trials = [Trial(how, Path(how), "toy_jobs:hang", {{"how": how}}) for how in sys.argv[1:]]
if trials[-1].name == "fills the disk":
    begun = [f"{{trial.folder}}/begun.txt" for trial in trials[:-1]]
    trials[-1] = Trial("full", Path("full"), "toy_jobs:fill_the_disk", {{"files": begun}})
execute(trials, Path("study"), workers=len(trials), preload=["torch"])
"""


def hears_signals() -> None:
    """Undo what a shell does for a program in the background, or `nohup`, whose children ignore these."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def script(home: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the script in a session of its own."""
    started: list[subprocess.Popen[str]] = []
    (home / "script.py").write_text(SCRIPT, encoding="utf-8")

    def start(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "script.py", *words],
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hears_signals,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        for number in session(process.pid):
            os.kill(number, signal.SIGKILL)
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def session(leader: int) -> list[int]:
    """The processes of a session that have not ended."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, number = file.read_text(encoding="ascii").rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(number) == leader and state != "Z":
            found.append(int(file.parent.name))
    return found


HOWS = ["waits", "waits in C", "keeps the interpreter", "stops"]
"""Workers that hang in every way at once: to import torch for them takes longer than the tests."""


@pytest.mark.parametrize(
    "signal_",
    [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP],
    ids=lambda value: value.name,
)
def test_no_process_is_left_when_a_signal_ends_the_command(
    signal_: signal.Signals,
    script: Callable[..., subprocess.Popen[str]],
    until: Callable[[Callable[[], object]], None],
) -> None:
    command = script(*HOWS)
    until(lambda: all(Path(how, "begun.txt").exists() for how in HOWS))
    assert len(session(command.pid)) == 3 + len(HOWS)  # command, fork server, resource tracker, workers
    command.send_signal(signal_)
    command.wait()
    until(lambda: not session(command.pid))


def test_no_process_is_left_when_an_error_ends_the_command(
    script: Callable[..., subprocess.Popen[str]],
    until: Callable[[Callable[[], object]], None],
) -> None:
    command = script(*HOWS, "fills the disk")
    _, errors = command.communicate()
    assert "full: the disk is full" in errors
    until(lambda: not session(command.pid))


def test_ctrl_c_while_the_fork_server_imports_is_heard_by_the_command_alone(
    script: Callable[..., subprocess.Popen[str]],
    until: Callable[[Callable[[], object]], None],
    processes: Callable[[int], dict[int, str]],
) -> None:
    command = script("waits", "waits in C")
    until(lambda: any("forkserver" in line for line in processes(command.pid).values()))
    os.killpg(command.pid, signal.SIGINT)  # as a terminal does, to every process
    _, errors = command.communicate()
    assert errors.count("Traceback") == 1
    assert errors.rstrip().endswith("KeyboardInterrupt")
    until(lambda: not session(command.pid))


def test_no_fork_server_is_left_when_the_command_is_killed_while_it_imports(
    script: Callable[..., subprocess.Popen[str]],
    until: Callable[[Callable[[], object]], None],
    processes: Callable[[int], dict[int, str]],
) -> None:
    command = script("waits", "waits in C")
    until(lambda: any("forkserver" in line for line in processes(command.pid).values()))
    command.kill()
    assert command.wait() == -signal.SIGKILL
    until(lambda: not session(command.pid))


# -- the command line -------------------------------------------------------------------------------------

TRAPS = ("json", "socket", "torch", "signal", "random", "pickle", "nasframe")
TRAP = "open({file!r}, 'a').write(__name__ + '\\n'); raise ImportError('from the working folder')\n"
SPAWNS = """
import multiprocessing
from nasframe import hookimpl
multiprocessing.get_all_start_methods = lambda: ["spawn"]

@hookimpl
def style_node(node, operation):
    return None
"""
OPTIONS = ["samples=1,2", "search.epochs=1", "cache=cache", "--workers", "2", "--out", "out"]


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_no_child_imports_from_the_working_folder(method: str, home: Path, start: Process) -> None:
    trap = TRAP.format(file=str(home / "imported.txt"))
    for name in TRAPS:
        (home / f"{name}.py").write_text(trap, encoding="utf-8")
    (home / "plugins").mkdir()
    spawns = home / "plugins" / "spawns.py"
    spawns.write_text(SPAWNS, encoding="utf-8")
    files = [TOYS / "toy_sums.py", *([spawns] if method == "spawn" else [])]
    plugins = [word for file in files for word in ("--plugin", str(file))]
    command = start(*plugins, "sweep", str(EXPERIMENT), *OPTIONS)
    said, errors = command.communicate()
    assert command.returncode == 0, said + errors  # so a plugin's file is loaded in workers, too
    assert not (home / "imported.txt").exists(), (home / "imported.txt").read_text(encoding="utf-8")


def test_workers_start_while_the_command_still_imports(home: Path, start: Process) -> None:
    slow = home / "slow.py"
    slow.write_text(
        "import time\n"
        "from pathlib import Path\n"
        "from nasframe import hookimpl\n"
        "def found():\n"
        "    files = Path('/proc/self/task').glob('*/children')\n"
        "    numbers = [number for file in files for number in file.read_text().split()]\n"
        "    return any('forkserver' in Path(f'/proc/{item}/cmdline').read_text() for item in numbers)\n"
        "end = time.monotonic() + 60\n"
        "while not found():\n"
        "    assert time.monotonic() < end, 'no fork server while the command imports'\n"
        "    time.sleep(0.01)\n"
        "@hookimpl\n"
        "def style_node(node, operation):\n"
        "    return None\n",
        encoding="utf-8",
    )
    command = start("--plugin", str(slow), "sweep", "no.toml", "samples=1,2", "--workers", "2")
    _, errors = command.communicate()
    assert command.returncode == 2
    assert "no such file" in errors


@pytest.mark.parametrize(
    ("words", "started"),
    [
        (["sweep", str(EXPERIMENT), "temprature=1,2", "--workers", "2"], 1),
        (["sweep", str(EXPERIMENT), "temprature=1,2", "--workers=2"], 1),
        (["sweep", str(EXPERIMENT), "temprature=1,2"], 1),
        (["compare", "no.toml", "--workers", "3"], 1),
        (["sweep", str(EXPERIMENT), "temprature=1,2", "--workers", "1"], 0),
        (["sweep", str(EXPERIMENT), "--workers", "many"], 0),
        (["sweep", "--help"], 0),
        (["spaces"], 0),
        ([], 0),
    ],
)
def test_a_command_starts_the_fork_server_at_once_where_it_will_want_workers(
    words: list[str], started: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    monkeypatch.setattr("nasframe.jobs.start_server", made.append)
    monkeypatch.setattr("nasframe.cli.cores", lambda: 2)
    main(words)
    assert made == [PRELOAD] * started


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends it on Linux only")
@pytest.mark.parametrize("lives", [True, False])
def test_the_fork_server_ends_at_once_where_the_command_has_ended_before_it_looked(lives: bool) -> None:
    code = "import nasframe.jobs.server; print('it goes on')  # as multiprocessing.forkserver does"
    command = os.getpid() if lives else os.getppid()
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, COMMAND: str(command)},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.returncode) == (("it goes on\n", 0) if lives else ("", 1))
