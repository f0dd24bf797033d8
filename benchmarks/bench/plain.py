"""The supernet of the paper's space as one would write it without a framework, for a comparison of speed.

It computes the same function as `Supernet` on `Bimodal(ports="shared")`; tests/benchmarks/test_plain.py holds
both to equal outputs and gradients. As in BM-NAS, features are `(batch, channels, length)` and linear layers
are convolutions of width 1, every candidate of every choice is evaluated with a graph through all of them in
both updates, and weights and logits get their gradients in both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["PlainSearch", "PlainSupernet", "gumbel_rao", "softmax"]

OPERATIONS = 5
"""Candidates of an inner node: zero, and those of `PlainNode`."""


class PlainNode(nn.Module):
    """The mixture of an inner node: each candidate with a layer norm and a dropout of its own."""

    def __init__(self, channels: int, rate: float) -> None:
        super().__init__()
        self.value = nn.Conv1d(channels, channels, 1, bias=False)
        self.gate = nn.Conv1d(channels, channels, 1, bias=False)
        self.concat = nn.Conv1d(2 * channels, channels, 1)
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(OPERATIONS - 1))
        self.drops = nn.ModuleList(nn.Dropout(rate) for _ in range(OPERATIONS - 1))

    def forward(self, x: Tensor, y: Tensor, gamma: Tensor) -> Tensor:
        scores = torch.matmul(x.transpose(1, 2), y) / math.sqrt(x.shape[1])
        outputs = [
            x + y,
            torch.matmul(y, torch.softmax(scores, dim=-1).transpose(1, 2)),
            self.value(x) * torch.sigmoid(self.gate(y)),
            F.relu(self.concat(torch.cat([x, y], dim=1))),
        ]
        mixed = gamma[0] * torch.zeros_like(x)
        for weight, output, norm, drop in zip(gamma[1:], outputs, self.norms, self.drops, strict=True):
            mixed = mixed + weight * drop(normed(norm, output))
        return mixed


class PlainCell(nn.Module):
    """Inner nodes, each fed by a mixture of the cell's two inputs and of the nodes before it."""

    def __init__(self, channels: int, nodes: int, rate: float) -> None:
        super().__init__()
        self.nodes = nn.ModuleList(PlainNode(channels, rate) for _ in range(nodes))
        self.fusion = nn.ParameterList(torch.tensor(1 / nodes) for _ in range(nodes))
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor, y: Tensor, beta: Tensor, gamma: Tensor) -> Tensor:
        states, place, output = [x, y], 0, x
        for node, own, weight in zip(self.nodes, gamma, self.fusion, strict=True):
            edges = beta[place : place + len(states)]
            arrived = edge_mixture(edges, states)
            place += len(states)
            states.append(node(arrived, arrived, own))
            output = output + weight * states[-1]
        return normed(self.norm, output)


