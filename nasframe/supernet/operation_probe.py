"""The probe of one operation: a module made like that of the network, run on random examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set

import torch
from attrs import define, field
from torch import Tensor, nn

from nasframe.errors import ContractError, SpaceError
from nasframe.operations import OpSpec, Shape, build_operation, failure, operation_class, origin_of
from nasframe.runtime import forked_seed, is_finite

__all__ = ["Probe"]


@define
class Probe:
    """Runs a module of an operation in both modes and compares what comes out with the contract.

    Args:
        spec: the operation.
        shapes: of its inputs, without the batch.
        ports: the names of its inputs.
        wanted: shape of its output, without the batch.
        device: to compute on.
        size: examples of a batch.
        alone: True where a batch of the training holds one example.
    """

    spec: OpSpec
    shapes: Sequence[Shape]
    ports: Sequence[str]
    wanted: Shape
    device: torch.device
    size: int
    alone: bool
    _module: nn.Module = field(init=False)
    _inputs: list[Tensor] = field(init=False)

    def run(self) -> None:
        """Make the module and run it; torch's random states stay as they are.

        Raises:
            SpaceError: it fails.
            ContractError: it breaks a promise.
        """
        random = torch.Generator().manual_seed(0)
        values = [torch.randn((self.size, *shape), generator=random) for shape in self.shapes]
        self._inputs = [value.to(self.device) for value in values]
        with forked_seed(0, "operation check"):
            self._module = build_operation(self.spec, self.shapes, self.ports).to(self.device)
            with torch.no_grad():
                self._evaluate()
            if any(parameter.requires_grad for parameter in self._module.parameters()):
                self._module.train()
                self._train(self.size, repeated=True)
                if self.alone:
                    self._train(1, repeated=False)
            else:
                self._module.train()
                with torch.no_grad():
                    self._call(self._inputs, "in training mode")

    # -- evaluation mode --------------------------------------------------------------------------------

    def _evaluate(self) -> None:
        self._module.eval()
        random, buffers = self._random_state(), self._buffers()
        few = [self._call(self._first(count), "in evaluation mode") for count in (2, 1)]
        whole = self._call(self._inputs, "in evaluation mode")
        if not _same(self._random_state(), random):
            raise self._breaks("in evaluation mode it must draw no random numbers")
        if not is_finite(whole):
            raise self._breaks("its output must be finite, for finite inputs")
        before = whole.clone()
        again = self._call(self._inputs, "in evaluation mode, when it is called again")
        if not self._is_close(again, before, exact=self.device.type == "cpu"):
            raise self._breaks("in evaluation mode the same inputs must give the same output")
        turned = self._call([value.flip(0) for value in self._inputs], "in evaluation mode").flip(0)
        if not torch.equal(whole, before):
            raise self._breaks("its output must stay as it is, and another call changes it")
        few = [
            self._call([value[:count] for value in self._inputs], "in evaluation mode") for count in (2, 1)
        ]
        for part in (turned, *few):
            if not self._is_close(part, before[: len(part)]):
                raise self._breaks(
                    "in evaluation mode the output of an example must not depend on the other examples"
                )
        if not _same(self._buffers(), buffers):
            raise self._breaks("in evaluation mode it must not change its buffers")

    # -- training mode ----------------------------------------------------------------------------------

    def _train(self, count: int, *, repeated: bool) -> None:
        """Run forward and backward; repeated, also again from the same seed."""
        buffers, seed = self._buffers(), torch.initial_seed()
        outputs: list[Tensor] = []
        for time in range(2 if repeated else 1):
            torch.manual_seed(seed)
            for buffer, value in zip(self._module.buffers(), buffers, strict=True):
                buffer.copy_(value)
            self._module.zero_grad(set_to_none=True)
            leaves = [value.clone().requires_grad_() for value in self._first(count)]
            how = "in training mode" if time == 0 else "in training mode, when it is called again"
            output = self._call([leaf.clone() for leaf in leaves], how)
            if not output.requires_grad:
                raise self._breaks(
                    "its output must be differentiable: it has parameters, and they get no gradient"
                )
            try:
                output.backward(torch.ones_like(output))  # type: ignore[no-untyped-call, unused-ignore]
            except (Exception, SystemExit) as error:  # a plugin may raise anything
                if time == 1:
                    why = "it must not keep the graph of an earlier call, and its second step fails"
                    raise self._breaks(f"{why}: {failure(error, self._class)}") from error
                raise self._fails("in the backward pass", self._inputs, error) from error
            outputs.append(output.detach())
        self._check_gradients()
        if repeated and not self._is_close(outputs[1], outputs[0], exact=self.device.type == "cpu"):
            raise self._breaks(
                "in training mode the same inputs, buffers and seed of torch must give the same output, or "
                "no interrupted search could go on"
            )

    def _check_gradients(self) -> None:
        trained = {name: item for name, item in self._module.named_parameters() if item.requires_grad}
        if all(item.grad is None for item in trained.values()):
            raise self._breaks("no gradient reaches any of its parameters")
        for name, item in trained.items():
            if not is_finite(item.grad):
                raise self._breaks(f"the gradient of parameter {name!r} must be finite, for finite inputs")

    # -- parts ------------------------------------------------------------------------------------------

    def _first(self, count: int) -> list[Tensor]:
        return [value[:count] for value in self._inputs]

    def _call(self, inputs: Sequence[Tensor], how: str) -> Tensor:
        """Return the output for inputs, which must stay as they are; it has the right type and shape."""
        count, given = len(inputs[0]), [value.clone() for value in inputs]
        versions = [value._version for value in given]
        parameters, buffers = dict(self._module.named_parameters()), dict(self._module.named_buffers())
        trained = {name for name, item in parameters.items() if item.requires_grad}
        try:
            output = self._module(*given)
        except (Exception, SystemExit) as error:  # a plugin may raise anything
            raise self._fails(how, inputs, error) from error
        for index, (value, version) in enumerate(zip(given, versions, strict=True)):
            if value._version != version or not torch.equal(value, inputs[index]):
                raise self._breaks(f"it must leave its inputs as they are; it changes input {index} in place")
        self._check_kept(parameters, trained, buffers, how)
        if not isinstance(output, Tensor):
            raise self._breaks(f"forward must return one tensor, found {type(output).__name__}")
        if type(output) not in (Tensor, nn.Parameter):
            name = type(output).__name__
            raise self._breaks(f"forward must return a plain torch.Tensor, found its subclass {name}")
        if tuple(output.shape) != (count, *self.wanted):
            raise self._breaks(
                f"on the meta device its output has the shape {(count, *self.wanted)}, on real tensors "
                f"{tuple(output.shape)}, {how}"
            )
        kind = (given[0].dtype, given[0].device)
        if (output.dtype, output.device) != kind:
            wanted, found = (
                f"{dtype} on {device}" for dtype, device in (kind, (output.dtype, output.device))
            )
            raise self._breaks(
                f"its output must have dtype and device of its inputs, {wanted}, found {found}"
            )
        return output

    def _check_kept(
        self, parameters: Mapping[str, Tensor], trained: Set[str], buffers: Mapping[str, Tensor], how: str
    ) -> None:
        """Refuse a call that left other parameters or buffers than there were: none is trained or saved."""
        found = dict(self._module.named_parameters())
        names, before = {*found, *dict(self._module.named_buffers())}, {*parameters, *buffers}
        changes = [f"adds {name!r}" for name in sorted(names - before)]
        changes += [f"takes {name!r} away" for name in sorted(before - names)]
        for name, item in found.items():
            if name in parameters and item is not parameters[name]:
                changes.append(f"puts another parameter in the place of {name!r}")
            elif name in parameters and item.requires_grad != (name in trained):
                changes.append(f"sets requires_grad of {name!r} to {item.requires_grad}")
        if changes:
            raise self._breaks(
                "forward must keep the parameters and buffers that the constructor made, each trained or not"
                f"; it {changes[0]} {how}"
            )

    def _fails(self, how: str, inputs: Sequence[Tensor], error: BaseException) -> SpaceError:
        shown, count = ", ".join(map(str, self.shapes)), len(inputs[0])
        batch = f"{count} examples" if count > 1 else "one example"
        return SpaceError(
            f"{origin_of(self.spec)} fails on inputs {shown} {how}, for a batch of {batch}: "
            f"{failure(error, self._class)}"
        )

    def _breaks(self, promise: str) -> ContractError:
        return ContractError(f"{origin_of(self.spec)} breaks the contract of nasframe.Operation: {promise}")

    @property
    def _class(self) -> type:
        return operation_class(self.spec)

    def _buffers(self) -> list[Tensor]:
        return [buffer.clone() for buffer in self._module.buffers()]

    def _random_state(self) -> list[Tensor]:
        states: list[Callable[[], Tensor]] = [torch.get_rng_state]
        if self.device.type == "cuda":
            states.append(lambda: torch.cuda.get_rng_state(self.device))
        return [state() for state in states]

    def _is_close(self, found: Tensor, wanted: Tensor, *, exact: bool = False) -> bool:
        """Return True where two outputs are equal but for rounding, which the size of a batch may change."""
        if exact:
            return torch.equal(found, wanted)
        # a GPU may compute products with ten bits
        share = 1e-4 if self.device.type == "cpu" else 1e-2
        return (
            bool(((found - wanted).abs() <= share * (1 + wanted.abs().max())).all()) if len(wanted) else True
        )


def _same(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> bool:
    return all(map(torch.equal, found, wanted))
