"""A function of the outcomes of a few choices, and its exact gradient, which relaxations estimate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import torch
from attrs import frozen
from torch import Tensor

__all__ = [
    "Clipping",
    "Function",
    "Pack",
    "Part",
    "contexts",
    "distribution",
    "every_outcome",
    "exact_gradient",
    "log_probabilities",
    "one_hot_weights",
]


@frozen(eq=False)
class Pack:
    """Choices among equally many candidates: their group, and their logits `(choices, candidates)`,
    float64."""

    group: str
    logits: Tensor


@frozen(eq=False)
class Part:
    """Some entries of a gradient: a name for them, the group of their choices, and a mask `(size,)`, bool."""

    name: str
    group: str
    entries: Tensor


@frozen
class Clipping:
    """Gradients are made shorter, to a largest norm: together, or the part of each choice on its own."""

    norm: float
    by_choice: bool

    def clipped(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Return gradients `(draws, choices, candidates)`, one for each pack."""
        norms = [part.norm(dim=-1, keepdim=True) for part in gradients]
        if not self.by_choice:
            together = torch.cat(norms, 1).norm(dim=1, keepdim=True)
            norms = [together] * len(norms)
        return [part * (self.norm / size).clamp(max=1) for part, size in zip(gradients, norms, strict=True)]


class Function(ABC):
    """A function f of the weights of some choices, defined at one-hot and at soft weights.

    The choices are packed, as the logits of a supernet are. Weights of many draws are a list with a tensor
    `(draws, choices, candidates)` for each pack; an outcome is one index for each choice, in the order of
    the packs; a gradient is one vector, the logits of all packs flattened in order.

    Attributes:
        name: shown in tables.
        packs: the choices, and the logits at which the gradient is taken.
        soft_draws: most draws of an estimator whose weights are not one-hot; None for no limit.
        clipping: what is done to a gradient of a relaxation before it is used; None for nothing.
    """

    name: str
    packs: Sequence[Pack]
    soft_draws: int | None = None
    clipping: Clipping | None = None

    @abstractmethod
    def values(self, outcomes: Tensor) -> Tensor:
        """Return f at outcomes `(n, choices)`, int64: `(n,)`, float64."""

    @abstractmethod
    def slopes(self, weights: Sequence[Tensor], one_hot: bool) -> list[Tensor]:
        """Return df/dw at the weights of every draw: `(draws, choices, candidates)`, float64, for each pack.

        Args:
            weights: of every pack, `(draws, choices, candidates)`.
            one_hot: whether they are exactly one-hot.
        """

    @abstractmethod
    def once(self, weights: Sequence[Tensor], one_hot: bool) -> Tensor:
        """Return f, a scalar with a graph, computed as in a search; the time of this call is measured.

        Args:
            weights: of every pack, `(choices, candidates)`.
            one_hot: whether they are exactly one-hot.
        """

    def drawn_again(self, outcomes: Tensor) -> Tensor:
        """Return the choices of outcomes `(n, choices)` that are drawn again, bool of the same shape.

        Draws with such choices do not stand: these choices are drawn until none is left. Without a method of
        its own, a function takes every outcome.

        A choice may be drawn again under some outcomes of the others and not under all. Where the choices
        that never are have the outcome c, what is drawn has the distribution p(D | c, D stands) of the rest.
        """
        return torch.zeros_like(outcomes, dtype=torch.bool)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of its choices, each once."""
        return tuple(dict.fromkeys(pack.group for pack in self.packs))

    @property
    def size(self) -> int:
        """Length of the gradient."""
        return sum(pack.logits.numel() for pack in self.packs)

    def parts(self) -> Iterator[Part]:
        """Yield the whole gradient, and where the choices are in several groups, the part of each."""
        yield Part(self.name, "+".join(self.groups), torch.ones(self.size, dtype=torch.bool))
        for group in self.groups if len(self.groups) > 1 else ():
            entries = [torch.full((pack.logits.numel(),), pack.group == group) for pack in self.packs]
            yield Part(f"{self.name}:{group}", group, torch.cat(entries))


def every_outcome(packs: Sequence[Pack]) -> Tensor:
    """Return all outcomes of all choices, `(outcomes, choices)`."""
    ranges = [torch.arange(pack.logits.shape[1]) for pack in packs for _ in range(pack.logits.shape[0])]
    return torch.cartesian_prod(*ranges).view(-1, len(ranges))


def log_probabilities(packs: Sequence[Pack], logits: Sequence[Tensor], outcomes: Tensor) -> Tensor:
    """Return log p of outcomes `(n, choices)` under independent softmax(θ): `(n,)`."""
    total, first = torch.zeros(len(outcomes), dtype=torch.float64), 0
    for pack, theta in zip(packs, logits, strict=True):
        rows = len(pack.logits)
        chosen = outcomes[:, first : first + rows]
        total = total + theta.log_softmax(-1)[torch.arange(rows), chosen].sum(-1)
        first += rows
    return total


def distribution(function: Function, logits: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the outcomes that stand, `(outcomes, choices)`, and the log of their probabilities, float64.

    With p the distribution of independent choices, c the outcome of the choices that are never drawn again,
    and A the outcomes that stand, it is log p(d) - log p(A | c); see `Function.drawn_again`.
    """
    outcomes = every_outcome(function.packs)
    log_p = log_probabilities(function.packs, logits, outcomes)
    again = function.drawn_again(outcomes)
    if not again.any():
        return outcomes, log_p
    stands, context = ~again.any(-1), contexts(outcomes, again)
    p, empty = log_p.exp(), log_p.new_zeros(int(context.max()) + 1)
    share = empty.index_add(0, context[stands], p[stands]) / empty.index_add(0, context, p)
    return outcomes[stands], (log_p - share[context].log())[stands]


