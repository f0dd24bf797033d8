"""The standard functions: small, with stated numbers, in the two shapes of the paper's choices.

- alpha: six choices between zero and identity, as at the edges of the first level;
- gamma: three choices among five candidates, as at the inner nodes of a cell.

Every candidate of every choice contributes a vector; weights add them up to x = Σᵢ Σₖ wᵢₖ vᵢₖ, and

    linear(x)     =  c·x
    quadratic(x)  =  ½ |x - t|²              choices interact through their products
    network(x)    =  -log softmax(A tanh(x))₀

The numbers in v, c, t and A are sin(1), sin(4), sin(9), …: they have no pattern and need no seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from attrs import field, frozen
from torch import Tensor

from nasframe_estimators.functions.function import Function, Pack, one_hot_weights

__all__ = ["FUNCTIONS", "StandardFunction", "standard_functions"]

_WIDTH = 4

_ALPHA = [[0.3, -0.2], [-0.6, 0.5], [1.1, 0.1], [-0.4, 0.6], [0.0, 0.8], [0.7, -0.7]]
_GAMMA = [[0.9, -0.3, -1.2, 0.4, -0.6], [-0.8, 0.7, 0.2, -0.1, -1.5], [0.1, -0.9, 0.6, 1.2, -0.4]]


_SHAPES = {"alpha": _ALPHA, "gamma": _GAMMA}


def _numbers(rows: int, columns: int) -> Tensor:
    """Return sin(1), sin(4), sin(9), … as `(rows, columns)`."""
    count = torch.arange(1, rows * columns + 1, dtype=torch.float64)
    return torch.sin(count.square()).view(rows, columns)


def _linear(x: Tensor) -> Tensor:
    return x @ _numbers(1, _WIDTH)[0]


def _quadratic(x: Tensor) -> Tensor:
    return (x - _numbers(1, _WIDTH)[0]).square().sum(-1) / 2


def _network(x: Tensor) -> Tensor:
    return -(x.tanh() @ (2 * _numbers(_WIDTH, 3))).log_softmax(-1)[..., 0]


@frozen(eq=False)
class StandardFunction(Function):
    """A function of x, the weighted sum of the contributions of all candidates.

    Attributes:
        contributions: v, `(choices, candidates, width)`.
        outer: from x, `(draws, width)`, to f, `(draws,)`.
    """

    name: str
    packs: Sequence[Pack]
    contributions: Tensor = field(repr=False)
    outer: Callable[[Tensor], Tensor] = field(repr=False)

    def value(self, weights: Tensor) -> Tensor:
        """Return f of `(draws, choices, candidates)`: `(draws,)`; float64, differentiable."""
        return self.outer(weights.double().flatten(1) @ self.contributions.flatten(0, 1))

    def values(self, outcomes: Tensor) -> Tensor:
        (weights,) = one_hot_weights(self.packs, outcomes)
        return self.value(weights)

    def slopes(self, weights: Sequence[Tensor], one_hot: bool) -> list[Tensor]:
        (leaf,) = (part.detach().double().requires_grad_() for part in weights)
        with torch.enable_grad():
            return list(torch.autograd.grad(self.value(leaf).sum(), leaf))

    def once(self, weights: Sequence[Tensor], one_hot: bool) -> Tensor:
        return self.value(weights[0].unsqueeze(0)).sum()


def _make(
    name: str, group: str, logits: Sequence[Sequence[float]], outer: Callable[[Tensor], Tensor]
) -> StandardFunction:
    theta = torch.tensor(logits, dtype=torch.float64)
    choices, candidates = theta.shape
    contributions = _numbers(choices * candidates, _WIDTH).view(choices, candidates, _WIDTH).clone()
    contributions[:, 0] = 0.0  # the candidate zero
    return StandardFunction(name, (Pack(group, theta),), contributions, outer)


def standard_functions() -> list[StandardFunction]:
    """Return all standard functions, those of alpha first."""
    outers = {"linear": _linear, "quadratic": _quadratic, "network": _network}
    return [
        _make(f"{group}-{name}", group, logits, outer)
        for group, logits in _SHAPES.items()
        for name, outer in outers.items()
    ]


FUNCTIONS = tuple(function.name for function in standard_functions())
"""Names of the standard functions."""
