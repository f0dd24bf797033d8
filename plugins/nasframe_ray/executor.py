"""The executor `ray`: tasks of Ray Core; this process alone writes the folder of the study."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from attrs import define, field

from nasframe.errors import ConfigurationError, RunError
from nasframe.jobs import Executor, Outcome, Report, Trial, full_disk_stops
from nasframe.options import option
from nasframe_ray.connection import connect, connected
from nasframe_ray.parcels import files_to_send, pieces_of, write_folder
from nasframe_ray.quiet_ray import NodeAffinitySchedulingStrategy, exceptions, ray
from nasframe_ray.surroundings import Surroundings
from nasframe_ray.work import Ended, Parcel, RefusedNodeError, WorkOrder, check_node, do_work

__all__ = ["RayExecutor"]

_LOST = (
    (exceptions.OutOfMemoryError, "the memory of its node ran out, and Ray ended its process"),
    (exceptions.NodeDiedError, "its node died"),
    (exceptions.LocalRayletDiedError, "its node died"),
    (exceptions.WorkerCrashedError, "its process died (is there enough memory?)"),
    (exceptions.ObjectLostError, "its node died before its files were here"),
    (exceptions.TaskCancelledError, "Ray cancelled it"),
)


@define
class _UnderWay:
    """A trial that was submitted: what its task yields, and the files of which it has told."""

    trial: Trial
    stream: Any
    has_begun: bool = False
    ended: Ended | None = None
    pieces: list[Any] = field(factory=list)

    @property
    def is_whole(self) -> bool:
        """True where all files are in the cluster."""
        return self.ended is not None and len(self.pieces) == sum(item.pieces for item in self.ended.files)


@define(kw_only=True)
class RayExecutor(Executor):
    """Tasks of a Ray cluster; each does a trial in a folder of its own, and hands that back."""

    elsewhere: ClassVar[bool] = True

    address: str | None = option(
        None, help="HOST:PORT of the cluster; without it RAY_ADDRESS, or the one on this machine"
    )
    _surroundings: Surroundings = field(init=False)
    _resource: str = field(init=False)
    _under_way: dict[str, _UnderWay] = field(init=False, factory=dict)
    _parcels: dict[Path, Parcel] = field(init=False, factory=dict)
    _spoken: float = field(init=False, default=0.0)

    @classmethod
    def check(cls, device: str | None, address: str | None = None) -> None:  # type: ignore[override]
        _refuse_device(device)
        with connected(address):
            _check_nodes(_nodes_for(device)[1], Surroundings.here())

    def __attrs_post_init__(self) -> None:
        _refuse_device(self.device)
        connect(self.address)
        self._surroundings = Surroundings.here()
        self._resource, nodes = _nodes_for(self.device)
        _check_nodes(nodes, self._surroundings)
        room = sum(int(node["Resources"][self._resource]) for node in nodes)
        self.workers = min(self.workers, room)

    def submit(self, trial: Trial) -> None:
        needs, arguments = trial.needs, trial.arguments
        given = {name: arguments.get(name) for name in needs.handed_over}
        inputs = {name: self._parcel(Path(path)) for name, path in given.items() if path is not None}
        cache = needs.cache
        prepared = {} if cache is None else {name: self._parcel(cache / name) for name in needs.prepared}
        order = WorkOrder(trial, inputs, prepared, self._surroundings)
        task = ray.remote(max_retries=0, num_cpus=1, num_gpus=int(self._resource == "GPU"))(do_work)
        self._under_way[trial.name] = _UnderWay(trial, task.remote(order))

    def reports(self, seconds: float) -> Sequence[Report]:
        if not self._under_way:
            return []
        found = [Report(name) for name in self._waiting()]
        streams = {item.stream: item for item in self._under_way.values()}
        for stream in _ready([*streams], seconds):
            while True:
                found.append(self._hear(streams[stream]))
                if streams[stream].trial.name not in self._under_way or not _ready([stream], 0):
                    break
        return found

    def end(self, trial: str) -> None:
        ray.cancel(self._under_way.pop(trial).stream, force=True)

    def close(self) -> None:
        for name in [*self._under_way]:
            self.end(name)
        self._parcels.clear()

    def _parcel(self, place: Path) -> Parcel:
        """Put a file or folder into the object store, where all trials find it."""
        key = place.resolve()
        if key not in self._parcels:
            files = files_to_send(key)
            if not files:
                raise RunError(f"{place}: no such file or folder")
            self._parcels[key] = Parcel(tuple(files), tuple(ray.put(item) for item in pieces_of(key, files)))
        return self._parcels[key]

    def _waiting(self) -> Iterator[str]:
        """Yield about once a second the trials that wait for their turn.

        Raises:
            RunError: they would wait for ever.
        """
        if time.monotonic() - self._spoken < 1:
            return
        self._spoken = time.monotonic()
        waiting = [name for name, item in self._under_way.items() if not item.has_begun]
        if waiting and not _with(self._resource, ray.nodes()):
            raise RunError(f"no node of the cluster with a {self._resource} is left")
        yield from waiting

    def _hear(self, item: _UnderWay) -> Report:
        """Take the next of what a task has yielded, and write its folder where it was the last."""
        name, report = item.trial.name, None
        try:
            reference = next(item.stream)
            item.has_begun = True
            if item.ended is not None:
                item.pieces.append(reference)
            elif isinstance(message := ray.get(reference), Ended):
                if message.stops:
                    raise RunError(message.problem)
                item.ended = message
            if item.ended is not None and item.ended.problem:
                report = Report(name, lost=item.ended.problem)
            elif item.is_whole:
                report = Report(name, self._written(item))
        except StopIteration:
            report = Report(name, lost="its node died before its files were here")
        except exceptions.RayError as error:
            report = Report(name, lost=_reason(error))
        if report is None:
            return Report(name)
        del self._under_way[name]
        return report

    def _written(self, item: _UnderWay) -> Outcome:
        """Write the folder of a trial whose files are all in the cluster, and return its outcome."""
        assert item.ended is not None
        assert item.ended.outcome is not None
        trial, pieces = item.trial, (bytes(ray.get(piece)) for piece in item.pieces)
        with full_disk_stops(trial.folder):
            if item.ended.files:
                write_folder(
                    trial.folder, item.ended.files, pieces, sender=trial.name, adds=trial.shares_folder
                )
        return item.ended.outcome


def _refuse_device(device: str | None) -> None:
    if device is not None and device.startswith("cuda:"):
        why = f"{device} is a GPU of one machine; expected cuda, or auto: each trial gets one"
        raise ConfigurationError("ray", [f"device: {why}"])


def _nodes_for(device: str | None) -> tuple[str, list[Any]]:
    """Return the resource that a trial takes, `CPU` or `GPU`, and the nodes that have it.

    Raises:
        RunError: there is none.
    """
    is_gpu = device == "cuda" or (device == "auto" and bool(_with("GPU", ray.nodes())))
    resource = "GPU" if is_gpu else "CPU"
    nodes = _with(resource, ray.nodes())
    if not nodes:
        raise RunError(
            f"no node of the cluster has a {resource}; `ray start` has the option --num-{resource.lower()}s"
        )
    return resource, nodes


def _check_nodes(nodes: Sequence[Any], surroundings: Surroundings) -> None:
    """Refuse nodes with other programs, before any work; one that comes later is asked with its first."""
    check = ray.remote(max_retries=0, num_cpus=0)(check_node)
    asked = {}
    for node in nodes:
        where = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        asked[check.options(scheduling_strategy=where).remote(surroundings)] = node
    problems = []
    for reference, node in asked.items():
        try:
            ray.get(reference)
        except (exceptions.NodeDiedError, exceptions.TaskUnschedulableError):  # the others do its work
            continue
        except Exception as error:
            problems.append(_refusal(error, str(node["NodeManagerAddress"])))
    if problems:
        raise RunError("\n".join(dict.fromkeys(problems)))


def _with(resource: str, nodes: Sequence[Any]) -> list[Any]:
    """Return the nodes that live and have a resource."""
    return [node for node in nodes if node["Alive"] and node["Resources"].get(resource, 0) >= 1]


def _ready(streams: Sequence[Any], seconds: float) -> list[Any]:
    """Return the streams with news; wait so long for the first."""
    found, others = ray.wait([*streams], num_returns=1, timeout=seconds, fetch_local=False)
    if found and others:
        more, _ = ray.wait(others, num_returns=len(others), timeout=0, fetch_local=False)
        found = [*found, *more]
    return list(found)


def _reason(error: Exception) -> str:
    """Return why a trial is lost.

    Raises:
        RunError: its node is refused.
    """
    if isinstance(error, exceptions.RayTaskError):
        raise RunError(_refusal(error, error.ip)) from error
    return _loss(error) or f"Ray lost it: {str(error).strip().partition('.')[0]}"


def _loss(error: Exception) -> str:
    """Return the words for a task that ended without an error of its own; "" for others."""
    return next((words for kind, words in _LOST if isinstance(error, kind)), "")


def _refusal(error: Exception, node: str) -> str:
    """Return the words of an error that a task has raised before it did anything."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, RefusedNodeError):
        return str(cause)
    if words := _loss(error):
        return f"node {node}: the task that asks for its versions was lost: {words}"
    last = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
    return f"node {node}: is nasframe installed there, with the extra cluster, as it is here? {last}"