def contexts(outcomes: Tensor, again: Tensor) -> Tensor:
    """Return a number `(outcomes,)` for the outcome of the choices that are never drawn again."""
    fixed = outcomes.masked_fill(again.any(0), 0)
    found: Tensor = torch.unique(fixed, dim=0, return_inverse=True)[1]
    return found


def one_hot_weights(packs: Sequence[Pack], outcomes: Tensor) -> list[Tensor]:
    """Return the weights of outcomes `(n, choices)`: a tensor `(n, choices, candidates)`, float64, a pack."""
    parts = torch.split(outcomes, [len(pack.logits) for pack in packs], dim=1)
    return [
        torch.nn.functional.one_hot(part, pack.logits.shape[1]).double()
        for pack, part in zip(packs, parts, strict=True)
    ]


def exact_gradient(function: Function) -> Tensor:
    """Return d/dθ E f(D), D ~ softmax(θ) independently for every choice, by enumeration: `(size,)`, float64.

    E f(D) = Σ_d f(d) Πᵢ softmax(θᵢ)[dᵢ]

    Where choices are drawn again, D has the distribution of `distribution` instead, which depends on θ too.

    Example:
        One choice between two candidates at θ = (0, 0), with f(0) = 0 and f(1) = 1:

        >>> class Second(Function):
        ...     name, packs = "second", [Pack("alpha", torch.zeros(1, 2, dtype=torch.float64))]
        ...
        ...     def values(self, outcomes):
        ...         return outcomes[:, 0].double()
        ...
        ...     def slopes(self, weights, one_hot):
        ...         return [torch.tensor([0.0, 1.0]).double().expand_as(weights[0])]
        ...
        ...     def once(self, weights, one_hot):
        ...         return weights[0][0, 1]
        >>> exact_gradient(Second()).tolist()
        [-0.25, 0.25]
    """
    logits = [pack.logits.detach().clone().requires_grad_() for pack in function.packs]
    outcomes, log_p = distribution(function, logits)
    values = function.values(outcomes).double()
    # the gradient is the same without the mean, and keeps its digits where f is large
    values = values - values.mean()
    expectation = log_p.exp() @ values
    return torch.cat([part.flatten() for part in torch.autograd.grad(expectation, logits)])
