"""The second-order gradient of an architecture: the weights make a virtual step first.

DARTS (Liu, Simonyan, Yang 2019), eq. 7 and 8. With the weights w, and the samples s that a relaxation drew
from the logits α, the loss of an architecture batch after one step of the weights is

    F(s) = L_arch(w', s),   w' = w - ξ ∇_w L_weights(w, s)

and its derivative, with v = ∇_w' L_arch(w', s),

    ∇F(s) = ∇_s L_arch(w', s) - ξ ∇_s ∇_w L_weights(w, s) v
          ≈ ∇_s L_arch(w', s) - ξ (∇_s L_weights(w + ε v, s) - ∇_s L_weights(w - ε v, s)) / 2ε

with ε = 0.01 / ‖v‖: four evaluations, forward and backward, in place of one. The error falls as ε², where the
losses are smooth. The gradient goes on from the samples to the logits through the relaxation, once.

Held fixed in all evaluations, so that they are of one function:

- the samples: they are drawn once, and their noise is that of every evaluation, as functions of the logits;
- the random states of torch, and so the masks of dropout;
- the buffers, such as the running means of batch norm.

ξ is the learning rate of the weights at the time. The virtual step is that of plain gradient descent, as in
eq. 7: no momentum, no weight decay, no clipping, and not the scale of Adam. Where the groups of an optimiser
have different rates, each weight has that of its group in ξ v, and the weights move along ξ v by 0.01.

Where samples are one-hot (straight-through relaxations), ∇F is the derivative with respect to the weights of
the mixtures, at the corner of the simplex where the sample lies; the estimator of the relaxation then takes
it to the logits, in place of the derivative of the sample, which is zero. Both terms so have the bias of the
same estimator. An operation that is not selected has no gradient in L_weights and none in L_arch, so its
parameters do not move in w', nor along v, and their part of the second-order term is zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from attrs import frozen
from torch import Tensor

from nasframe.processes import ALONE, Group
from nasframe.relaxations import Sample
from nasframe.runtime import RandomStates
from nasframe.searching.gradient.given_gradients import with_gradients
from nasframe.searching.gradient.held_network import HeldNetwork
from nasframe.tasks import Batch
from nasframe.training import StepCheck, checked_gradients

__all__ = ["Unrolled"]

_RADIUS = 0.01
"""‖ε v‖: how far the finite difference moves the weights."""


@frozen
class Unrolled:
    """Computes the second-order gradient of a supernet.

    Args:
        network: whose weights make the virtual step, and have their values back after it.
        rates: ξ of each of its weights that learn.
        loss: from a batch and samples to the loss `()`, by one forward pass.
        check: of the epoch.
        failure: from the batch of an evaluation, its place in words, a subject and a predicate to the error
            that is raised; see `checked_backward`. The network is then as it was in that evaluation.
        radius: the norm of ε v.
        group: of the processes over which the mean of each gradient is taken.
    """

    network: HeldNetwork
    rates: Sequence[float]
    loss: Callable[[Batch, Mapping[str, Sample]], Tensor]
    check: StepCheck
    failure: Callable[[Batch, str, str, str], Exception]
    radius: float = _RADIUS
    group: Group = ALONE

    def __call__(self, samples: Mapping[str, Sample], inner: Batch, outer: Batch) -> Tensor:
        """Return F(s) `()`, whose backward pass gives the samples the gradient ∇F(s).

        Gradients of the weights that were there before are lost.

        Args:
            samples: s, of the packed parameters.
            inner: the batch of L_weights.
            outer: the batch of L_arch.

        Raises:
            RunError: a loss or a gradient is not finite; see `failure`.
        """
        leaves = {
            key: item.weights.detach().requires_grad_(item.weights.requires_grad)
            for key, item in samples.items()
        }
        fixed = {key: Sample(leaf, samples[key].one_hot) for key, leaf in leaves.items()}
        random, weights = RandomStates.of_torch(), self.network.learning
        evaluate = partial(self._evaluate, fixed, random)
        before = [parameter.detach().clone() for parameter in weights]
        try:
            self.network.learn(True)
            if weights:
                evaluate(inner, "in the virtual step of the weights")
                step = self._scaled([parameter.grad for parameter in weights])
                self.network.set_weights(_moved(before, step, -1.0))
            loss = evaluate(outer, "after the virtual step of the weights")
            gradients = {key: leaf.grad for key, leaf in leaves.items()}
            along = self._scaled([parameter.grad for parameter in weights])
            self.network.learn(False)
            present = [item for item in along if item is not None]
            if present:
                norm = torch.nn.utils.get_total_norm(present)
                # where all of it is zero, nothing moves and the difference is zero
                share = self.radius / norm.clamp_min(torch.finfo(norm.dtype).tiny)
                sides = []
                for side in (share, -share):
                    self.network.set_weights(_moved(before, along, side))
                    evaluate(inner, "in the finite difference of its second-order term")
                    sides.append({key: leaf.grad for key, leaf in leaves.items()})
                for key, found in gradients.items():
                    gradients[key] = _less(found, sides[0][key], sides[1][key], norm / (2 * self.radius))
        finally:
            self.network.learn(False)
            self.network.set_weights(before)
            for parameter in weights:
                parameter.grad = None
        return with_gradients(loss, [samples[key].weights for key in gradients], [*gradients.values()])

    def _evaluate(
        self, samples: Mapping[str, Sample], random: RandomStates, batch: Batch, where: str
    ) -> Tensor:
        """Give the samples, and the weights if they learn, the gradients of one loss; return it, detached.

        Buffers and random states are those before the first evaluation.
        """
        self.network.put_buffers_back()
        random.restore()
        loss = self.loss(batch, samples)
        groups: list[Sequence[Tensor]] = [
            [item.weights for item in samples.values()],
            self.network.learning,
        ]
        failure = partial(self.failure, batch, where)
        checked_gradients(loss, groups, 0.0, self.check, failure, self.group)
        return loss.detach()

    def _scaled(self, gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
        """Return ξ times each gradient; None stays None."""
        return [
            None if item is None else item * rate for item, rate in zip(gradients, self.rates, strict=True)
        ]


def _moved(weights: Sequence[Tensor], along: Sequence[Tensor | None], share: Tensor | float) -> list[Tensor]:
    """Return weights moved by a share of a direction; None does not move."""
    return [
        weight if item is None else weight + share * item for weight, item in zip(weights, along, strict=True)
    ]


def _less(found: Tensor | None, first: Tensor | None, second: Tensor | None, scale: Tensor) -> Tensor | None:
    """Return found - scale (first - second); None is a zero, and all None is None."""
    if first is None or second is None:
        return found  # a sample without a gradient in one of two equal evaluations has none in the other
    difference = scale.to(first) * (first - second)
    return -difference if found is None else found - difference
