"""Baselines: the networks that a task or a plugin brings, to measure a searched one against."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from attrs import frozen
from torch import nn

from nasframe.errors import ContractError, NasframeError
from nasframe.plugins import manager, raised_at
from nasframe.runtime import forked_seed
from nasframe.tasks.data import Data

__all__ = ["Baseline", "NamedBaseline", "baseline_records", "named_baselines", "require_makeable"]


@frozen
class Baseline:
    """A network that a task or a plugin brings, to measure a searched one against.

    Attributes:
        make: returns the untrained network, a new one at each call. The network takes the inputs by name and
            gives raw outputs `(batch, outputs)`.
        single_stream: the network looks at a single stream; a comparison shows the best of these.
    """

    make: Callable[[], nn.Module]
    single_stream: bool = False

    def __call__(self) -> nn.Module:
        """Return an untrained network, as `make` does."""
        return self.make()


def baseline_records(found: Mapping[str, Baseline | Callable[[], nn.Module]]) -> dict[str, Baseline]:
    """Return what `Task.baselines` returned with a record for each name, in the same order.

    >>> records = baseline_records({"sum": nn.Identity, "left": Baseline(nn.Identity, single_stream=True)})
    >>> [name for name, record in records.items() if record.single_stream]
    ['left']
    """
    return {
        name: item if isinstance(item, Baseline) else _of_function(name, item) for name, item in found.items()
    }


@frozen
class NamedBaseline:
    """A baseline with its name, and where it comes from.

    Attributes:
        name: for people, and for the seed of its parameters.
        baseline: the record.
        owner: who brings it, for an error.
        registered: the function of a plugin that brings it, as `plugin:name`; "" for one of the task.
    """

    name: str
    baseline: Baseline
    owner: str
    registered: str = ""


class _BringsBaselines(Protocol):
    """A task, as far as this file knows it."""

    def baselines(self, data: Data) -> Mapping[str, Baseline | Callable[[], nn.Module]]: ...


def named_baselines(
    task: _BringsBaselines | None, registered: Sequence[str], data: Data, taken: Collection[str] = ()
) -> list[NamedBaseline]:
    """Return the baselines of a task, and then those of functions that plugins registered.

    Args:
        task: whose baselines are wanted, if they are.
        registered: names of the functions; see the hook `register_baselines`.
        data: for which the networks are made.
        taken: names that other baselines have.

    Raises:
        PluginError: unknown or ambiguous name of a function.
        ContractError: a function fails, or returns something else than networks by names that are free.
    """
    found: list[NamedBaseline] = []
    if task is not None:
        kind = type(task)
        owner = f"task {kind.__qualname__!r}: its baselines"
        records = _records(task.baselines, inspect.getmodule(kind), owner, data, taken)
        found += [NamedBaseline(name, item, owner) for name, item in records.items()]
    for given in registered:
        entry = manager().find("baseline", given)
        function, owner = entry.load(), str(entry)
        names = [*taken, *(item.name for item in found)]
        records = _records(function, inspect.getmodule(function), owner, data, names)
        source = f"{entry.plugin}:{entry.name}"
        found += [NamedBaseline(name, item, owner, source) for name, item in records.items()]
    return found


def require_makeable(networks: Iterable[NamedBaseline], seed: int) -> None:
    """Make every network once and drop it, so that one that cannot be made is seen before a search.

    Raises:
        ContractError: a function fails, or returns no network.
    """
    for item in networks:
        contract = f"{item.owner} must return name → function that makes a network"
        try:
            with forked_seed(seed, item.name):
                made = item.baseline.make()
        except NasframeError:
            raise
        except Exception as error:  # a plugin's function may raise anything
            why = f"{type(error).__name__}: {error}{raised_at(error, inspect.getmodule(item.baseline.make))}"
            raise ContractError(f"{contract}; that of {item.name!r} fails: {why}") from error
        if not isinstance(made, nn.Module):
            raise ContractError(f"{contract}; that of {item.name!r} returns {made!r}")


def _records(
    function: Callable[[Data], Any], module: Any, owner: str, data: Data, taken: Collection[str]
) -> dict[str, Baseline]:
    contract = f"{owner} must return name → function that makes a network"
    try:
        brought = function(data)
    except NasframeError:
        raise
    except Exception as error:  # a plugin's function may raise anything
        where = raised_at(error, module)
        raise ContractError(f"{contract}; it fails: {type(error).__name__}: {error}{where}") from error
    if not isinstance(brought, Mapping):
        raise ContractError(f"{contract}, found {brought!r}")
    for network, make in brought.items():
        if not isinstance(network, str) or not callable(make):
            raise ContractError(f"{contract}, found {network!r}: {make!r}")
        if network in taken:
            raise ContractError(f"{owner} brings {network!r}, and another baseline has that name")
    return baseline_records(brought)


def _of_function(name: str, make: Callable[[], nn.Module]) -> Baseline:
    # Compatibility: before there were records, a name that ended so said that there is a single stream.
    single_stream = name.endswith(" alone")
    if single_stream:
        warnings.warn(
            f"baseline {name!r}: taken as a single stream for its name, which the next release does not do; "
            "return `Baseline(make, single_stream=True)`",
            FutureWarning,
            stacklevel=1,  # one place, so that Python shows it once, and not for every caller
        )
    return Baseline(make, single_stream)
