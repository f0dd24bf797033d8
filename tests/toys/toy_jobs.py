"""Work for the tests of jobs: trials that print, speak, hang or start processes, and functions of items."""

from __future__ import annotations

import ctypes
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from nasframe.errors import ConfigurationError
from nasframe.jobs import in_order
from nasframe.runtime import Progress, sign_of_life

Arguments = Mapping[str, Any]


def begin(folder: Path) -> int:
    """Note the number of this process; return how often the trial has begun."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "begun.txt").open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
    return len((folder / "begun.txt").read_text(encoding="utf-8").split())


def wait_for(file: str) -> None:
    deadline = time.monotonic() + 120
    while not Path(file).exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def wait(folder: Path, arguments: Arguments, progress: Progress) -> None:
    """Wait for a file, if one is named."""
    begin(folder)
    if "file" in arguments:
        wait_for(arguments["file"])


def hang(folder: Path, arguments: Arguments, progress: Progress) -> None:
    """Never return: wait in Python or in C, compute in C so that no thread can run, or be stopped."""
    begin(folder)
    how = arguments["how"]
    if how == "stops":
        os.kill(os.getpid(), signal.SIGSTOP)
    if how == "waits in C":
        ctypes.CDLL(None).sleep(1000)
    if how == "keeps the interpreter":
        ctypes.PyDLL(None).sleep(1000)
    while True:
        time.sleep(0.01)


def fill_the_disk(folder: Path, arguments: Arguments, progress: Progress) -> None:
    """Fail as on a full disk, once files are there."""
    for file in arguments["files"]:
        wait_for(file)
    raise OSError(28, os.strerror(28), "some.txt")


def stop_once(folder: Path, arguments: Arguments, progress: Progress) -> None:
    """Be stopped for ever, the first time or every time."""
    if begin(folder) <= arguments.get("times", 1):
        os.kill(os.getpid(), signal.SIGSTOP)


def print_and_stop(folder: Path, arguments: Arguments, progress: Progress) -> None:
    """Print, and be stopped for ever."""
    print("the last words")
    os.kill(os.getpid(), signal.SIGSTOP)


def speak(folder: Path, arguments: Arguments, progress: Progress) -> None:
    """Take some seconds, and speak in one of the ways of a progress."""
    begin(folder)
    steps = range(arguments["steps"])
    if arguments["how"] == "say":
        for step in steps:
            progress.say(str(step))
            time.sleep(0.1)
    if arguments["how"] == "task":
        with progress.task("slow", None) as advance:
            for _ in steps:
                advance(1)
                time.sleep(0.1)
    if arguments["how"] == "track":
        for _ in progress.track(steps, "slow"):
            time.sleep(0.1)


def write(folder: Path, arguments: Arguments, progress: Progress) -> None:
    """Print in several ways, and die before anything is flushed."""
    if begin(folder) == 1:
        print("from Python", end="")
        print("to stderr", end="", file=sys.stderr)
        ctypes.CDLL(None).printf(b"from C")
        os.system("printf 'from a program'")
        os.kill(os.getpid(), signal.SIGKILL)


def describe(folder: Path, arguments: Arguments, progress: Progress) -> None:
    """Write down the surroundings of a worker, and wait for a file, if one is named."""
    begin(folder)
    command = f"{sys.executable} -c 'import os; print(os.environ.get(\"PYTHONSAFEPATH\"))'"
    found = {
        "process": os.getpid(),
        "parent": os.getppid(),
        "method": "spawn" if os.getppid() == multiprocessing.parent_process().pid else "forkserver",
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "variable": os.environ.get("OF_THE_TEST"),
        "safe": os.popen(command).read().strip(),
        "threads": torch.get_num_threads(),
        "descriptors": [str(item.resolve()) for item in Path("/proc/self/fd").iterdir()],
    }
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")
    if "file" in arguments:
        wait_for(arguments["file"])


def prepare_inside(folder: Path, arguments: Arguments, progress: Progress) -> None:
    """Use a pool of processes inside a trial."""
    begin(folder)
    found = list(in_order(square, range(6), 2))
    processes = set(in_order(process, range(2), 2))
    (folder / "found.json").write_text(json.dumps([found, len(processes - {os.getpid()})]), encoding="utf-8")


def square(item: int) -> int:
    return item * item


def process(item: int) -> int:
    return os.getpid()


def tensor(item: int) -> dict[str, torch.Tensor]:
    return {"values": torch.full((300, 300), float(item))}


def die_at(number: int) -> int:
    """End this process at a number above 8; return any other."""
    if number > 8:
        os._exit(number)
    return number


def decode_or_die(root: Path, *options: Any) -> Any:
    """Decode a clip, or end this process as a codec with a mistake would."""
    from nasframe_audiovisual.streams.decoding import decoded_clip

    if options[-1].name == "2.mp4":
        os.kill(os.getpid(), signal.SIGSEGV)
    return decoded_clip(root, *options)


def decode_or_hang(root: Path, *options: Any) -> Any:
    """Decode a clip, or read a pipe for ever into which nobody writes."""
    from nasframe_audiovisual.streams.decoding import decoded_clip

    if options[-1].name == "2.mp4":
        (root / "pipe").open("rb").read()
    return decoded_clip(root, *options)


def measure_or_hang(root: Path, window: Any, files: Any) -> Any:
    """Measure the facts of a clip, or wait for ever at the one that the environment names."""
    from nasframe_deepfake.auditing.measuring import _measured

    if files.name == os.environ["HANGS_AT"]:
        time.sleep(1000)
    return _measured(root, window, files)


def hang_at(item: int) -> int:
    """Wait for ever at a number above 8, with a program of its own; return any other."""
    if item > 8:
        program = subprocess.Popen(["sleep", "1000"])
        with Path("programs.txt").open("a", encoding="utf-8") as file:
            file.write(f"{program.pid}\n")
        program.wait()
    return item


def hang_once(file: str) -> str:
    """Wait for ever the first time."""
    if file and not Path(file).exists():
        Path(file).touch()
        time.sleep(1000)
    return file


def die_or_hang(item: int) -> int:
    """At a number above 8, die the first two times, and then wait for ever."""
    if item > 8:
        if begin(Path("times")) <= 2:
            os._exit(3)
        time.sleep(1000)
    return item


def slow_with_signs(item: int) -> int:
    """Take most of a second, and say every moment that it goes on."""
    for _ in range(item):
        time.sleep(0.05)
        sign_of_life()
    return item


def die_once(file: str) -> str:
    """Kill this process the first time."""
    if file and not Path(file).exists():
        Path(file).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return file


def refuse(item: int) -> int:
    raise ConfigurationError("items", [f"no item {item}"])


def begin_process() -> None:
    os.environ["BEGUN"] = "yes"


def begun(item: int) -> str | None:
    return os.environ.get("BEGUN")


def nested(item: int) -> list[int]:
    return list(in_order(square, range(item), 2))
