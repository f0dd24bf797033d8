"""Frozen networks on a processor, where batch norm, addition and ReLU are parts of the convolution before."""

from __future__ import annotations

import operator
import platform
from threading import current_thread, main_thread

import torch
from attrs import define, field
from torch import Tensor, fx, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_weights

__all__ = ["FusedNetwork"]

_ADDITIONS = (operator.add, operator.iadd, torch.add)
_HARMLESS = (nn.Conv2d, nn.BatchNorm2d, nn.Identity, nn.AvgPool2d)
"""Modules that leave their input as it is."""


@define(eq=False)
class FusedNetwork:
    """The fused form of one network, made when it is first asked for, and again after a weight has changed.

    It is made in the main thread alone: torch.fx traces a network by changing `nn.Module` for all threads.
    What starts threads of its own asks before it starts them.
    """

    _made: nn.Module | None = None
    _tensors: list[Tensor] = field(factory=list)
    _states: list[tuple[int, int]] = field(factory=list)

    def of(self, network: nn.Module) -> nn.Module:
        """Return a network with the same outputs but for rounding, for inference.

        It is `network` itself on another device than a processor, with weights that are not float32, where
        nothing can be fused, and in other threads than the main one. The ReLU of oneDNN turns NaN into 0, so
        the images have to be finite.

        Args:
            network: in evaluation mode.
        """
        if current_thread() is not main_thread():
            return network
        tensors = [*network.parameters(), *network.buffers()]
        states = [(tensor.data_ptr(), _version(tensor)) for tensor in tensors]
        same = len(tensors) == len(self._tensors) and all(map(operator.is_, tensors, self._tensors))
        if self._made is None or not same or states != self._states:
            self._made = _fused(network) if _can_be_fused(network, tensors) else None
            self._tensors, self._states = tensors, states
        return network if self._made is None else self._made


def _version(tensor: Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version


def _can_be_fused(network: nn.Module, tensors: list[Tensor]) -> bool:
    on_processor = all(tensor.device.type == "cpu" for tensor in tensors)
    return on_processor and not network.training and _has_onednn()


def _has_onednn() -> bool:
    """Return whether the fused convolutions are there; they were tried on x86-64 alone."""
    return (
        platform.machine().lower() in ("x86_64", "amd64")
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call, unused-ignore]
        and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
    )


@torch.no_grad()
def _fused(network: nn.Module) -> nn.Module | None:
    """Return the fused form; None where there is none."""
    try:
        traced = fx.symbolic_trace(network)
    except Exception:  # a forward pass that depends on values, or on shapes, cannot be traced
        return None
    patterns = _Patterns(traced)
    count = 0
    for node in list(traced.graph.nodes):
        layer = patterns.convolution_before(node)
        if layer is None:
            continue
        source, convolution, normalisation = layer
        other, addition = patterns.addition_after(source, node)
        end, has_relu = patterns.relu_after(addition or node)
        name = f"fused_{count}"
        traced.add_module(name, _Convolution(convolution, normalisation, has_relu))
        inputs = (source.args[0],) if other is None else (source.args[0], other)
        with traced.graph.inserting_after(addition or source):
            fused = traced.graph.call_module(name, inputs)
        end.replace_all_uses_with(fused)
        patterns.remove(end, source)
        patterns.refresh()
        count += 1
    if not count:
        return None
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced.eval()


