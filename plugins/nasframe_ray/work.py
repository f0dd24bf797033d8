"""One trial on a node: what came from the driver is unpacked, the trial is done, its folder goes back."""

from __future__ import annotations

import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from nasframe.errors import RunError
from nasframe.jobs import Outcome, Trial, do_trial
from nasframe.runtime import Progress, cache_for_another_machine, one_thread
from nasframe_ray.parcels import FileToSend, files_to_send, pieces_of, write_file, write_folder
from nasframe_ray.quiet_ray import exceptions, ray
from nasframe_ray.surroundings import Surroundings, differences

__all__ = ["Ended", "Parcel", "RefusedNodeError", "Spoke", "WorkOrder", "check_node", "do_work", "node_name"]

_PAUSE = 0.5  # seconds between two signs of life, at least


class RefusedNodeError(RunError):
    """A node on which no trial may be done."""


@frozen
class Parcel:
    """A file or folder in the object store.

    Attributes:
        files: what it holds.
        pieces: a reference to each piece of them.
    """

    files: tuple[FileToSend, ...]
    pieces: tuple[Any, ...]


@frozen
class WorkOrder:
    """All that a node is sent of a trial.

    Attributes:
        trial: to be done.
        inputs: argument → what it names.
        prepared: name of a folder of prepared data → the folder.
        surroundings: those of the driver.
    """

    trial: Trial
    inputs: Mapping[str, Parcel]
    prepared: Mapping[str, Parcel]
    surroundings: Surroundings


@frozen
class Spoke:
    """A sign of life."""


@frozen
class Ended:
    """The end of a trial; the pieces of its files follow.

    Attributes:
        outcome: how it ended; None where it has a `problem` that is not its own.
        problem: why it could not be done.
        stops: the others would meet the same.
        files: what its folder holds.
    """

    outcome: Outcome | None = None
    problem: str = ""
    stops: bool = False
    files: tuple[FileToSend, ...] = ()


def node_name() -> str:
    """Return the address of this node, for messages."""
    return str(ray.util.get_node_ip_address())


def check_node(surroundings: Surroundings) -> None:
    """Refuse a node whose programs are not those of the driver.

    Raises:
        RefusedNodeError: names the node and every difference.
    """
    try:
        surroundings.take_over()
        found = differences(surroundings.versions, Surroundings.here().versions)
    except Exception as error:
        raise RefusedNodeError(f"node {node_name()}: {error}") from error
    if found:
        raise RefusedNodeError(
            f"node {node_name()} cannot do trials of this study: {'; '.join(found)}; install the same there"
        )


def do_work(order: WorkOrder) -> Iterator[Spoke | Ended | bytes]:
    """Do a trial; yield signs of life, its end, and the pieces of the files in its folder.

    Everything lies in a temporary folder, which goes with the last piece.
    """
    check_node(order.surroundings)
    place = Path(tempfile.mkdtemp(prefix="nasframe-trial-"))
    try:
        folder = place / "trial" / order.trial.folder.name
        said: queue.SimpleQueue[Spoke | Ended] = queue.SimpleQueue()
        yield Spoke()
        threading.Thread(target=_do, args=(order, place, folder, said.put), daemon=True).start()
        while isinstance(message := said.get(), Spoke):
            yield message
        yield message
        yield from pieces_of(folder, message.files)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _do(order: WorkOrder, place: Path, folder: Path, say: Callable[[Spoke | Ended], None]) -> None:
    """Do a trial in a thread of its own, so that the one that Ray called can hand on what it says."""
    try:
        trial = _unpacked(order, place, folder)
        with one_thread(), _cache(place, trial.needs.cache):
            outcome = do_trial(trial, _Voice(say))
        say(Ended(outcome, files=tuple(files_to_send(folder))))
    except exceptions.RayError as error:  # what the driver sent is gone
        say(Ended(problem=f"node {node_name()}: {error}"))
    except BaseException as error:
        say(Ended(problem=f"node {node_name()}: {error or type(error).__name__}", stops=True))


def _unpacked(order: WorkOrder, place: Path, folder: Path) -> Trial:
    """Write what came with a trial, and return the trial as it is on this machine."""
    arguments = dict(order.trial.arguments)
    for name in order.trial.needs.visible:
        given = arguments.get(name)
        if given is not None and not Path(given).exists():
            raise RunError(
                f"{given} is not there; prepared data is handed over, and your own has to lie where "
                "every node sees it under this path"
            )
    for name, parcel in order.inputs.items():
        target = place / "inputs" / name / Path(arguments[name]).name
        _write(parcel, target)
        arguments[name] = str(target)
    for name, parcel in order.prepared.items():
        _write(parcel, place / "cache" / name)
    return evolve(order.trial, folder=folder, arguments=arguments)


def _write(parcel: Parcel, target: Path) -> None:
    pieces = (bytes(ray.get(reference)) for reference in parcel.pieces)
    if [item.name for item in parcel.files] == ["."]:
        write_file(target, pieces, parcel.files[0].pieces)
    else:
        write_folder(target, parcel.files, pieces, sender="the driver")


@contextmanager
def _cache(place: Path, there: Path | None) -> Iterator[None]:
    if there is None:
        yield
        return
    with cache_for_another_machine(place / "cache", there):
        yield


class _Voice(Progress):
    """All that is heard of progress is a sign of life."""

    def __init__(self, say: Callable[[Spoke | Ended], None]) -> None:
        self._say, self._spoke = say, 0.0

    def say(self, message: str) -> None:
        if time.monotonic() - self._spoke > _PAUSE:
            self._spoke = time.monotonic()
            self._say(Spoke())

    @contextmanager
    def task(self, description: str, total: int | None) -> Iterator[Callable[[int], None]]:
        self.say(description)
        yield lambda steps: self.say(description)
