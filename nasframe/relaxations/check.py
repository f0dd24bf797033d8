"""The contract of a relaxation, checked on real logits before a search starts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from inspect import getmodule

import torch
from torch import Tensor

from nasframe.errors import ContractError, in_words
from nasframe.plugins import described, manager, raised_at
from nasframe.relaxations.relaxation import Relaxation, Sample

__all__ = ["check_relaxation"]

_SHAPES = ((3, 2), (4, 5))
_PROGRESS = (0.0, 0.5, 1.0)


def check_relaxation(
    relaxation: Relaxation,
    logits: Iterable[Tensor] | None = None,
    progress: Iterable[float] = _PROGRESS,
) -> None:
    """Draw a sample for each packed parameter, and check it against the contract of `Relaxation`.

    The suite `nasframe.testing.RelaxationSuite` checks more, and takes longer.

    Args:
        relaxation: the one to check.
        logits: `(choices, candidates)` each; None takes some of two and of five candidates.
        progress: shares of the search at which to draw.

    Raises:
        ContractError: with the plugin, its file, and the promise that is broken.
    """
    if logits is None:
        logits = [torch.linspace(-1, 1, rows * columns).view(rows, columns) for rows, columns in _SHAPES]
    for values, share in itertools.product(logits, progress):
        broken = _broken(relaxation, values.detach().clone().requires_grad_(), share)
        if broken:
            kind = type(relaxation)
            name = described("relaxation", kind, manager().entry_of("relaxation", kind))
            raise ContractError(f"{name} breaks the contract of nasframe.Relaxation: {broken}")


def _broken(relaxation: Relaxation, logits: Tensor, progress: float) -> str:
    """Return the first broken promise in words; empty where all hold."""
    generator, before = torch.Generator(logits.device), logits.detach().clone()
    samples, distributions = [], []
    try:
        for _ in range(2):
            samples.append(relaxation.sample(logits, progress, generator.manual_seed(0)))
        for _ in range(2):
            distributions.append(relaxation.probabilities(logits))
    except (Exception, SystemExit) as error:  # a plugin may raise anything
        step = "probabilities" if len(samples) == 2 else "sample"
        return f"{step} raised {in_words(error)}{raised_at(error, getmodule(type(relaxation)))}"
    if not torch.equal(logits.detach(), before):
        return "the logits must stay as they are, and were changed in place"
    first, again = samples
    if not isinstance(first, Sample) or not isinstance(again, Sample):
        return f"sample must return a nasframe.Sample, found {type(first).__name__}"
    probabilities, repeated = distributions
    found = _off_simplex(first.weights, logits, "the weights") or _off_simplex(
        probabilities, logits, "the probabilities"
    )
    if found:
        return found
    if not torch.equal(probabilities, repeated):
        return "probabilities must be deterministic, found different ones for the same logits"
    weights = first.weights.detach()
    if first.one_hot and not bool(((weights == 0) | (weights == 1)).all()):
        return f"one_hot says that the weights are exactly zeros and ones, found {_row(weights)}"
    if not torch.equal(weights, again.weights):
        return "the same state of the generator must give the same weights; draw all noise from the generator"
    if not first.weights.requires_grad:
        return "the weights must be differentiable with respect to the logits; they carry no gradient"
    (gradient,) = torch.autograd.grad(first.weights[:, 0].sum(), logits, allow_unused=True)
    if gradient is None:
        return "the weights must be differentiable with respect to the logits; no gradient arrives there"
    return "" if gradient.isfinite().all() else f"the gradient must be finite, found {_row(gradient)}"


def _off_simplex(weights: object, logits: Tensor, what: str) -> str:
    if not isinstance(weights, Tensor):
        return f"{what} must be a tensor, found {type(weights).__name__}"
    if weights.shape != logits.shape:
        return (
            f"{what} must have the shape of the logits, {tuple(logits.shape)}, found {tuple(weights.shape)}"
        )
    if weights.dtype != logits.dtype or weights.device != logits.device:
        wanted, found = (f"{tensor.dtype} on {tensor.device}" for tensor in (logits, weights))
        return f"{what} must have dtype and device of the logits, {wanted}, found {found}"
    values = weights.detach()
    if not values.isfinite().all():
        return f"{what} must be finite, found {_row(values[~values.isfinite().all(-1)])}"
    tolerance = 1e-4 if logits.dtype in (torch.float32, torch.float64) else 5e-2
    off = (values < -tolerance).any(-1) | ((values.double().sum(-1) - 1).abs() > tolerance)
    if bool(off.any()):
        return f"{what} must lie on the simplex, not negative and with sum 1, found {_row(values[off])}"
    return ""


def _row(values: Tensor) -> str:
    return "[" + ", ".join(f"{value:.4g}" for value in values.reshape(-1, values.shape[-1])[0].tolist()) + "]"