class _Patterns:
    """The layers of a traced network that may be fused."""

    def __init__(self, traced: fx.GraphModule) -> None:
        self._traced = traced
        self.refresh()

    def refresh(self) -> None:
        """Look at the network again."""
        self._modules = dict(self._traced.named_modules())
        self._nodes = list(self._traced.graph.nodes)
        self._places = {node: place for place, node in enumerate(self._nodes)}

    def convolution_before(self, node: fx.Node) -> tuple[fx.Node, nn.Conv2d, nn.BatchNorm2d] | None:
        """Return the convolution whose output `node` alone normalises, by statistics that are fixed."""
        normalisation = self._module(node)
        if type(normalisation) is not nn.BatchNorm2d or normalisation.running_mean is None:
            return None
        source = node.args[0]
        if not isinstance(source, fx.Node) or len(source.users) != 1:
            return None
        convolution = self._module(source)
        if (
            type(convolution) is not nn.Conv2d
            or convolution.padding_mode != "zeros"
            or isinstance(convolution.padding, str)
            or convolution.weight.dtype != torch.float32
            or _has_hooks(convolution)
            or _has_hooks(normalisation)
        ):
            return None
        return source, convolution, normalisation

    def addition_after(self, source: fx.Node, node: fx.Node) -> tuple[fx.Node | None, fx.Node | None]:
        """Return what is added to the values of `node`, and the addition; None and None where nothing is.

        The convolution moves to the place of the addition, so nothing between may change its input.
        """
        last = self._without_identities(node)
        after = self._only_user(last)
        if after is None or after.op != "call_function" or after.target not in _ADDITIONS or after.kwargs:
            return None, None
        others = [value for value in after.args if value is not last]
        if len(after.args) != 2 or len(others) != 1 or not isinstance(others[0], fx.Node):
            return None, None
        between = self._nodes[self._places[source] + 1 : self._places[after]]
        if not all(isinstance(self._module(step), (*_HARMLESS, _Convolution)) for step in between):
            return None, None
        # of two convolutions that are added, the later one takes the other as it is
        if self._has_convolution_after(node, others[0]):
            return None, None
        return others[0], after

    def relu_after(self, node: fx.Node) -> tuple[fx.Node, bool]:
        """Return the ReLU that alone uses the values of `node`, and True; else `node` and False."""
        after = self._only_user(self._without_identities(node))
        if after is None:
            return node, False
        module = self._module(after)
        if isinstance(module, nn.ReLU) and not _has_hooks(module):
            return after, True
        return (after, True) if after.target in (F.relu, torch.relu, "relu", "relu_") else (node, False)

    def remove(self, end: fx.Node, source: fx.Node) -> None:
        """Remove the nodes from a convolution to the last one that became part of it, whose values none uses.

        Others without users stay: they may change a tensor in place.
        """
        chain = [source]
        while chain[-1] is not end:
            chain.append(next(iter(chain[-1].users)))
        for node in reversed(chain):
            self._traced.graph.erase_node(node)

    def _module(self, node: fx.Node) -> nn.Module | None:
        return self._modules.get(str(node.target)) if node.op == "call_module" else None

    def _only_user(self, node: fx.Node) -> fx.Node | None:
        return next(iter(node.users)) if len(node.users) == 1 else None

    def _without_identities(self, node: fx.Node) -> fx.Node:
        while (after := self._only_user(node)) is not None and isinstance(self._module(after), nn.Identity):
            node = after
        return node

    def _has_convolution_after(self, node: fx.Node, other: fx.Node) -> bool:
        return self._places[other] > self._places[node] and self.convolution_before(other) is not None


def _has_hooks(module: nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)


class _Convolution(nn.Module):
    """A convolution with the normalisation after it in its weights, then an addition and ReLU, in one pass.

    The weights lie in memory as oneDNN reads them. Plain ones would be put into that order in every pass,
    which takes as long as four pictures of 112 pixels.
    """

    def __init__(self, layer: nn.Conv2d, normalisation: nn.BatchNorm2d, has_relu: bool) -> None:
        super().__init__()
        mean, variance = normalisation.running_mean, normalisation.running_var
        assert mean is not None
        assert variance is not None
        weight, self._bias = fuse_conv_bn_weights(
            layer.weight,
            layer.bias,
            mean,
            variance,
            normalisation.eps,
            normalisation.weight,
            normalisation.bias,
        )
        self._geometry = ([*layer.padding], [*layer.stride], [*layer.dilation], layer.groups)
        reorder = torch.ops.mkldnn._reorder_convolution_weight
        self._weight: Tensor = reorder(weight.detach(), *self._geometry, None)
        self._relu = "relu" if has_relu else None

    def forward(self, images: Tensor, other: Tensor | None = None) -> Tensor:
        numbers = (self._weight, self._bias, *self._geometry)
        found: Tensor
        if other is None:
            found = torch.ops.mkldnn._convolution_pointwise(images, *numbers, self._relu or "none", [], "")
        else:
            found = torch.ops.mkldnn._convolution_pointwise.binary(
                images, other, *numbers, "add", 1.0, self._relu, [], ""
            )
        return found
