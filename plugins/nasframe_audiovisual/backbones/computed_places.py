"""A watch for networks that look values up at places that they compute, which need values to be tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["ComputedPlaces"]

_LOOK_UPS: dict[Any, int] = {
    torch.ops.aten.index.Tensor: 1,
    torch.ops.aten.index_select.default: 2,
    torch.ops.aten.embedding.default: 1,
    torch.ops.aten.gather.default: 2,
}
"""Operation → place of the indices among its arguments."""


class ComputedPlaces(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Watches passes through a network, under `with`.

    Attributes:
        found: whether one looked values up at places that are no buffer of the network. Places in a buffer
            were computed for the network's own tables, whatever the images.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found = False
        self._kept = {_storage(buffer) for buffer in network.buffers()}

    def __torch_dispatch__(
        self,
        function: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if (place := _LOOK_UPS.get(function)) is not None:
            given = args[place]
            places = [given] if isinstance(given, Tensor) else [one for one in given if one is not None]
            self.found |= any(_storage(one) not in self._kept for one in places)
        return function(*args, **(kwargs or {}))


def _storage(tensor: Tensor) -> StorageWeakRef:
    """Return what two tensors have in common of which one is a view of the other."""
    return StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call]
