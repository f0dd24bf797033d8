"""What the processes of a group tell each other, one function a case: `python collectives.py CASE FOLDER`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from nasframe.errors import NasframeError
from nasframe.processes import Processes, joined


def other_gradients(group: Processes) -> str:
    """Process 1 has a gradient where the others have none."""
    parameters = [torch.zeros(2, requires_grad=True) for _ in range(3)]
    parameters[0].grad = torch.full((2,), float(group.rank))
    group.mean_gradients(parameters)
    assert parameters[0].grad.tolist() == [0.5, 0.5]
    assert parameters[1].grad is None
    if group.rank == 1:
        parameters[1].grad = torch.ones(2)
    return refusal(lambda: group.mean_gradients(parameters))


def other_states(group: Processes) -> str:
    """Process 1 has other weights, and the same logits."""
    states = {"logits": [torch.ones(3)], "weights": [torch.ones(2), torch.tensor(group.rank)]}
    group.check_same({"logits": states["logits"]}, "before")
    return refusal(lambda: group.check_same(states, "after epoch 3"))


def random_numbers(group: Processes) -> str:
    """Numbers that a block draws, and one that is drawn after it."""
    torch.manual_seed(0)
    with group.own_random():
        own = torch.rand(1).item()
    return f"{own} {torch.rand(1).item()}"


def small_batch(group: Processes) -> str:
    """A batch with fewer examples than there are processes."""
    return refusal(lambda: group.part(torch.zeros(1, 2)))


def message(group: Processes) -> str:
    """A value and tensors of the first process."""
    sent = {"a": torch.arange(3), "b": torch.tensor(2.5, dtype=torch.float64), "empty": torch.zeros(0, 2)}
    value, tensors = group.from_first(lambda: ({"epoch": [group.rank, None, "é"]}, sent))
    same = all(torch.equal(tensors[name], item) for name, item in sent.items())
    return f"{value} {same}"


def error_of_one(group: Processes) -> str:
    """Process 1 raises while the first one waits for it."""
    if group.rank == 1:
        time.sleep(0.2)
        raise NasframeError("there is no cheese")
    return refusal(lambda: group.check_same({"weights": [torch.ones(1)]}, "after epoch 1"))


def interrupted(group: Processes) -> str:
    """Process 1 raises, and the first one gets a signal before it has heard of that."""
    if group.rank == 1:
        raise NasframeError("there is no cheese")
    time.sleep(0.3)
    raise KeyboardInterrupt


def refusal(function: Callable[[], object]) -> str:
    try:
        function()
    except NasframeError as error:
        return f"{type(error).__name__}: {error}"
    return "no refusal"


def late(group: Processes) -> str:
    """Process 1 comes when the first one has nothing left to do."""
    return f"process {group.rank} has ended"


if __name__ == "__main__":
    if sys.argv[1] == "late" and os.environ["RANK"] == "1":
        time.sleep(1)
    with joined(torch.device("cpu")) as found:
        assert isinstance(found, Processes)
        said = globals()[sys.argv[1]](found)
        (Path(sys.argv[2]) / f"{found.rank}.txt").write_text(said, encoding="utf-8")
