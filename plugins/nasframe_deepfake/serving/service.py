"""A service from its start to its end: the run is loaded, clips are scored, nothing of them remains."""

from __future__ import annotations

import errno
import ipaddress
import os
import re
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from nasframe import Scorer, load_scorer, naming_missing_plugins
from nasframe.errors import ConfigurationError
from nasframe.runtime import Cancellation, cores, print_message, print_text
from nasframe_deepfake.run_of_task import require_run_of_task
from nasframe_deepfake.serving.clip_queue import ClipQueue
from nasframe_deepfake.serving.clip_server import ClipServer
from nasframe_deepfake.serving.host_check import HostCheck
from nasframe_deepfake.serving.page import page_files
from nasframe_deepfake.serving.request_context import RequestContext
from nasframe_deepfake.serving.request_limits import RequestLimits
from nasframe_deepfake.serving.upload_folder import UploadFolder, remove_left_overs

__all__ = ["Service", "serve"]

_MIB = 1 << 20
_GRACE = 1.0


@frozen
class Service:
    """The settings of a service.

    Attributes:
        host: name or address of this machine to listen at.
        port: 0 for one that is free.
        names: further names that the service may be called by.
        limit: MiB of a clip, at most.
        workers: clips that are scored at once; 0: one for each core.
        waiting: clips that may be sent or wait beside them.
        uploads: folder in which the folder of uploads is made; None for the system's.

    Raises:
        ConfigurationError: a setting is out of its bounds.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    names: Sequence[str] = ()
    limit: int = 512
    workers: int = 0
    waiting: int = 8
    uploads: Path | None = None

    def __attrs_post_init__(self) -> None:
        problems = [
            f"--{name}: expected a number from {low} to {high}, found {value}"
            for name, value, low, high in (
                ("port", self.port, 0, 65535),
                ("limit", self.limit, 1, 1 << 30),
                ("workers", self.workers, 0, 256),
                ("waiting", self.waiting, 0, 1024),
            )
            if not low <= value <= high
        ]
        problems += [
            f"--allow-host: expected a name such as clips.example.org, without a port, found {name!r}"
            for name in self.names
            if not re.fullmatch(r"[A-Za-z0-9._-]+|\[?[0-9A-Fa-f:.]+\]?", name)
        ]
        if problems:
            raise ConfigurationError("deepfake serve", problems)


def serve(run: Path, service: Service, device: str | None = None, threshold: float | None = None) -> None:
    """Score clips over HTTP until a signal ends the program.

    Args:
        run: that was trained.
        service: its settings.
        device, threshold: see `nasframe.load_scorer`.

    Raises:
        RunError: the run is not of this task, or not trained.
        ConfigurationError: the address cannot be listened at, or no clip be written where they are to lie.
    """
    with _listening(service) as server, naming_missing_plugins(run):
        parent = _parent(service.uploads)
        scorer = _load(run, device, threshold)
        limit = service.limit * _MIB
        context = RequestContext(
            _score_one(scorer),
            page_files(meaning=scorer.score_meaning, endings=",".join(scorer.file_endings), limit=limit),
            HostCheck([service.host, *service.names]),
            RequestLimits(limit),
            ClipQueue(service.workers or cores(), service.waiting),
            UploadFolder(parent),
        )
        remove_left_overs(parent)
        try:
            _open(context.uploads)
            _say_where(server)
            server.answer(context)
        finally:
            server.server_close()
            is_idle = context.queue.close(_GRACE)
            server.close_connections()
            context.uploads.close()
            if not is_idle:
                _end_at_once(sys.exception())


def _parent(given: Path | None) -> Path:
    """Return the folder in which the folder of uploads is made.

    Raises:
        ConfigurationError: it is none.
    """
    if given is not None and not given.is_dir():
        found = "is no folder" if given.exists() else "is not there"
        raise ConfigurationError("deepfake serve", [f"--uploads: {given} {found}; expected a folder"])
    return given or Path(tempfile.gettempdir())


def _open(uploads: UploadFolder) -> None:
    """Make the folder of uploads.

    Raises:
        ConfigurationError: that is not possible.
    """
    try:
        uploads.open()
    except OSError as error:
        problem = f"--uploads: nothing can be written in {uploads.parent} ({error.strerror or error})"
        raise ConfigurationError("deepfake serve", [problem]) from error


def _load(run: Path, device: str | None, threshold: float | None) -> Scorer:
    require_run_of_task(run)
    return load_scorer(run, device=device, threshold=threshold)


def _score_one(scorer: Scorer) -> Callable[[Path, Cancellation], Mapping[str, Any]]:
    def score(path: Path, cancellation: Cancellation) -> Mapping[str, Any]:
        (record,) = scorer.score([path], cancellation)
        return record

    return score


def _listening(service: Service) -> ClipServer:
    """Return a server that listens.

    Raises:
        ConfigurationError: the address is taken, not this machine's, or not allowed.
    """
    try:
        return ClipServer(service.host, service.port)
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            problem = f"--host: {service.host} is no name or address of this machine"
        elif error.errno == errno.EADDRINUSE:
            problem = f"--port: another program listens at {service.port}; --port 0 takes a free one"
        elif error.errno in (errno.EACCES, errno.EPERM):
            problem = f"--port: the system does not let you listen at {service.port}; take one above 1023"
        else:
            problem = f"--host {service.host} --port {service.port}: {error.strerror or error}"
        raise ConfigurationError("deepfake serve", [problem]) from error


def _say_where(server: ClipServer) -> None:
    address = ipaddress.ip_address(server.address.partition("%")[0])
    if not address.is_loopback:
        print_message(
            "nasframe: warning: everybody who reaches this machine over the network can send clips to this "
            "service and read their scores: it has no password, and nothing is encrypted"
        )
    shown = "localhost" if address.is_unspecified else f"[{address}]" if address.version == 6 else address
    print_text(f"http://{shown}:{server.port}/\nCtrl-C ends the service")


def _end_at_once(error: BaseException | None) -> None:
    """End the program in the middle of a clip, which nothing else can interrupt; all is removed by now."""
    if isinstance(error, KeyboardInterrupt):
        print_message("nasframe: ended in the middle of a clip")
        sys.stdout.flush()
        os._exit(128 + int(getattr(error, "number", signal.SIGINT)))
