"""The server of `tests.forked_programs`: imports modules, and forks for each program that is asked for.

It runs in environments that hold nothing of the tests, so it imports the standard library alone.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

LARGEST = 1 << 20


def import_all(names: list[str]) -> None:
    """Import modules, and for `name.*` all that are in a package and can be imported here."""
    for name in names:
        if not name.endswith(".*"):
            importlib.import_module(name)
            continue
        package = importlib.import_module(name[:-2])
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            with contextlib.suppress(ImportError):  # an extra that is not installed
                importlib.import_module(found.name)


def serve(requests: socket.socket) -> dict[str, Any]:
    """Fork for each request; return, in a child, its request. The server itself ends with its client."""
    ended, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    ends: dict[int, int] = {}  # number of a process: the file that its end is written to
    while True:
        ready, _, _ = select.select([requests, ended], [], [])
        if ended in ready:
            os.read(ended, LARGEST)
            tell_ends(ends)
        if requests in ready:
            text, files, _, _ = socket.recv_fds(requests, LARGEST, 3)
            if not text:
                for number in ends:
                    os.kill(number, signal.SIGKILL)
                    os.waitpid(number, 0)
                os._exit(0)
            while not text.endswith(b"\n"):
                text += requests.recv(LARGEST)
            out, err, end = files
            process = os.fork()
            if process == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                requests.close()
                os.dup2(out, 1)
                os.dup2(err, 2)
                for number in (*files, ended, wakes, *ends.values()):
                    os.close(number)
                order: dict[str, Any] = json.loads(text)
                return order
            os.close(out)
            os.close(err)
            ends[process] = end
            os.write(end, f"{process}\n".encode())


def tell_ends(ends: dict[int, int]) -> None:
    """Write the status of each process that has ended, and forget it."""
    while ends:
        process, status = os.waitpid(-1, os.WNOHANG)
        if process == 0:
            return
        end = ends.pop(process)
        with contextlib.suppress(BrokenPipeError):
            os.write(end, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os.close(end)


def stream(file: int, like: Any, *, line_buffering: bool = False) -> Any:
    """A stream that writes to a file, with the settings of another."""
    unbuffered, raw = bool(os.environ.get("PYTHONUNBUFFERED")), io.FileIO(file, "w", closefd=False)
    return io.TextIOWrapper(
        raw if unbuffered else io.BufferedWriter(raw),
        encoding=like.encoding,
        errors=like.errors,
        line_buffering=line_buffering,
        write_through=unbuffered,
    )


def become(order: dict[str, Any], folders: list[str]) -> None:
    """Be the program that was asked for, as if it had just been started.

    Args:
        folders: of `sys.path`, those of the environment of Python.
    """
    os.setsid()
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    first, words = order["words"][0], order["words"][1:]
    sys.stdout = sys.__stdout__ = stream(1, sys.stdout)
    sys.stderr = sys.__stderr__ = stream(2, sys.stderr, line_buffering=True)
    begin = {"-c": "", "-m": str(Path.cwd())}.get(first, str(Path(first).resolve().parent))
    given = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
    sys.path[:] = [*([] if "PYTHONSAFEPATH" in os.environ else [begin]), *given, *folders]
    importlib.invalidate_caches()
    sys.orig_argv = [sys.executable, first, *words]
    sys.modules["__main__"] = main = ModuleType("__main__")
    main.__dict__["__builtins__"] = builtins
    if first == "-m":
        sys.argv = words
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
        return
    if first == "-c":
        source, name, sys.argv = words[0], "<string>", ["-c", *words[1:]]
    else:
        source, name, sys.argv = Path(first).read_text(encoding="utf-8"), first, [first, *words]
        main.__file__ = first
    exec(compile(source, name, "exec"), main.__dict__)


if __name__ == "__main__":
    del sys.path[0]  # the folder of this file
    import_all(sys.argv[2:])
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page
    asked = serve(socket.socket(fileno=int(sys.argv[1])))
    become(asked, [*sys.path])
