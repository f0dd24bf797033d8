"""The sizes of the paper's search, and one step of it by the engine and by the plain implementation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from plain import PlainSearch, PlainSupernet, gumbel_rao, softmax

from nasframe import Batch, SearchOptions, TensorTask, Update
from nasframe.relaxations import GumbelRaoMonteCarlo, Relaxation, Softmax
from nasframe.searching import Bilevel, Search
from nasframe.training import StepCheck, steps_between_checks
from nasframe_bimodal.space import Bimodal

__all__ = [
    "ROWS",
    "SHAPES",
    "batches_of_a_step",
    "engine",
    "engine_step",
    "plain_step",
    "update_both",
]

LENGTH = 8
"""Positions of each feature."""

SHAPES = {f"{stream}{stage}": (LENGTH, 128 * 2 ** (stage - 1)) for stream in "IS" for stage in range(1, 5)}
"""Inputs of the search: four stages of two ResNet-34, each beside its standardised copy."""

ROWS = {"weights": 46_629, "architecture": 20_724, "validation": 15_543}
"""Examples of each split of the paper's combined set with its copies, by the shares of the task."""

RELAXATIONS: dict[str, tuple[Relaxation, Callable[[torch.Tensor], torch.Tensor]]] = {
    "onehot": (GumbelRaoMonteCarlo(samples=100), gumbel_rao),
    "onehot_k1000": (GumbelRaoMonteCarlo(samples=1000), partial(gumbel_rao, samples=1000)),
    "softmax": (Softmax(), softmax),
}
"""Name in figures → the relaxation of the engine, and that of the plain search."""


def engine(name: str, size: int, device: torch.device | None = None, examples: int = 320) -> Search:
    """Return a search of the paper's space, on random features.

    Args:
        name: of a relaxation.
        size: of a batch.
        device: None is the processor.
        examples: of the task, over all splits.
    """
    tensors = {name: torch.randn(examples, *shape) for name, shape in SHAPES.items()}
    task = TensorTask(tensors, torch.randint(0, 2, (examples,)))
    data = task.data({})
    space = Bimodal(ports="shared").build(data.inputs, data.outputs)
    options = SearchOptions(batch_size=size)
    place = device or torch.device("cpu")
    return Search(space, task, data, RELAXATIONS[name][0], Bilevel(), options, device=place)


def engine_step(name: str, size: int, device: torch.device | None = None) -> Callable[[], None]:
    """Return one step of the engine: an update of the weights, and one of the logits."""
    search = engine(name, size, device)
    return update_both(search.learner.update, *batches_of_a_step(search, size))


def batches_of_a_step(search: Search, size: int) -> tuple[Batch, Batch]:
    """Return a batch of the weights and one of the logits, on the device of a search."""
    splits = search.data.splits
    inner, outer = (
        split.batch(torch.arange(size)).to(search.device) for split in (splits.weights, splits.architecture)
    )
    return inner, outer


def update_both(update: Callable[..., object], inner: Batch, outer: Batch) -> Callable[[], None]:
    """Return one step on two batches, given what updates: the weights, and then the logits.

    Numbers are checked as often as a search does on the device of the batches.
    """
    noise, every = torch.Generator().manual_seed(0), steps_between_checks(inner.targets.device)
    check = StepCheck(every)

    def step() -> None:
        update(Update("weights", inner), 0, noise, check)
        update(Update("architecture", outer), 0, noise, check)
        check.end_step()

    return step


def plain_step(name: str, size: int) -> Callable[[], None]:
    """Return the same step of the plain implementation."""
    search = PlainSearch(PlainSupernet([shape[1] for shape in SHAPES.values()]), RELAXATIONS[name][1])
    inner, outer = (
        [torch.randn(size, features, LENGTH) for _, features in SHAPES.values()] for _ in range(2)
    )
    targets = torch.randint(0, 2, (size,)).float()

    def step() -> None:
        search.update("weights", inner, targets)
        search.update("architecture", outer, targets)

    return step
