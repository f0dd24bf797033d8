"""The baselines of a task and of plugins by their names, each checked."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import torch
from attrs import frozen
from torch import Tensor, nn

from nasframe.errors import ContractError, NasframeError, in_words
from nasframe.plugins import manager, raised_at
from nasframe.runtime import forked_seed
from nasframe.tasks.baseline import Baseline, baseline_records
from nasframe.tasks.data import Batch, Data
from nasframe.tasks.task import Task

__all__ = ["NamedBaseline", "make_each_once", "named_baselines"]


@frozen
class NamedBaseline:
    """A baseline with its name, and where it comes from.

    Attributes:
        name: for people, and for the seed of its parameters.
        baseline: the record.
        owner: who brings it, for an error.
        source: the function of a plugin that brings it, as `plugin:name`; "" for others.
    """

    name: str
    baseline: Baseline
    owner: str
    source: str = ""


def named_baselines(
    task: Task | None, registered: Sequence[str], data: Data, other_names: Collection[str] = ()
) -> list[NamedBaseline]:
    """Return the baselines of a task, and then those of functions that plugins registered.

    Args:
        task: whose baselines are wanted, if they are.
        registered: names of the functions; see the hook `register_baselines`.
        data: for which the networks are made.
        other_names: those that other networks of the tables have.

    Raises:
        PluginError: unknown or ambiguous name of a function.
        ContractError: a function fails, or returns something else than networks by names that are free.
    """
    found: list[NamedBaseline] = []
    if task is not None:
        kind = type(task)
        owner = f"task {kind.__qualname__!r}: its baselines"
        records = _records(task.baselines, inspect.getmodule(kind), owner, data, other_names)
        found += [NamedBaseline(name, item, owner) for name, item in records.items()]
    for given in registered:
        entry = manager().find("baseline", given)
        function, owner = entry.load(), str(entry)
        if not callable(function):
            raise ContractError(f"{owner} must be a function that returns networks, found {function!r}")
        names = [*other_names, *(item.name for item in found)]
        records = _records(function, inspect.getmodule(function), owner, data, names)
        source = f"{entry.plugin}:{entry.name}"
        found += [NamedBaseline(name, item, owner, source) for name, item in records.items()]
    return found


def make_each_once(networks: Iterable[NamedBaseline], seed: int, data: Data) -> None:
    """Make every network, try it on two examples and drop it, so that a broken one is seen before a search.

    Raises:
        ContractError: a function fails, returns no network or one network twice, the network gives no
            outputs `(batch, outputs)`, or its own loss is no number.
    """
    split = data.splits.validation
    batch = split.batch(torch.tensor([0, len(split) - 1])).to(torch.device("cpu"))
    for item in networks:
        contract = f"{item.owner} must return name → function that makes a network"
        try:
            with forked_seed(seed, item.name):
                made, again = item.baseline.make(), item.baseline.make()
                outputs = _outputs(made, batch) if isinstance(made, nn.Module) else None
                loss = _own_loss(item.baseline, made, batch) if isinstance(made, nn.Module) else None
        except NasframeError:
            raise
        except (Exception, SystemExit) as error:  # a plugin's function may raise anything
            why = f"{in_words(error)}{raised_at(error, inspect.getmodule(item.baseline.make))}"
            raise ContractError(f"{contract}; that of {item.name!r} fails: {why}") from error
        if not isinstance(made, nn.Module):
            raise ContractError(f"{contract}; that of {item.name!r} returns {made!r}")
        if made is again:
            raise ContractError(f"{contract}, a new one at each call; that of {item.name!r} gives one twice")
        wanted = (2, data.outputs)
        if not isinstance(outputs, Tensor) or tuple(outputs.shape) != wanted:
            found = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
            raise ContractError(
                f"{contract} whose outputs for 2 examples are {wanted}; that of {item.name!r} gives {found}"
            )
        if item.baseline.loss is not None and not (isinstance(loss, Tensor) and loss.shape == ()):
            found = tuple(loss.shape) if isinstance(loss, Tensor) else type(loss).__name__
            raise ContractError(
                f"{item.owner}: the loss of {item.name!r} must be one number, a tensor (); found {found}"
            )


def _own_loss(baseline: Baseline, network: nn.Module, batch: Batch) -> object:
    if baseline.loss is None:
        return None
    network.train()
    found: object = baseline.loss(network, batch.inputs, batch.targets)
    return found


def _outputs(network: nn.Module, batch: Batch) -> object:
    network.eval()
    with torch.no_grad():
        found: object = network(batch.inputs)
    return found


def _records(
    function: Callable[[Data], Any], module: Any, owner: str, data: Data, other_names: Collection[str]
) -> dict[str, Baseline]:
    contract = f"{owner} must return name → function that makes a network"
    try:
        brought = function(data)
    except NasframeError:
        raise
    except (Exception, SystemExit) as error:  # a plugin's function may raise anything
        where = raised_at(error, module)
        raise ContractError(f"{contract}; it fails: {in_words(error)}{where}") from error
    if not isinstance(brought, Mapping):
        raise ContractError(f"{contract}, found {brought!r}")
    for network, make in brought.items():
        if not isinstance(network, str) or not callable(make):
            raise ContractError(f"{contract}, found {network!r}: {make!r}")
        if not network or network != network.strip():
            raise ContractError(f"{owner}: a name begins and ends with no blank, found {network!r}")
        if network in other_names or network.startswith("random "):
            raise ContractError(f"{owner} brings {network!r}, and another network has that name")
    return baseline_records(brought)
