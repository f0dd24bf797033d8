"""Steps of a search in one of several processes: `python steps.py FOLDER` writes what its process computed.

Called in one process, `computed` gives what all of them together must come to.
"""

from __future__ import annotations

import copy
import random
import sys
from pathlib import Path
from typing import Any

import torch
from attrs import define, field
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from nasframe import Batch, Data, SearchOptions, TensorTask
from nasframe.processes import Group, joined
from nasframe.relaxations import GumbelRaoMonteCarlo
from nasframe.runtime import generator
from nasframe.searching import Bilevel, Update
from nasframe.searching.gradient.learner import Learner
from nasframe.supernet import Supernet
from nasframe_bimodal.space import Bimodal

KINDS = ("weights", "architecture", "both", "second order")
STEPS = 20


@define
class Pairwise(TensorTask):
    """Its loss compares the examples of a batch with each other, so it is no mean over them."""

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        scores = outputs[:, 1] - outputs[:, 0]
        return F.softplus(scores[targets == 0][:, None] - scores[targets == 1]).mean()


CASES: dict[str, tuple[int, type[TensorTask]]] = {"even": (32, TensorTask), "uneven": (29, Pairwise)}
"""Name → examples of the batch, and the class of the task."""


def task(kind: type[TensorTask] = TensorTask) -> TensorTask:
    source = torch.Generator().manual_seed(0)
    labels = torch.arange(320) % 2
    noise = torch.rand(2, 320, 4, 6, generator=source)
    noise[1] += labels[:, None, None] - 0.5
    return kind({"left": noise[0], "right": noise[1]}, labels)


@define
class Steps:
    """Steps from the same start, without dropout."""

    group: Group
    data: Data = field(init=False)
    supernet: Supernet = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.data = task().data({})
        torch.manual_seed(0)
        space = Bimodal(channels=8, cells=1, dropout=0.0).build(self.data.inputs, self.data.outputs)
        self.supernet = Supernet(space)

    def learner(self, kind: type[TensorTask] = TensorTask) -> Learner:
        options = SearchOptions(epochs=2, clip_norm=0.0, size_penalty=0.1)
        loop, relaxation = Bilevel(architecture_rate=1e-2), GumbelRaoMonteCarlo(samples=10)
        supernet = copy.deepcopy(self.supernet).train()
        return Learner(supernet, task(kind), relaxation, loop, options, 0, None, self.group)

    def batch(self, split: str, start: int, size: int) -> Batch:
        found: Batch = getattr(self.data.splits, split).batch(torch.arange(start, start + size))
        return found

    def one(self, kind: str, size: int, of_task: type[TensorTask]) -> dict[str, Tensor]:
        """The loss and the gradients of one step."""
        learner = self.learner(of_task)
        inner = self.batch("weights", 0, size) if kind == "second order" else None
        name: Any = "architecture" if kind == "second order" else kind
        split = "weights" if kind == "weights" else "architecture"
        update = Update(name, self.batch(split, 0, size), inner)
        loss = learner.update(update, 0, generator(1, "noise"))
        found = {name: value.grad for name, value in learner.supernet.named_parameters()}
        return {"loss": loss, **{name: value for name, value in found.items() if value is not None}}

    def twenty(self) -> dict[str, Tensor]:
        """The state after steps of the weights along forced choices, and of the logits by recorded noise."""
        learner, source, noise = self.learner(), random.Random(3), generator(2, "noise")
        losses = []
        for number in range(STEPS):
            kind: Any = "architecture" if number % 2 else "weights"
            paths = None if number % 2 else [self.supernet.space.sample(source)]
            update = Update(kind, self.batch(kind, number, 32 - number % 3))
            losses.append(learner.update(update, 0, noise, paths=paths))
        return {"loss": torch.stack(losses), **learner.supernet.state_dict()}


def computed(group: Group) -> dict[str, Tensor]:
    """All results, each by its name."""
    steps = Steps(group)
    found = {f"twenty/{name}": value for name, value in steps.twenty().items()}
    for kind in KINDS:
        for name, (size, of_task) in CASES.items():
            made = steps.one(kind, size, of_task)
            found |= {f"{kind}/{name}/{key}": value for key, value in made.items()}
    return {name: value.detach().clone() for name, value in found.items()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    with joined(torch.device("cpu")) as together:
        save_file(computed(together), Path(sys.argv[1]) / f"{together.rank}.safetensors")
