"""The sentences that a task says of a trained network, held to the contract."""

from __future__ import annotations

from torch import nn

from nasframe.tasks.check.task_contract import TaskContract
from nasframe.tasks.task import Task

__all__ = ["checked_caveats"]


def checked_caveats(task: Task, network: nn.Module) -> list[str]:
    """Return what a task says of a trained network; see `Task.caveats`.

    Raises:
        ContractError: it says something else than sentences.
    """
    contract = TaskContract(task)
    found = contract.call("caveats", task.caveats, network)
    if not isinstance(found, list | tuple) or not all(isinstance(line, str) for line in found):
        raise contract.violation(task.caveats, "caveats must return a list of sentences", found)
    return [*found]
