"""An operation that keeps its promises, and some that each break one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from nasframe import Operation, Shape
from nasframe.testing import OperationSuite


class Good(Operation):
    """The larger of two inputs, each scaled."""

    arity: ClassVar[int | None] = 2

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        self.linear = nn.Linear(shapes[0][-1], shapes[0][-1])
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return torch.maximum(self.linear(x), y)


class GoodVariadic(Operation):
    """The mean of any number of inputs."""

    arity = None

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.stack(inputs).mean(0)


class WithoutASentence(Good):
    __doc__ = None


class WrongArity(Good):
    """Says that it takes three."""

    arity = 3


class TakesOne(Good):
    """Says two and takes one."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return x


class NotVariadic(GoodVariadic):
    """Says any number and takes two."""

    def forward(self, *inputs: Tensor) -> Tensor:
        x, y = inputs
        return x + y


class BatchLast(Good):
    """Turns batch and length round."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return super().forward(x, y).transpose(0, 1)


class AsLongAsTheBatch(Good):
    """The length of the output depends on the batch."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return super().forward(x, y)[:, : len(x)]


class GrowsLater(Good):
    """Makes its parameters at the first pass."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        if self.linear.weight.device.type == "meta":
            self.linear = nn.Linear(1, 1)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


class BatchMixes(Good):
    """Takes the mean of the batch away."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return super().forward(x - x.mean(0), y)


class Noisy(Good):
    """Noise in eval mode."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return super().forward(x + torch.randn_like(x), y)


class Counts(Good):
    """Notes every pass, in eval mode too."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        self.seen += 1
        return super().forward(x, y)


class OwnNoise(Good):
    """Draws from Python's generator while training."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        scale = random.Random().random() if self.training else 1.0
        return super().forward(x * scale, y)


class InPlace(Good):
    """Changes its input."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return super().forward(x.mul_(2) if not x.requires_grad else x, y)


class OnlyFloat32(Good):
    """Answers in float32."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return super().forward(x, y).float()


class FalseZero(Good):
    """Says that it removes."""

    removes = True


class FalseIdentity(GoodVariadic):
    """Says that it passes."""

    passes = True


class IgnoresAnInput(Good):
    """Never looks at y."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.linear(x)


class IdleParameter(Good):
    """A layer that nothing passes."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        self.idle = nn.Linear(2, 2)


class RootAtZero(Good):
    """Has no derivative at zero."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return super().forward(x, y).square().sqrt()


class InfiniteGradient(Good):
    """Has no derivative where it is cut off."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return super().forward(x, y) + (x - x.detach()).square().sqrt()


class HiddenTensor(Good):
    """Computes with a tensor that is no parameter and no buffer."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        self.hidden = [torch.randn(shapes[0])]

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return super().forward(x * self.hidden[0].to(x.dtype), y)


class StaysBehind(HiddenTensor):
    """The same, and it never moves."""


class CopiesNothing(Good):
    """Its copy is itself."""

    def __deepcopy__(self, memo: Any) -> Any:
        return self


class LearnsInForward(Good):
    """Its parameters move by themselves."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        if self.training and x.device.type != "meta":
            self.linear.weight.data.fill_(float("nan"))
        return super().forward(x, y)


SHARED = nn.Linear(8, 8)


class SharesParameters(Good):
    """All of its kind use one layer."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        self.linear = SHARED


class Suite(OperationSuite):
    shapes = ((4, 8), (4, 8))


class TestIgnoresAnInputAndSaysWhy(Suite):
    no_gradient = "the second input is there for its shape"

    def make(self, shapes: Sequence[Shape]) -> Operation:
        return IgnoresAnInput(shapes)


class TestNothing(Suite):
    """Without a `make`."""


class TestNoOperation(Suite):
    def make(self, shapes: Sequence[Shape]) -> Any:
        return nn.Bilinear(8, 8, 8)


def suite(kind: Any) -> type[OperationSuite]:
    """The suite on one of the classes above."""
    return type(f"Test{kind.__name__}", (Suite,), {"make": lambda self, shapes: kind(shapes)})


for _kind in [item for item in vars().values() if isinstance(item, type) and issubclass(item, Operation)]:
    if _kind is not Operation:
        vars()[f"Test{_kind.__name__}"] = suite(_kind)
