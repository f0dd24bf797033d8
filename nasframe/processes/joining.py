"""The group of the processes that `torchrun` has launched; alone where it has not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from torch import distributed as dist

from nasframe.errors import ConfigurationError, RunError
from nasframe.processes.group import ALONE, Group
from nasframe.processes.peers import Peers
from nasframe.processes.processes import Processes
from nasframe.runtime import launched_processes

__all__ = ["joined"]

_PATIENCE = timedelta(minutes=10)
"""For which a process waits for one that lives and says nothing."""


@contextmanager
def joined(device: torch.device) -> Iterator[Group]:
    """Yield the group of the launched processes, which ends with the block.

    An error in the block ends the other processes too, with its message.

    Args:
        device: of the experiment.

    Raises:
        ConfigurationError: there is no way between processes on this device.
        RunError: the processes do not find each other.
    """
    count = launched_processes()
    if count == 1:
        yield ALONE
        return
    if not dist.is_available():
        raise ConfigurationError(
            "torchrun",
            [f"torch {torch.__version__} is built without torch.distributed; search in one process"],
        )
    # Optimisers import it. Where it is imported within a group, it keeps the group and its threads beyond the
    # end, and such a thread may abort a process whose interpreter ends.
    from torch import _dynamo  # noqa: F401
    from torch.distributed.rendezvous import rendezvous  # which such a torch lacks

    part_of_store: Any = dist.PrefixStore  # type: ignore[attr-defined, unused-ignore]
    rank, place = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", "0"))
    backend = _backend(device, place)
    if device.type == "cuda":
        torch.cuda.set_device(place)
    try:
        store, _, _ = next(iter(rendezvous("env://", timeout=_PATIENCE)))
        dist.init_process_group(
            backend,
            store=part_of_store("group", store),
            rank=rank,
            world_size=count,
            timeout=_PATIENCE,
        )
    except RuntimeError as error:
        raise RunError(f"process {rank} of {count} does not find the others: {error}") from error
    group = Processes(rank, count, place, Peers(part_of_store("peers", store), rank, count))
    try:
        group.meet()
        yield group
        group.leave()
    except BaseException as error:
        cause = group.fail(error)
        if cause is not None:
            raise cause from error
        raise


def _backend(device: torch.device, place: int) -> str:
    """Return what carries tensors: gloo those of the CPU, NCCL those of GPUs."""
    if device.type == "cpu":
        return "gloo"
    if not dist.is_nccl_available():
        raise ConfigurationError(
            "device",
            [
                f"a search on several GPUs needs NCCL, which torch {torch.__version__} lacks; "
                "device=cpu needs none"
            ],
        )
    if place >= torch.cuda.device_count():
        found = torch.cuda.device_count()
        raise ConfigurationError(
            "device", [f"process {place} of this machine needs a GPU of its own, and there are {found}"]
        )
    return "cpu:gloo,cuda:nccl"
