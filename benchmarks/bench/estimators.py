"""The Gumbel-Rao estimator: its share of a step, the exact one beside K draws, and its memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from figure import Figure
from paper import engine_step
from torch import Tensor
from turns import timed

from nasframe.relaxations import GumbelRaoMonteCarlo, Relaxation
from nasframe.runtime import one_thread

__all__ = ["estimator_figures"]

PACKED = ((17, 2), (10, 2), (4, 5))
"""Sizes of alpha, beta and gamma in the paper's space."""


def estimator_figures(rounds: int = 200) -> list[Figure]:
    """Return the three figures; times are of one thread, in processor time."""
    with one_thread():
        share = _share_of_a_step(rounds)
        exact = _exact_beside_draws(rounds)
    return [share, exact, _memory()]


def _share_of_a_step(rounds: int) -> Figure:
    sampled = _gradients([(GumbelRaoMonteCarlo(samples=1000), size) for size in PACKED])
    found = timed({"sampling": sampled, "step": engine_step("onehot_k1000", 64)}, max(rounds // 10, 3))
    share = found["sampling"].processor / found["step"].processor
    words = (
        f"sampling and backward {1e3 * found['sampling'].processor:.2f} ms "
        f"of a step of {1e3 * found['step'].processor:.1f} ms"
    )
    return Figure("grmc_k1000_share", share, most=0.05, words=words)


def _exact_beside_draws(rounds: int) -> Figure:
    variants = {
        "exact": _gradients([(GumbelRaoMonteCarlo(samples="exact"), (4, 5))]),
        "K = 100": _gradients([(GumbelRaoMonteCarlo(samples=100), (4, 5))]),
    }
    found = timed(variants, rounds)
    words = ", ".join(f"{name} {1e6 * one.processor:.0f} us" for name, one in found.items())
    return Figure("exact_vs_k100", found["exact"].processor / found["K = 100"].processor, most=1, words=words)


def _memory() -> Figure:
    """Measure the growth of the peak in a process of its own."""
    name, words = (
        "grmc_1000x8_memory_mb",
        "growth of the peak of a process, 1000 choices, 8 candidates, K = 1000",
    )
    if sys.platform != "linux":
        return Figure(name, None, most=40, words="not measured: the system does not tell")
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("estimator_memory.py"))],
        capture_output=True,
        text=True,
        check=True,
    )
    return Figure(name, float(done.stdout), "MB", most=40, words=words)


def _gradients(parts: list[tuple[Relaxation, tuple[int, int]]]) -> Callable[[], None]:
    """Return what samples each part, and sends a gradient back to its logits."""
    made = [(one, torch.randn(size, requires_grad=True), torch.randn(size)) for one, size in parts]
    generator = torch.Generator().manual_seed(0)

    def run() -> None:
        for relaxation, logits, upstream in made:
            _gradient(relaxation, logits, upstream, generator)

    return run


def _gradient(relaxation: Relaxation, logits: Tensor, upstream: Tensor, generator: torch.Generator) -> None:
    torch.autograd.grad(relaxation.sample(logits, generator=generator).weights, logits, upstream)
