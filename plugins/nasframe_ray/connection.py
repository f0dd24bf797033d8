"""The connection of this process with a cluster: made within seconds or refused, and kept until it ends."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from nasframe.errors import RunError
from nasframe_ray.quiet_ray import SECONDS, ray

__all__ = ["connect", "connected", "disconnect"]

_SETTINGS = b"\4"  # the kind of the frame with which HTTP/2, and so gRPC, begins
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0" + _SETTINGS + b"\0\0\0\0\0"

_connected: str | None = None
"""The address that this process was connected with."""


def connect(address: str | None) -> None:
    """Connect this process with a cluster, where it is not yet.

    The connection stays: the processes of the cluster serve the next trials of this one, and need not import
    torch again.

    Args:
        address: `HOST:PORT`, as `ray start` prints it; None is what `RAY_ADDRESS` says, else the cluster
            that was started on this machine.

    Raises:
        RunError: there is no cluster, or this machine is none of its nodes, or its Ray or Python is another.
    """
    global _connected
    if _is_connected(address):
        return
    disconnect()
    wanted = address or os.environ.get("RAY_ADDRESS") or "auto"
    _require_listener(wanted)
    try:
        with _own_signals():
            ray.init(address=wanted, log_to_driver=False, logging_level="CRITICAL")
        _connected = address
    except Exception as error:  # of many kinds
        with suppress(Exception):
            ray.shutdown()
        first = str(error).strip().partition("\n")[0]
        named = "no cluster was started on this machine" if wanted == "auto" else f"--address {wanted}"
        raise RunError(
            f"{named}: Ray cannot connect ({first}); `ray start --head` starts a cluster, "
            "`ray start --address=HOST:PORT` makes this machine a node of one"
        ) from error


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Connect this process for a block; a connection with this cluster that is there already stays.

    Where a cluster ends, Ray ends the processes that are connected with it, so none is kept without need.
    """
    if _is_connected(address):
        yield
        return
    connect(address)
    try:
        yield
    finally:
        disconnect()


def _is_connected(address: str | None) -> bool:
    return ray.is_initialized() and address in (None, _connected)


def disconnect() -> None:
    """End the connection; all tasks of this process end with it."""
    global _connected
    _connected = None
    with _own_signals():
        ray.shutdown()


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep what this program does on a signal; Ray would end it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _require_listener(address: str) -> None:
    """Refuse an address where nothing listens; Ray itself would ask it for a minute."""
    if address == "auto":
        return
    if "://" in address:
        raise RunError(
            f"--address {address}: expected HOST:PORT of a cluster that this machine is a node of, "
            "not that of Ray Client"
        )
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal() and 0 < int(port) < 65536):
        raise RunError(f"--address {address}: expected HOST:PORT, such as 10.0.0.1:6379")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=SECONDS / 2) as server:
            server.sendall(_GREETING)
            answer = server.recv(9)
    except OSError as error:
        why = error.strerror or str(error)
        raise RunError(f"--address {address}: no cluster answers there: {why}") from error
    if answer[3:4] != _SETTINGS and os.environ.get("RAY_USE_TLS", "0") == "0":
        raise RunError(f"--address {address}: a program that is no cluster of Ray answers there")
