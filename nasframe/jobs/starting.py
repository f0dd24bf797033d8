"""The start of worker processes: from the standard library's fork server, or by spawn where there is none.

To import torch takes seconds of a processor. The fork server does it once for all workers, while the process
that started it does something else; a worker that must be replaced is there at once. The server loads no
plugin: threads or a GPU that a plugin starts when it is imported would not survive a fork.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["ONE_THREAD", "start_process", "start_server"]

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

_turn = threading.RLock()  # what is changed here, for a moment, belongs to the whole process


def start_server(preload: Sequence[str]) -> None:
    """Start the fork server, if there is none yet; it imports while this process goes on.

    It ends with this process, however that ends. Where it cannot be started, nothing happens: the first
    worker that is wanted will tell why.

    Args:
        preload: names of the modules that it imports for all workers.
    """
    if _has_server():
        with contextlib.suppress(OSError), _turn, _without_this_program():
            _ensure_server(preload)


def start_process(target: Callable[..., None], arguments: Sequence[Any], preload: Sequence[str]) -> Any:
    """Return a new process that calls a function of a module; it may have processes of its own.

    Args:
        target: the function.
        arguments: that can be pickled.
        preload: see `start_server`.

    Raises:
        OSError, EOFError: no process can be started.
    """
    context: Any = multiprocessing.get_context("forkserver" if _has_server() else "spawn")
    process = context.Process(target=target, args=arguments, daemon=False)
    with _turn, _without_this_program():
        if _has_server():
            _ensure_server(preload)
            process.start()  # the fork comes when the server has imported: until then, Ctrl-C must be heard
        else:
            with _safely():
                process.start()
    return process


def _has_server() -> bool:
    return "forkserver" in multiprocessing.get_all_start_methods()


def _ensure_server(preload: Sequence[str]) -> None:
    from multiprocessing import forkserver

    # A process that the kernel ends with its parent ends with the thread that started it.
    is_main = threading.current_thread() is threading.main_thread()
    forkserver.set_forkserver_preload([*(["nasframe.jobs.server"] if is_main else []), *preload])
    with _safely():
        forkserver.ensure_running()


@contextmanager
def _safely() -> Iterator[None]:
    """Start programs in the block that import nothing from the working folder and never hear Ctrl-C.

    Ctrl-C is for this process, which then ends them. A worker takes the environment of this process anew, so
    that programs of a plugin find in it what they find here.
    """
    ours = {"PYTHONSAFEPATH": "1", **ONE_THREAD}
    before, mask = {name: os.environ.get(name) for name in ours}, None
    os.environ.update(ours)
    try:
        if hasattr(signal, "pthread_sigmask"):  # not on Windows
            from multiprocessing import resource_tracker

            resource_tracker.ensure_running()  # now, because it lets Ctrl-C through when it has started
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        yield
    finally:
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextmanager
def _without_this_program() -> Iterator[None]:
    """Let processes that are started in the block not run the program of this one, which may be any script.

    Of the folders that this process imports from, those of the program and of the work come last for them: a
    `json.py` there takes the place of no other module.
    """
    main, path = sys.modules["__main__"], sys.path
    own = {Path.cwd(), Path(getattr(main, "__file__", None) or "").resolve().parent}
    last = [folder for folder in path if Path(folder).resolve() in own]
    sys.modules["__main__"] = ModuleType("__main__")
    sys.path = [folder for folder in path if folder not in last]
    sys.path += [str(Path(folder).resolve()) for folder in last]
    try:
        yield
    finally:
        sys.modules["__main__"], sys.path = main, path