class PlainSupernet(nn.Module):
    """Projections, cells, and a linear head.

    Args:
        features: of each input.
        channels, cells, nodes, rate, length: of the space; `rate` is that of dropout.
    """

    def __init__(
        self,
        features: Sequence[int],
        *,
        channels: int = 128,
        cells: int = 2,
        nodes: int = 2,
        rate: float = 0.2,
        length: int = 8,
    ) -> None:
        super().__init__()
        self.projections = nn.ModuleList(nn.Conv1d(count, channels, 1) for count in features)
        self.cells = nn.ModuleList(PlainCell(channels, nodes, rate) for _ in range(cells))
        self.head = nn.Linear(length * cells * channels, 1)
        inputs, edges = len(features), sum(range(2, 2 + nodes))
        alpha = cells * inputs + cells * (cells - 1) // 2
        self.logits = nn.ParameterList(
            1e-3 * torch.randn(size) for size in ((alpha, 2), (cells * edges, 2), (cells * nodes, OPERATIONS))
        )

    def forward(self, inputs: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
        """Return the outputs `(batch, 1)`.

        Args:
            inputs: each `(batch, features, length)`.
            weights: of alpha and beta `(edges, 2)`, with columns for zero and the identity, and of gamma
                `(nodes, 5)`.
        """
        alpha, beta, gamma = weights
        states = [project(value) for project, value in zip(self.projections, inputs, strict=True)]
        place, edges, operations = 0, len(beta) // len(self.cells), len(gamma) // len(self.cells)
        outputs = []
        for number, cell in enumerate(self.cells):
            own = alpha[place : place + len(states)]
            arrived = edge_mixture(own, states)
            place += len(states)
            inner = beta[number * edges : (number + 1) * edges]
            output = cell(arrived, arrived, inner, gamma[number * operations : (number + 1) * operations])
            states.append(output)
            outputs.append(output)
        result: Tensor = self.head(torch.cat(outputs, dim=1).flatten(1))
        return result

    def weights(self) -> list[nn.Parameter]:
        """Return every parameter that is not a logit."""
        return [item for name, item in self.named_parameters() if not name.startswith("logits.")]


def normed(norm: nn.Module, value: Tensor) -> Tensor:
    """Return the layer norm over the channels of each position."""
    result: Tensor = norm(value.transpose(1, 2)).transpose(1, 2)
    return result


def edge_mixture(weights: Tensor, states: Sequence[Tensor]) -> Tensor:
    """Return Σ wₑ sₑ, where each row of weights is of (zero, identity)."""
    total: Tensor | None = None
    for row, state in zip(weights, states, strict=True):
        value = row[0] * torch.zeros_like(state) + row[1] * state
        total = value if total is None else total + value
    assert total is not None
    return total


def softmax(logits: Tensor) -> Tensor:
    """Return the weights of DARTS `(choices, candidates)`."""
    return torch.softmax(logits, dim=-1)


def gumbel_rao(logits: Tensor, samples: int = 100, temperature: float = 0.1) -> Tensor:
    """Return straight-through weights with the gradient of GRMC, eq. 7 and 8, over K draws at once."""
    theta = logits.exp()
    partition = theta.sum(-1, keepdim=True)
    winner = torch.multinomial(theta.detach(), 1)
    chosen = torch.zeros_like(logits).scatter(-1, winner, 1.0)
    arrivals = torch.empty(samples, *logits.shape).exponential_()
    first = arrivals.gather(-1, winner.expand(samples, -1, -1)) / partition
    perturbed = torch.where(chosen.bool(), -first.log(), -(arrivals / theta + first).log()).detach()
    soft = torch.softmax((perturbed + logits - logits.detach()) / temperature, -1).mean(0)
    return chosen + soft - soft.detach()


class PlainSearch:
    """Alternating updates of weights and logits, each by Adam, with the rates of the paper.

    Args:
        network: to train.
        relax: from logits `(choices, candidates)` to weights of the same shape.
    """

    def __init__(self, network: PlainSupernet, relax: Callable[[Tensor], Tensor]) -> None:
        self.network, self.relax = network, relax
        self.optimisers: Mapping[str, torch.optim.Optimizer] = {
            "weights": torch.optim.Adam(network.weights(), lr=1e-3, weight_decay=1e-4),
            "architecture": torch.optim.Adam(network.logits.parameters(), lr=3e-4, weight_decay=1e-3),
        }

    def update(self, kind: str, inputs: Sequence[Tensor], targets: Tensor) -> Tensor:
        """Make one update of the weights or of the architecture, and return its loss."""
        for optimiser in self.optimisers.values():
            optimiser.zero_grad()
        weights = [self.relax(logits) for logits in self.network.logits]
        outputs = self.network(inputs, weights)[:, 0]
        loss = F.binary_cross_entropy_with_logits(outputs, targets)
        loss.backward()
        self.optimisers[kind].step()
        return loss.detach()
