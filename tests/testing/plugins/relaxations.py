"""A relaxation that keeps its promises, and some that each break one."""

from __future__ import annotations

from typing import Any

import attrs
import torch
from torch import Tensor

from nasframe import Relaxation, Sample
from nasframe.options import option
from nasframe.testing import RelaxationSuite


def gumbel(logits: Tensor, generator: torch.Generator | None) -> Tensor:
    """Standard Gumbel noise in float32 or better."""
    dtype = torch.promote_types(logits.dtype, torch.float32)
    device = logits.device if generator is None else generator.device
    uniform = torch.rand(logits.shape, generator=generator, dtype=dtype, device=device).to(logits.device)
    return -(-uniform.clamp(1e-7, 1 - 1e-7).log()).log()


@attrs.frozen
class Good(Relaxation):
    """Gumbel-softmax without straight-through."""

    temperature: float = option(0.7, help="of the softmax")

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        noise = gumbel(logits, generator)
        weights = torch.softmax((logits.to(noise.dtype) + noise) / self.temperature, dim=-1)
        return Sample(weights.to(logits.dtype), one_hot=False)


class Changed(Good):
    """The good weights, changed by `change`."""

    def sample(self, logits: Tensor, *arguments: Any) -> Sample:
        return attrs.evolve(super().sample(logits, *arguments), weights=self.change(logits, *arguments))

    def change(self, logits: Tensor, *arguments: Any) -> Tensor:
        return Good.sample(self, logits, *arguments).weights


class OffSimplex(Changed):
    def change(self, logits: Tensor, *arguments: Any) -> Tensor:
        return torch.sigmoid(logits)


class Negative(Changed):
    def change(self, logits: Tensor, *arguments: Any) -> Tensor:
        return torch.softmax(logits, -1) * 1.5 - 0.5 / logits.shape[-1]


class Overflowing(Changed):
    def change(self, logits: Tensor, *arguments: Any) -> Tensor:
        return logits.exp() / logits.exp().sum(-1, keepdim=True)


class WrongShape(Changed):
    def change(self, logits: Tensor, *arguments: Any) -> Tensor:
        return super().change(logits, *arguments).sum(-1, keepdim=True)


class WrongDtype(Changed):
    def change(self, logits: Tensor, *arguments: Any) -> Tensor:
        return super().change(logits, *arguments).float()


class Unseeded(Changed):
    def change(self, logits: Tensor, *arguments: Any) -> Tensor:
        return super().change(logits)


class OwnGenerator(Changed):
    """Draws from neither the given generator nor the global one."""

    def change(self, logits: Tensor, *arguments: Any) -> Tensor:
        generator = torch.Generator()
        generator.seed()
        return super().change(logits, 0.0, generator)


class GradientDraws(Changed):
    """Draws something else where a gradient is asked for."""

    def change(self, logits: Tensor, progress: float = 0.0, generator: Any = None) -> Tensor:
        if logits.requires_grad and torch.is_grad_enabled():
            gumbel(logits, generator)
        return Good.sample(self, logits, progress, generator).weights


class InPlace(Changed):
    def change(self, logits: Tensor, *arguments: Any) -> Tensor:
        logits.data.sub_(logits.data.amax(-1, keepdim=True))
        return super().change(logits, *arguments)


class RowsMix(Changed):
    def change(self, logits: Tensor, *arguments: Any) -> Tensor:
        return super().change(logits + logits.roll(1, 0), *arguments)


class NoGradient(Changed):
    def change(self, logits: Tensor, *arguments: Any) -> Tensor:
        return super().change(logits, *arguments) + 0 * logits.sum()

    def sample(self, logits: Tensor, *arguments: Any) -> Sample:
        weights = Good.sample(self, logits, *arguments).weights.detach()
        return Sample(weights + 0 * torch.softmax(logits, -1), one_hot=False)


class KeepsAGraph(Changed):
    def change(self, logits: Tensor, *arguments: Any) -> Tensor:
        with torch.enable_grad():
            return super().change(logits, *arguments)


class EndsCold(Changed):
    """A temperature of zero at the end of the search."""

    def change(self, logits: Tensor, progress: float = 0.0, generator: Any = None) -> Tensor:
        return torch.softmax(logits.to(torch.promote_types(logits.dtype, torch.float32)) / (1 - progress), -1)


class ClaimsOneHot(Good):
    def sample(self, logits: Tensor, *arguments: Any) -> Sample:
        return Sample(super().sample(logits, *arguments).weights, one_hot=True)


