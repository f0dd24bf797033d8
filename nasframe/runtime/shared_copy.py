"""A network for another thread."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from torch import nn

__all__ = ["shared_copy"]

Module = TypeVar("Module", bound="nn.Module")


def shared_copy(network: Module) -> Module:
    """Copy a network for one thread: it shares the tensors, and not the values stored during a pass."""
    tensors = [*network.parameters(), *network.buffers()]
    return copy.deepcopy(network, {id(tensor): tensor for tensor in tensors})
