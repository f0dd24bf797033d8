"""One search step (a weight update and an architecture update) at the paper's sizes, and what order 2 costs.

The reference evaluates every candidate densely, with a graph through all of them. Both compute the same
function and, for the logits, the same gradient (tests/supernet/test_supernet.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from interleaved import report

from nasframe import Sample, SearchOptions, TensorTask, Update
from nasframe.relaxations import GumbelRaoMonteCarlo, Relaxation, Softmax, StraightThroughGumbelSoftmax
from nasframe.searching import Bilevel, Search
from nasframe.tasks import Data
from nasframe_bimodal.space import Bimodal

# four stages of two ResNet-34, each beside its standardised copy
SHAPES = {f"{stream}{stage}": (8, 128 * 2 ** (stage - 1)) for stream in "IS" for stage in range(1, 5)}


class Dense(GumbelRaoMonteCarlo):
    """GRMC that does not declare that its weights are one-hot."""

    def sample(self, logits: torch.Tensor, *arguments: object, **named: object) -> Sample:
        return Sample(super().sample(logits, *arguments, **named).weights, one_hot=False)  # type: ignore[arg-type]


def main() -> None:
    torch.manual_seed(0)
    examples = 320
    tensors = {name: torch.randn(examples, *shape) for name, shape in SHAPES.items()}
    task = TensorTask(tensors, torch.randint(0, 2, (examples,)))
    data: Data = task.data({})
    relaxations = {
        "grmc, dense": Dense(),
        "grmc": GumbelRaoMonteCarlo(),
        "stgs": StraightThroughGumbelSoftmax(),
        "softmax": Softmax(),
    }
    for size in (8, 64):
        variants = {}
        for name, relaxation in relaxations.items():
            space = Bimodal().build(data.inputs, data.outputs)
            engine = Search(space, task, data, relaxation, Bilevel(), SearchOptions(batch_size=size))
            noise = torch.Generator().manual_seed(0)
            inner, outer = (
                split.batch(torch.arange(size)) for split in (data.splits.weights, data.splits.architecture)
            )

            def step(
                engine: Search = engine, noise: torch.Generator = noise, a: object = inner, b: object = outer
            ) -> None:
                engine.learner.update(Update("weights", a), 0, noise)  # type: ignore[arg-type]
                engine.learner.update(Update("architecture", b), 0, noise)  # type: ignore[arg-type]

            variants[name] = step
        report(f"search step, batch {size}, {torch.get_num_threads()} threads", variants)
    del relaxations["grmc, dense"]
    for name, relaxation in relaxations.items():
        second_order(name, relaxation)


def second_order(name: str, relaxation: Relaxation, size: int = 64) -> None:
    """Report an architecture update, and an epoch of 10 weight and 5 architecture updates, of both orders."""
    tensors = {key: torch.randn(25 * size, *shape) for key, shape in SHAPES.items()}
    task = TensorTask(tensors, torch.randint(0, 2, (25 * size,)))
    data: Data = task.data({})
    updates: dict[str, Callable[[], object]] = {}
    epochs: dict[str, Callable[[], object]] = {}
    inner, outer = (
        split.batch(torch.arange(size)) for split in (data.splits.weights, data.splits.architecture)
    )
    for order in (1, 2):
        space = Bimodal().build(data.inputs, data.outputs)
        options = SearchOptions(batch_size=size, epochs=1, min_epochs=0)
        engine = Search(space, task, data, relaxation, Bilevel(order=order), options)  # type: ignore[arg-type]
        update = Update("architecture", outer, None if order == 1 else inner)
        noise = torch.Generator().manual_seed(0)
        updates[f"architecture update, order {order}"] = partial(engine.learner.update, update, 0, noise)
        epochs[f"epoch with validation, order {order}"] = engine.fit
    for title, variants, rounds in (("update", updates, 30), ("epoch", epochs, 8)):
        report(f"{name}, {title}, batch {size}, {torch.get_num_threads()} threads", variants, rounds=rounds)


if __name__ == "__main__":
    main()