class AddsStraightThrough(Good):
    """One-hot up to rounding: hard + soft - soft."""

    def sample(self, logits: Tensor, *arguments: Any) -> Sample:
        soft = super().sample(logits, *arguments).weights
        hard = torch.zeros_like(soft).scatter_(-1, soft.argmax(-1, keepdim=True), 1.0)
        return Sample(hard.detach() + soft - soft.detach(), one_hot=True)


class Hard(torch.autograd.Function):
    """Exact zeros and ones; the gradient of the soft weights."""

    @staticmethod
    def forward(ctx: Any, soft: Tensor) -> Tensor:
        return torch.zeros_like(soft).scatter_(-1, soft.argmax(-1, keepdim=True), 1.0)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient


class GoodStraightThrough(Good):
    def sample(self, logits: Tensor, *arguments: Any) -> Sample:
        return Sample(Hard.apply(super().sample(logits, *arguments).weights), one_hot=True)


class SharpensItsDraws(GoodStraightThrough):
    """Draws from another distribution than the one it shows."""

    def sample(self, logits: Tensor, *arguments: Any) -> Sample:
        return super().sample(3 * logits, *arguments)


class OneDrawForAll(GoodStraightThrough):
    """The same noise for every choice."""

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        noise = gumbel(logits[:1], generator)
        weights = torch.softmax((logits.to(noise.dtype) + noise) / self.temperature, -1).to(logits.dtype)
        return Sample(Hard.apply(weights), one_hot=True)


class HardMaximum(Good):
    """No draw at all, which is allowed where the suite is told."""

    def sample(self, logits: Tensor, *arguments: Any) -> Sample:
        return Sample(Hard.apply(torch.softmax(logits, -1)), one_hot=True)


class HalfPrecision(Good):
    """Computes in the dtype of the logits."""

    def sample(self, logits: Tensor, *arguments: Any) -> Sample:
        noise = gumbel(logits, arguments[1] if len(arguments) > 1 else None).to(logits.dtype)
        return Sample(torch.softmax((logits + noise) / self.temperature, -1), one_hot=False)


class MultipliesUnderAutocast(Good):
    def sample(self, logits: Tensor, *arguments: Any) -> Sample:
        turned = logits @ torch.eye(logits.shape[-1], dtype=logits.dtype)
        return attrs.evolve(super().sample(turned.to(logits.dtype), *arguments))


class RandomProbabilities(Good):
    def probabilities(self, logits: Tensor) -> Tensor:
        return Good.sample(self, logits).weights


class ProbabilitiesOffSimplex(Good):
    def probabilities(self, logits: Tensor) -> Tensor:
        return torch.sigmoid(logits)


class ProbabilitiesMix(Good):
    def probabilities(self, logits: Tensor) -> Tensor:
        return torch.softmax(logits - logits.mean(0), -1)


@attrs.frozen
class WithoutHelp(Good):
    strength: float = 1.0


@attrs.frozen(kw_only=True)
class WithoutDefault(Good):
    strength: float = option(help="needed")


@attrs.define(eq=False)
class NeverEqual(Relaxation):
    temperature: float = option(0.7, help="of the softmax")

    def sample(self, logits: Tensor, progress: float = 0.0, generator: Any = None) -> Sample:
        return Good().sample(logits, progress, generator)


class WithoutOptions(Relaxation):
    """No attrs class."""

    def sample(self, logits: Tensor, progress: float = 0.0, generator: Any = None) -> Sample:
        return Good().sample(logits, progress, generator)


class TestHardMaximumThatSaysSo(RelaxationSuite):
    draws_from_probabilities = False

    def make(self) -> Relaxation:
        return HardMaximum()


class TestNothing(RelaxationSuite):
    """Without a `make`."""


def suite(kind: Any, **options: Any) -> type[RelaxationSuite]:
    """The suite on one of the classes above."""
    return type(f"Test{kind.__name__}", (RelaxationSuite,), {"make": lambda self: kind(**options)})


for _kind in [item for item in vars().values() if isinstance(item, type) and issubclass(item, Good)]:
    _options = {"strength": 1.0} if _kind is WithoutDefault else {}
    vars()[f"Test{_kind.__name__}"] = suite(_kind, **_options)
TestNeverEqual, TestWithoutOptions = suite(NeverEqual), suite(WithoutOptions)
