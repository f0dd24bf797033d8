"""Tensors on their way to a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["to_device"]


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Return a tensor on a device, for whose arrival nobody waits; gradients go back the same way.

    A copy from ordinary memory would hold up the caller until the device has done all that it was given
    before. So the tensor is first copied to memory that cannot be swapped out.
    """
    if tensor.device == device:
        return tensor
    if tensor.device.type != "cpu" or device.type != "cuda":
        return tensor.to(device)
    import torch

    pinned = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return pinned.copy_(tensor).to(device, non_blocking=True)
