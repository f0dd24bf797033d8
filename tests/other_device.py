"""A device beside the CPU that keeps account: what is launched on it, and when the host waits for it.

No GPU is needed. Its tensors say that they are on `cuda:0`, and compute on the CPU; torch's own rules hold as
they do for a GPU: a tensor of the CPU that meets one of the device is an error, unless it is a number `()`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from attrs import define, field
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map

__all__ = ["Account", "OnDevice", "account_kept", "moved_there"]

DEVICE = torch.device("cuda", 0)


@define
class Account:
    """What has been asked of the device.

    Attributes:
        launches: operation → how often it was computed there; views launch nothing.
        arrivals: tensors that came from the CPU.
        pinned: tensors made in memory from which they are sent without a wait.
        waits: what the host waited for: a number that it read, or a tensor that it fetched.
    """

    launches: Counter[str] = field(factory=Counter)
    arrivals: int = 0
    pinned: int = 0
    waits: list[str] = field(factory=list)


_ACCOUNTS: list[Account] = [Account()]


@contextmanager
def account_kept() -> Iterator[Account]:
    """Yield the account of what the block asks of the device. Inside it, tensors can be sent there."""
    _ACCOUNTS.append(Account())
    try:
        with _Sending():
            yield _ACCOUNTS[-1]
    finally:
        _ACCOUNTS.pop()


class OnDevice(Tensor):
    """A tensor of the device, with its values in `held`."""

    held: Tensor

    @staticmethod
    def __new__(cls, real: Tensor) -> OnDevice:
        shape = torch.empty_strided(real.shape, real.stride(), dtype=real.dtype, device="meta")
        # for torch's own C++ it is on `meta`: anything else there asks for a driver
        made: Any = Tensor._make_subclass(cls, shape, real.requires_grad)
        made.held = real.detach()
        return made

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return DEVICE

    def __repr__(self) -> str:  # type: ignore[override]
        return f"OnDevice({self.held})"

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, operation: Any, types: Any, args: Any = (), given: Any = None) -> Any:
        given, account, name = dict(given or {}), _ACCOUNTS[-1], str(operation)
        device = given.get("device")
        to_cpu = device is not None and torch.device(device).type == "cpu"
        if device is not None:
            given["device"] = "cpu"
        given.pop("pin_memory", None)
        found = [item for item in tree_flatten((args, given))[0] if isinstance(item, Tensor)]
        if name in ("aten._local_scalar_dense.default", "aten.equal.default", "aten.nonzero.default"):
            account.waits.append(name)
        elif name == "aten.copy_.default" and not isinstance(args[0], OnDevice):
            account.waits.append("a tensor copied to the CPU")
        elif to_cpu:
            account.waits.append("a tensor fetched")
        elif name == "aten.copy_.default" and not isinstance(args[1], OnDevice):
            account.arrivals += 1
        elif name != "aten._to_copy.default" and any(
            item.dim() and not isinstance(item, OnDevice) for item in found
        ):
            raise RuntimeError(f"{name}: expected all tensors to be on the same device, cuda:0")
        result = operation(*tree_map(_held, args), **tree_map(_held, given))
        if not operation.is_view and not to_cpu and not name.startswith("aten.detach"):
            account.launches[name] += 1
        own = {id(item.held): item for item in found if isinstance(item, OnDevice)}
        own |= {id(item): item for item in found if not isinstance(item, OnDevice)}

        def wrapped(item: Any) -> Any:
            if not isinstance(item, Tensor):
                return item
            if id(item) in own:  # changed in place
                return own[id(item)]
            return item if to_cpu else OnDevice(item)

        return tree_map(wrapped, result)


class _Sending(TorchFunctionMode):
    """Takes the calls of torch that would ask for CUDA itself."""

    def __torch_function__(self, called: Any, types: Any, args: Any = (), given: Any = None) -> Any:
        given = dict(given or {})
        is_pinned = given.pop("pin_memory", False)
        if _is_there(given.get("device")) and not any(isinstance(item, OnDevice) for item in args):
            return OnDevice(called(*args, **{**given, "device": "cpu"}))
        if called is Tensor.to and _is_there(args[1]):
            if isinstance(args[0], OnDevice):
                return args[0]
            if not given.get("non_blocking"):
                _ACCOUNTS[-1].waits.append("a tensor sent")
            sent: Any = _Sent.apply(args[0])  # type: ignore[no-untyped-call, unused-ignore]
            return sent
        if called is Tensor.tolist and isinstance(args[0], OnDevice):
            _ACCOUNTS[-1].waits.append("a list read")
            return args[0].held.tolist()
        if is_pinned:
            _ACCOUNTS[-1].pinned += 1
        return called(*args, **given)


class _Sent(torch.autograd.Function):
    """A tensor of the CPU on the device; its gradient is fetched from there."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        _ACCOUNTS[-1].arrivals += 1
        return OnDevice(value.clone())

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> Tensor:
        _ACCOUNTS[-1].waits.append("a gradient fetched")
        held: Tensor = _held(above[0])
        return held


def _is_there(device: Any) -> bool:
    return isinstance(device, str | torch.device) and torch.device(device).type in (DEVICE.type, "meta")


def _held(item: Any) -> Any:
    return item.held if isinstance(item, OnDevice) else item


def moved_there(module: torch.nn.Module, but: str = "logits") -> None:
    """Move the parameters and buffers of a module to the device, but those of the submodule `but`."""
    kept = {id(item) for name, item in module.named_parameters() if name.startswith(f"{but}.")}
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None and id(parameter) not in kept:
                part._parameters[name] = torch.nn.Parameter(OnDevice(parameter.data))
        for name, buffer in part._buffers.items():
            if buffer is not None:
                part._buffers[name] = OnDevice(buffer)
