"""A program that is forked from a server is like one that was started."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked_programs import ForkingServer

TELL = """
import atexit, json, os, sys
atexit.register(print, "at the end")
print(json.dumps([sys.argv, os.getcwd(), sys.path[:2], os.environ.get("OF_THE_TEST"), __name__]))
print("an error", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[ForkingServer]:
    with ForkingServer(["json"]) as made:
        yield made


@pytest.mark.parametrize("kind", ["script", "code", "module"])
def test_its_words_folder_variables_streams_and_status_are_those_of_a_program(
    kind: str, server: ForkingServer, tmp_path: Path
) -> None:
    file = tmp_path / "tells.py"
    file.write_text(TELL, encoding="utf-8")
    words = {"script": [str(file)], "code": ["-c", TELL], "module": ["-m", "tells"]}[kind] + ["3", "a b"]
    found = {**os.environ, "OF_THE_TEST": "x", "PYTHONPATH": str(tmp_path / "beside")}
    forked = server.run(words, cwd=tmp_path, env=found)
    started = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, env=found, capture_output=True, text=True, check=False
    )
    assert (forked.stdout, forked.stderr) == (started.stdout, started.stderr)
    assert forked.returncode == started.returncode == 3
    assert forked.stdout.endswith("at the end\n")


def test_an_exception_that_nobody_catches_is_a_traceback_and_status_1(server: ForkingServer) -> None:
    done = server.run(["-c", "raise ValueError('of the test')"])
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "ValueError: of the test"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_ends_it_and_is_its_status(number: signal.Signals, server: ForkingServer) -> None:
    program = server.start(["-c", "import time; print('begun', flush=True); time.sleep(600)"])
    assert program.stdout.readline() == "begun\n"
    assert program.poll() is None
    program.send_signal(number)
    assert program.wait() == -number
    assert program.communicate() == ("", "")


def test_ctrl_c_is_a_keyboard_interrupt_also_for_its_group(server: ForkingServer) -> None:
    code = "import time\ntry: print(1, flush=True); time.sleep(600)\nexcept KeyboardInterrupt: print(2)"
    program = server.start(["-c", code])
    assert program.stdout.readline() == "1\n"
    os.killpg(program.pid, signal.SIGINT)
    assert program.communicate() == ("2\n", "")
    assert program.returncode == 0


def test_it_holds_no_descriptor_but_its_streams(server: ForkingServer) -> None:
    other = server.start(["-c", "import time; time.sleep(600)"])
    done = server.run(["-c", "import os; print(len(os.listdir('/proc/self/fd')))"])
    other.close()
    assert int(done.stdout) == 4  # one is that of the folder which is read


def test_its_results_go_to_a_file_that_is_given(server: ForkingServer, tmp_path: Path) -> None:
    done = server.run(["-c", "print('a result')"], stdout=tmp_path / "results.txt")
    assert (done.stdout, done.returncode) == ("", 0)
    assert (tmp_path / "results.txt").read_text(encoding="utf-8") == "a result\n"


@pytest.mark.parametrize(("unbuffered", "written"), [("", ""), ("1", "begun")])
def test_its_results_are_written_at_once_where_its_environment_says_so(
    unbuffered: str, written: str, server: ForkingServer, tmp_path: Path
) -> None:
    code = "import os, sys; sys.stdout.write('begun'); os._exit(0)"
    env = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    assert server.run(["-c", code], env=env).stdout == written


def test_a_server_that_ends_ends_its_programs() -> None:
    with ForkingServer([]) as server:
        program = server.start(["-c", "import time; time.sleep(600)"])
    assert not Path(f"/proc/{program.pid}").exists()
    program.close()


def test_a_server_ends_though_a_process_that_was_forked_meanwhile_lives() -> None:
    with ForkingServer([]) as server:
        assert server.start(["-c", "pass"]).communicate() == ("", "")
        holder = multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,), daemon=True)
        holder.start()
    assert holder.is_alive()
    holder.kill()


def test_a_setting_of_python_that_the_server_has_not_heard_is_refused(server: ForkingServer) -> None:
    with pytest.raises(ValueError, match="PYTHONOPTIMIZE"):
        server.run(["-c", ""], env={**os.environ, "PYTHONOPTIMIZE": "1"})
