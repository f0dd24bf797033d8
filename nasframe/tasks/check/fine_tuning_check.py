"""The networks that a task trains along at the end, checked before that begins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import attrs
import torch
from torch import nn

from nasframe.tasks.check.split_check import check_data, check_split_alone
from nasframe.tasks.check.task_contract import TaskContract
from nasframe.tasks.data import Split
from nasframe.tasks.fine_tuning import FineTuning
from nasframe.tasks.task import Task

__all__ = ["check_fine_tuning_options", "checked_fine_tuning", "tuned_test_split"]


def check_fine_tuning_options(task: Task) -> None:
    """Refuse a name among the options of the fine-tuning that is no option of the task.

    Raises:
        ContractError: names it; a search would be done again under other values of what was meant.
    """
    names = task.fine_tuning_options
    known = {item.name for item in attrs.fields(cast(Any, type(task))) if item.init}
    unknown = [names] if isinstance(names, str) else [name for name in names if name not in known]
    if unknown:
        promise = "fine_tuning_options must be names of options of the task"
        raise TaskContract(task).violation(task.fine_tuning, promise, unknown[0])


def checked_fine_tuning(task: Task, network: nn.Module, folders: Mapping[str, Path]) -> FineTuning | None:
    """Return the trained network together with those in front of it; see `Task.fine_tuning`.

    Raises:
        ContractError: what the task returns cannot be trained, or does not hold the network.
    """
    contract = TaskContract(task)
    found = contract.call("fine_tuning", task.fine_tuning, network, folders)
    if found is None:
        return None

    def require(holds: bool, promise: str, value: Any) -> None:
        if not holds:
            raise contract.violation(task.fine_tuning, f"fine_tuning must {promise}", value)

    saves = type(task).save_tuned is not Task.save_tuned
    require(saves, "have `save_tuned` beside it, which keeps the tuned networks", "a task without it")
    require(isinstance(found, FineTuning), "return a nasframe.FineTuning or None", found)
    require(isinstance(found.module, nn.Module), "hold a module", found.module)
    held = {id(parameter) for parameter in found.module.parameters()}
    lacks = [name for name, parameter in network.named_parameters() if id(parameter) not in held]
    require(not lacks, "hold the network itself in its module", f"none with its {', '.join(lacks[:1])}")
    check_data(found.data, contract)
    is_whole = isinstance(found.epochs, int) and not isinstance(found.epochs, bool)
    require(is_whole and found.epochs >= 1, "name the epochs, a whole number from 1", found.epochs)
    rate = found.learning_rate
    is_rate = isinstance(rate, int | float) and math.isfinite(rate) and rate > 0
    require(is_rate, "name a learning rate above 0", rate)
    tuning: FineTuning = found
    return tuning


def tuned_test_split(
    task: Task, folders: Mapping[str, Path], saved: Path, device: torch.device
) -> Split | None:
    """Return the test split of a run's own data as the tuned networks in front see it; None: none were tuned.

    Args:
        task: of the run.
        folders: of the stages.
        saved: the folder of the run that `Task.save` has filled.
        device: to compute on.

    Raises:
        ContractError: the split is none, or holds no example.
    """
    contract = TaskContract(task)
    found = contract.call("tuned_test", task.tuned_test, folders, saved, device)
    if found is not None:
        check_split_alone("test", found, contract)
    split: Split | None = found
    return split
