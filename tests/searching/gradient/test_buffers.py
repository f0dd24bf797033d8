"""Buffers of operations: the updates of the weights move them, those of the logits do not."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nasframe import Choice, Operation, SearchOptions, SearchSpace, TensorTask, hookimpl
from nasframe.plugins import PluginManager
from nasframe.relaxations import Softmax
from nasframe.searching import Bilevel, Search, Update


class Counting(Operation):
    """Counts its training passes in a buffer."""

    seen: Tensor

    def __init__(self, shapes: Any) -> None:
        super().__init__(shapes)
        self.scale = nn.Parameter(torch.ones(()))
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.count()
        return x * self.scale

    def count(self) -> None:
        """Count in place."""
        self.seen += 1


class Replacing(Counting):
    """Puts a new tensor in the place of its buffer."""

    def count(self) -> None:
        self.seen = self.seen + 1


class Widening(Counting):
    """Puts a tensor of another type in the place of its buffer."""

    def count(self) -> None:
        self.seen = (self.seen + 1).double()


class Counters:
    @hookimpl
    def register_operations(self) -> dict[str, type[Operation]]:
        return {"counting": Counting, "replacing": Replacing, "widening": Widening}


@pytest.mark.parametrize("name", ["counting", "replacing", "widening"])
def test_an_update_of_the_logits_moves_no_buffer_though_an_operation_puts_another_in_its_place(
    plugins: PluginManager, name: str
) -> None:
    plugins.register(Counters(), "counters")
    space = SearchSpace("small", derivation="argmax")
    space.add_input("x", (2,))
    space.add_node("h", choice=Choice("kind", (name, "identity"), "gamma"))
    space.connect("x", "h")
    space.set_output("h")
    rows = torch.rand(40, 2, generator=torch.Generator().manual_seed(0))
    task = TensorTask({"x": rows}, (rows[:, 0] > rows[:, 1]).long())
    engine = Search(
        space=space,
        task=task,
        data=task.data({}),
        relaxation=Softmax(),
        loop=Bilevel(),
        options=SearchOptions(epochs=1, min_epochs=0, batch_size=4),
    )
    batch = engine.data.splits.weights.batch(torch.arange(4))
    engine.supernet.train()
    found = []
    for kind in ("weights", "architecture", "weights", "architecture", "architecture", "weights"):
        engine.learner.update(Update(kind, batch), 0, torch.Generator().manual_seed(0))
        found += [float(buffer) for key, buffer in engine.supernet.named_buffers() if key.endswith("seen")]
    assert found == [1, 1, 2, 2, 2, 3]
