"""Architectures found where an unselected candidate counts with the mean of its noise, and with a draw.

    python benchmarks/unselected_means.py [SEEDS]

Both have the same expected gradient of the logits; the mean has less variance and costs less. Searches of a
small bimodal space with dropout, on a task of two streams, from SEEDS seeds each. Of every choice the shares
of its candidates are compared: half the sum of their differences, the mean over all choices. The p-value is
that of a permutation test, in which runs change sides.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from nasframe import SearchOptions, TensorTask
from nasframe.network import Block
from nasframe.relaxations import GumbelRaoMonteCarlo
from nasframe.searching import Bilevel, Search
from nasframe_bimodal.space import Bimodal

PERMUTATIONS = 10_000

Assignment = dict[str, str]


def main(seeds: int = 20) -> None:
    means = [found(seed) for seed in range(seeds)]
    whole: Callable[..., Tensor] = Block.mean
    Block.mean = Block.forward  # type: ignore[method-assign, assignment]
    draws = [found(seed) for seed in range(seeds)]
    Block.mean = whole  # type: ignore[method-assign]
    gap, p = distance(means, draws), p_value(means, draws)
    same = sum(one == other for one, other in zip(means, draws, strict=True))
    print(f"{seeds} seeds each: mean distance of shares {gap:.3f}, p = {p:.3f}")
    print(f"the same architecture from the same seed: {same} of {seeds}")


def found(seed: int) -> Assignment:
    source = torch.Generator().manual_seed(0)
    labels = torch.arange(640) % 2
    noise = torch.rand(2, 640, 4, 6, generator=source)
    noise[1] += (labels[:, None, None] - 0.5) / 2
    task = TensorTask({"left": noise[0], "right": noise[1]}, labels)
    data = task.data({})
    space = Bimodal(channels=8, dropout=0.2).build(data.inputs, data.outputs)
    options = SearchOptions(epochs=12, min_epochs=12, batch_size=32)
    loop, relaxation = Bilevel(architecture_rate=2e-2), GumbelRaoMonteCarlo(samples=10)
    return dict(Search(space, task, data, relaxation, loop, options, seed=seed).fit().assignment)


def distance(one: Sequence[Assignment], other: Sequence[Assignment]) -> float:
    """Return the mean over the choices of half the sum of differences of the shares of candidates."""
    return fmean(
        sum(abs(first[name] / len(one) - second[name] / len(other)) for name in {*first, *second}) / 2
        for choice in sorted({choice for a in (*one, *other) for choice in a})
        for first, second in [(Counter(a.get(choice) for a in one), Counter(a.get(choice) for a in other))]
    )


def p_value(one: Sequence[Assignment], other: Sequence[Assignment]) -> float:
    """Return the share of random divisions of all runs whose distance is at least that of the true one."""
    mixed: list[Any] = [*one, *other]
    gap, source, reached = distance(one, other), random.Random(0), 0
    for _ in range(PERMUTATIONS):
        source.shuffle(mixed)
        reached += distance(mixed[: len(one)], mixed[len(one) :]) >= gap - 1e-12
    return (reached + 1) / (PERMUTATIONS + 1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
