"""Examples that stay on a GPU through all epochs."""

from __future__ import annotations

import torch
from attrs import evolve
from torch import Tensor

from nasframe.runtime import to_device
from nasframe.tasks import Data

__all__ = ["resident"]

_SHARE = 0.5
"""Of the free memory of a device that examples may take; networks and their gradients need the rest."""

_CHUNK = 2**26
"""Bytes that travel at once: examples may be mapped from a disk, and are never in memory as a whole."""


def resident(data: Data, device: torch.device, room: int | None = None) -> Data:
    """Return data whose examples for training and validation are on a device, where it has room for them.

    The test split stays as it is. On the CPU nothing is moved.

    Args:
        data: of a task.
        device: to compute on.
        room: bytes that the examples may take; None is half of the free memory of a CUDA device.
    """
    if room is None:
        if device.type != "cuda":
            return data
        room = int(_SHARE * torch.cuda.mem_get_info(device)[0])
    splits = (data.splits.weights, data.splits.architecture, data.splits.validation)
    there: dict[int, tuple[Tensor, Tensor]] = {}  # both are kept, so that no id is used again

    def count(tensor: Tensor) -> Tensor:
        there[id(tensor)] = tensor, tensor
        return tensor

    def move(tensor: Tensor) -> Tensor:
        before, now = there[id(tensor)]
        if now is before:
            there[id(tensor)] = before, _moved(before, device)
        return there[id(tensor)][1]

    for split in splits:
        split.moved(count)
    if sum(tensor.nbytes for tensor, _ in there.values()) > room:
        return data
    weights, architecture, validation = (split.moved(move) for split in splits)
    moved = evolve(data.splits, weights=weights, architecture=architecture, validation=validation)
    return evolve(data, splits=moved)


def _moved(tensor: Tensor, device: torch.device) -> Tensor:
    if tensor.nbytes <= _CHUNK:
        return to_device(tensor, device)
    rows = max(1, _CHUNK * len(tensor) // tensor.nbytes)
    found = torch.empty(tensor.shape, dtype=tensor.dtype, device=device)
    for place, part in zip(torch.split(found, rows), torch.split(tensor, rows), strict=True):
        place.copy_(to_device(part, device))
    return found
